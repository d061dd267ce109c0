package access_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// large is a key with a policy of 32 KB, as large as AWS takes one: a role in every statement.
func large(t testing.TB, last string) *kms.Snapshot {
	var out strings.Builder
	for i := 0; out.Len() < 32000; i++ {
		fmt.Fprintf(&out, "    {\"Sid\": \"S%d\", \"Effect\": \"Allow\", \"Principal\": {\"AWS\": [\"arn:aws:iam::${data.aws_caller_identity.a.account_id}:role/r%d\"]},\n"+
			"     \"Action\": [\"kms:Encrypt\", \"kms:Decrypt\"], \"Resource\": \"*\",\n     \"Condition\": %s},\n", i, i, fmt.Sprintf(viaService, i%10))
	}
	return build(t, []txtar.File{{Name: "main.tf", Data: []byte("data \"aws_caller_identity\" \"a\" {}\nresource \"aws_kms_key\" \"a\" {\n  policy = <<EOT\n{\"Version\": \"2012-10-17\", \"Statement\": [\n" +
		out.String() + last + "]}\nEOT\n}\n")}})
}

const (
	viaService = `{"StringEquals": {"kms:ViaService": "s%d.eu-central-1.amazonaws.com"}}`
	everyone   = `{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r1*"}, "ArnNotLike": {"aws:PrincipalArn": "arn:*:iam::*:role/r12"}}}`
	deny       = `{"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"}`
)

func BenchmarkComplete32KB(b *testing.B) {
	s := large(b, deny)
	d, o := s.Policy(s.Keys[0]), s.Owner(s.Keys[0])
	b.ReportAllocs()
	for b.Loop() {
		if complete, why := access.Complete(d, o, action.All); complete != terraform.True {
			b.Fatal(why)
		}
		for _, statement := range d.Statements {
			access.CallerLimit(statement)
			access.Effective(statement, o)
		}
	}
}

func BenchmarkCompare32KB(b *testing.B) {
	before, after := large(b, deny), large(b, everyone)
	bd, hd, bo, ho := before.Policy(before.Keys[0]), after.Policy(after.Keys[0]), before.Owner(before.Keys[0]), after.Owner(after.Keys[0])
	b.ReportAllocs()
	for b.Loop() {
		if c := access.Compare(bd, hd, bo, ho); c.Verdict != access.Wider {
			b.Fatal(described(c))
		}
	}
}

func BenchmarkCompareSame32KB(b *testing.B) {
	s := large(b, everyone)
	d, o := s.Policy(s.Keys[0]), s.Owner(s.Keys[0])
	b.ReportAllocs()
	for b.Loop() {
		if c := access.Compare(d, d, o, o); c.Verdict != access.Equal {
			b.Fatal(described(c))
		}
	}
}

func BenchmarkCompareSmall(b *testing.B) {
	before, after := newGenerator(1).pair()
	bd, hd, o := before.read(), after.read(), ownOwner(b)
	b.ReportAllocs()
	for b.Loop() {
		access.Compare(bd, hd, o, o)
	}
}
