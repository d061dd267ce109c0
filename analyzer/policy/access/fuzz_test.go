package access_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// FuzzCompare reads two texts as policies, with Terraform's interpolation, and compares them: it ends, a policy that is
// known is equal to itself, and what is wider one way is narrower the other way.
func FuzzCompare(f *testing.F) {
	for seed := range uint64(12) {
		b, h := newGenerator(seed).pair()
		f.Add(b.json(), h.json())
	}
	f.Add(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["${var.a}", "arn:aws:iam::${var.a}:role/${var.a}"]}, "Action": "kms:${var.a}", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*${var.a}*"}}}}`,
		`{"Statement": [{"Effect": "${var.a}", "NotPrincipal": "*", "NotAction": [], "NotResource": "x", "Condition": {"Null": {"a": []}, "ForAnyValue:StringLike": {"a": ["*?*", "${var.a}"]}}}]}`)
	f.Add(`{"Statement": [{"Condition": {"NumericLessThan": {"a": ["1e400", "-1", "0x", "NaN"]}, "DateLessThan": {"b": "x"}, "IpAddress": {"c": ["::/0", "1.2.3.4/33", "255.255.255.255"]}, "Bool": {"c": "true"}}}]}`, `{}`)
	f.Fuzz(func(t *testing.T, before, after string) {
		b, o := fuzzed(t, before)
		h, _ := fuzzed(t, after)
		there, back := access.Compare(b, h, o, o), access.Compare(h, b, o, o)
		opposite := map[access.Verdict]access.Verdict{access.Wider: access.Narrower, access.Narrower: access.Wider, access.Equal: access.Equal, access.Changed: access.Changed}
		if there.Verdict != access.Incomparable && back.Verdict != access.Incomparable && opposite[there.Verdict] != back.Verdict {
			t.Errorf("%s there, and back %s", described(there), described(back))
		}
		for _, c := range []access.Comparison{there, back} {
			if (c.Verdict == access.Incomparable) != (c.Reason != "") {
				t.Errorf("%s gives the reason %q", verdictNames[c.Verdict], c.Reason)
			}
		}
		if complete, _ := access.Complete(b, o, action.All); complete == terraform.True && !strings.Contains(before, "var.a") {
			if self := access.Compare(b, b, o, o); self.Verdict != access.Equal {
				t.Errorf("compared with itself: %s", described(self))
			}
		}
		for _, s := range b.Statements {
			access.CallerLimit(s)
			access.Effective(s, o)
			list, _ := access.Principals(s, o)
			for _, p := range list {
				access.Denied(h, p, o)
			}
		}
	})
}

func fuzzed(t *testing.T, text string) (policy.Document, access.Owner) {
	t.Helper()
	files := fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte("variable \"a\" {}\nprovider \"aws\" {\n  allowed_account_ids = [\"" + ownAccount + "\"]\n}\nresource \"aws_kms_key\" \"a\" {\n  policy = <<EOT\n" + text + "\nEOT\n}\n")}}
	config, err := terraform.Load(context.Background(), files, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := kms.Build(config)
	if len(s.Keys) != 1 {
		t.Skip()
	}
	return s.Policy(s.Keys[0]), s.Owner(s.Keys[0])
}

func (d document) json() string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.ReplaceAll(strings.TrimSpace(d.String()), "\n", ",") + "]}"
}
