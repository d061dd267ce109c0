package policy

import (
	"fmt"
	"strings"
	"testing"
)

// large is a policy of 32 KB, as large as AWS takes one, with an interpolation in every statement.
func large() string {
	var out strings.Builder
	out.WriteString("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n")
	for i := 0; out.Len() < 32000; i++ {
		fmt.Fprintf(&out, "    {\"Sid\": \"S%d\", \"Effect\": \"Allow\", \"Principal\": {\"AWS\": [\"arn:aws:iam::${var.account}:role/r%d\"]},\n"+
			"     \"Action\": [\"kms:Encrypt\", \"kms:Decrypt\"], \"Resource\": \"*\",\n"+
			"     \"Condition\": {\"StringEquals\": {\"kms:ViaService\": \"s3.eu-central-1.amazonaws.com\"}}},\n", i, i)
	}
	out.WriteString("    {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"kms:PutKeyPolicy\", \"Resource\": \"*\"}\n  ]\n}")
	return out.String()
}

func BenchmarkFromValue32KB(b *testing.B) {
	config := load(b, map[string]string{"main.tf": "variable \"account\" {}\nresource \"aws_kms_key\" \"a\" {\n  policy = <<EOT\n" + large() + "\nEOT\n}\n"})
	v := config.Roots[0].Resources(nil)[0].Attr("policy")
	b.ReportAllocs()
	for b.Loop() {
		if d := FromValue(v, NewResolver(config)); len(d.Statements) < 100 || d.Open {
			b.Fatalf("%d statements, open: %s", len(d.Statements), d.Reason)
		}
	}
}

func BenchmarkDataSource(b *testing.B) {
	var out strings.Builder
	for i := range 100 {
		fmt.Fprintf(&out, "  statement {\n    sid       = \"S%d\"\n    actions   = [\"kms:Encrypt\", \"kms:Decrypt\"]\n    resources = [\"*\"]\n"+
			"    principals {\n      type        = \"AWS\"\n      identifiers = [\"arn:aws:iam::${var.account}:role/r%d\"]\n    }\n  }\n", i, i)
	}
	config := load(b, map[string]string{"main.tf": "variable \"account\" {}\nresource \"aws_kms_key\" \"a\" {\n  policy = data.aws_iam_policy_document.a.json\n}\ndata \"aws_iam_policy_document\" \"a\" {\n" + out.String() + "}\n"})
	v := config.Roots[0].Resources(nil)[0].Attr("policy")
	if v.Reference == nil {
		v = config.Roots[0].Resources(nil)[1].Attr("policy")
	}
	b.ReportAllocs()
	for b.Loop() {
		if d := FromValue(v, NewResolver(config)); len(d.Statements) != 100 {
			b.Fatal(len(d.Statements))
		}
	}
}
