package terraform

// kmsReleases are the commits of the releases of terraform-aws-modules/terraform-aws-kms, by which careful people name
// them. https://github.com/terraform-aws-modules/terraform-aws-kms/tags
var kmsReleases = map[string]string{
	"74eb41109df8ac7c2461155a65c05021a0c0f32e": "1.0.0",
	"693ec0295f4faa1430d7b039ba30ad89363a7b5c": "1.0.1",
	"37b47fbde419db13bc64fb148ff485fc24c1714d": "1.0.2",
	"1021ef992cef978189d83407b2c6b74fd705ba3f": "1.0.3",
	"b026981f6b80240f8d22ca7ebcee61d67d1e9256": "1.1.0",
	"fd5f0534370aacd27efcd01cc15a66ea5c8f0f4d": "1.2.0",
	"c5b5d2014c456a6252ddef2327ada27619c61b43": "1.2.1",
	"e79b8ca54c36ada037cdc3a7bcc8bc3a4b67878d": "1.2.2",
	"0683219298e15fcf94b51141f08d8cac3168c215": "1.3.0",
	"9b1cd4304d2db26ed372e06a77c830d914d35119": "1.3.1",
	"f6d3c99c433f819ec2bbaf1d8900586fad98f895": "1.4.0",
	"87be9ccb61f073b58ed56de0456214c34d793841": "1.5.0",
	"a84cb7030ec31f3504f1d0bb175d11a4922e781a": "2.0.0",
	"21bd8b28521014d673c3116c9f4a6c107274b6e4": "2.0.1",
	"5508c9cdd6fdb0ed4dcf399f54ba02fb8c31bd4b": "2.1.0",
	"6d15cf7045cdf0763d027f1a1d4f63b3b7bd6836": "2.2.0",
	"22226b6b6841a26e99c5e122ba947d10a43c8321": "2.2.1",
	"8478d2dcaa81d60e6a21adeee4bc428290244f11": "3.0.0",
	"fe1beca2118c0cb528526e022a53381535bb93cd": "3.1.0",
	"c20bffd41ce9716140cb9938faf0aa147b38ca2a": "3.1.1",
	"28846a0d9ba83629f006847f25f0e69bd05116b1": "4.0.0",
	"83e5418372a0716f6dae00ef04eaf42110f9f072": "4.1.0",
	"926e8c8aac77189686262b6f95e8e6bedcc9acfa": "4.1.1",
	"407e3db34a65b384c20ef718f55d9ceacb97a846": "4.2.0",
}
