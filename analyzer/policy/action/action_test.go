package action

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"kms:Re*":             "kms:ReEncryptFrom kms:ReEncryptTo kms:ReplicateKey kms:RetireGrant kms:RevokeGrant",
		"kms:Put*":            "kms:PutKeyPolicy",
		"KMS:decrypt":         "kms:Decrypt",
		"kms:Create*":         "kms:CreateAlias kms:CreateCustomKeyStore kms:CreateGrant kms:CreateKey",
		"kms:?ign":            "kms:Sign",
		"kms:Generate*":       "kms:GenerateDataKey kms:GenerateDataKeyPair kms:GenerateDataKeyPairWithoutPlaintext kms:GenerateDataKeyWithoutPlaintext kms:GenerateMac kms:GenerateRandom",
		"kms:GenerateDatakey": "kms:GenerateDataKey",
		"kms:*Mac":            "kms:GenerateMac kms:VerifyMac",
		"kms:ReEncrypt":       "",
		"s3:*":                "",
		"kms:":                "",
		"":                    "",
		"*:Verify":            "kms:Verify",
		"kms:Verify?":         "",
		"kms:V*y*c*":          "kms:VerifyMac",
	} {
		if got := strings.Join(Match(pattern).Names(), " "); got != want {
			t.Errorf("%q matches %q, want %q", pattern, got, want)
		}
	}
	if Match("*") != All || Match("kms:*") != All || All.Len() != 56 {
		t.Errorf("a wildcard does not stand for all %d actions", All.Len())
	}
}

func TestClassesPartAllActions(t *testing.T) {
	t.Parallel()
	union, sum := Set(0), 0
	for _, class := range []Set{Administration, Use, Grants, Read, SynchronizeMultiRegionKey} {
		union, sum = union|class, sum+class.Len()
	}
	if union != All || sum != All.Len() {
		t.Errorf("%d actions are in a class, %d times; want %d", union.Len(), sum, All.Len())
	}
	if Effective.Len() != 45 || CrossAccount.Len() != 20 || CrossAccount&^Effective != 0 || TakesContext&^Effective != 0 {
		t.Errorf("%d are effective, %d across accounts", Effective.Len(), CrossAccount.Len())
	}
	for i, name := range names {
		if !Set(1<<i).Has("KMS:"+name) || Set(1 << i).Names()[0] != "kms:"+name || i > 0 && names[i-1] >= name {
			t.Errorf("%s is not at its place", name)
		}
	}
	for set, name := range map[Set]string{CancelKeyDeletion: "kms:CancelKeyDeletion", ListKeys: "kms:ListKeys", VerifyMac: "kms:VerifyMac"} {
		if got := set.Names()[0]; got != name {
			t.Errorf("the constant of %s is that of %s", name, got)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]Set{
		"kms:*":                             Effective,
		"":                                  0,
		"kms:CreateGrant, kms:Decrypt":      CreateGrant | Decrypt,
		"kms:ReEncrypt*":                    ReEncryptFrom | ReEncryptTo,
		"kms:ReEncryptTo":                   ReEncryptTo,
		"kms:Decrypt, kms:GenerateDataKey*": Match("kms:GenerateDataKey*") | Decrypt,
		"kms:Generate*":                     Match("kms:Generate*"),
		"kms:DescribeKey":                   DescribeKey,
		"kms:ListKeys":                      ListKeys,
		"kms:List*":                         Match("kms:List*"),
	} {
		if got := set.String(); got != want {
			t.Errorf("%v is shown as %q, want %q", set.Names(), got, want)
		}
	}
	if All.String() != "kms:*" {
		t.Error("what has no effect in a key policy is shown")
	}
}

func TestStringMeansTheSet(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5000) {
		set := Set(seed*0x9E3779B97F4A7C15+1) & All
		if seed%2 == 0 {
			set |= Match("kms:" + names[seed%count][:2] + "*")
		}
		var back Set
		for pattern := range strings.SplitSeq(set.String(), ", ") {
			back |= Match(pattern)
		}
		if back&Effective != set&Effective {
			t.Fatalf("%v is shown as %s", set.Names(), set)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"kms:ReEncrypt":        "kms:ReEncrypt*",
		"kms:RotateKey":        "kms:RotateKeyOnDemand",
		"kms:ListKey":          "kms:ListKeys",
		"kms:Decyrpt":          "kms:Decrypt",
		"kms:Encryptt":         "kms:Encrypt",
		"kms.Decrypt":          "kms:Decrypt",
		"Decrypt":              "kms:Decrypt",
		"kms:GenerateDataKeys": "kms:GenerateDataKey",
		"kms:GenerateDatKey*":  "kms:GenerateDataKey*",
		"kms:ReEncryp":         "",
		"kms:Decrypt":          "",
		"kms:List*":            "",
		"kms:MakeCoffee":       "",
		"s3:GetObject":         "",
		"kms:EnableKeyRotate":  "",
		"kms:":                 "",
		"":                     "",
	} {
		if got, ok := Suggest(name); got != want || ok != (want != "") {
			t.Errorf("for %q it suggests %q (%t), want %q", name, got, ok, want)
		}
	}
}

func TestGrantOperationsAreActions(t *testing.T) {
	t.Parallel()
	for i, operation := range GrantOperations() {
		if Match("kms:"+operation)&CrossAccount == 0 || i > 0 && GrantOperations()[i-1] >= operation {
			t.Errorf("%s: no action has that name and works across accounts, or it is out of order", operation)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("kms:*?*?*", "kms:Decrypt")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		Suggest(pattern)
		if Like(pattern, text) && !Like("*"+pattern+"*", "a"+text+"b") {
			t.Errorf("%q matches %q, and does not match inside of a longer text", pattern, text)
		}
	})
}
