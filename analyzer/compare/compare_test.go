package compare_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/compare"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

const start = `
resource "aws_kms_key" "a" {}
resource "aws_kms_key" "b" {}
resource "aws_kms_alias" "a" {
  name          = "alias/a"
  target_key_id = aws_kms_key.a.key_id
}
resource "aws_sqs_queue" "direct" {
  kms_master_key_id = aws_kms_key.a.arn
}
resource "aws_sqs_queue" "named" {
  kms_master_key_id = "alias/a"
}
resource "aws_sqs_queue" "plain" {}
resource "aws_sqs_queue" "literal" {
  kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
}
resource "aws_kms_grant" "b" {
  key_id            = aws_kms_key.b.key_id
  grantee_principal = "arn:aws:iam::111122223333:role/r"
  operations        = ["Decrypt"]
}
`

// TestAffected changes one thing at a time.
func TestAffected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":                           {"", "", ""},
		"a comment":                         {"resource \"aws_kms_key\" \"b\" {}", "# b\nresource \"aws_kms_key\" \"b\" {}", ""},
		"a key, with who names it":          {"\"aws_kms_key\" \"a\" {}", "\"aws_kms_key\" \"a\" { description = \"a\" }", "aws_kms_alias.a aws_kms_key.a aws_sqs_queue.direct aws_sqs_queue.named"},
		"a key, with what is a part of it":  {"\"aws_kms_key\" \"b\" {}", "\"aws_kms_key\" \"b\" { description = \"b\" }", "aws_kms_grant.b aws_kms_key.b"},
		"a grant":                           {"[\"Decrypt\"]", "[\"Encrypt\"]", "aws_kms_grant.b aws_kms_key.b"},
		"an alias that goes to another key": {"aws_kms_key.a.key_id", "aws_kms_key.b.key_id", "aws_kms_alias.a aws_kms_key.a aws_kms_key.b aws_sqs_queue.named"},
		"an alias under another name":       {"\"alias/a\"\n  target", "\"alias/z\"\n  target", "aws_kms_alias.a aws_kms_key.a aws_sqs_queue.named"},
		"a consumer as before":              {"= aws_kms_key.a.arn", "= aws_kms_key.a.arn\n  delay_seconds = 5", "aws_sqs_queue.direct"},
		"a consumer with another key":       {"= aws_kms_key.a.arn", "= aws_kms_key.b.arn", "aws_kms_key.a aws_kms_key.b aws_sqs_queue.direct"},
		"a consumer by another way":         {"= aws_kms_key.a.arn", "= aws_kms_alias.a.target_key_arn", "aws_sqs_queue.direct"},
		"a consumer that begins":            {"\"plain\" {}", "\"plain\" { kms_master_key_id = aws_kms_key.b.arn }", "aws_kms_key.b aws_sqs_queue.plain"},
		"a consumer that ends":              {"kms_master_key_id = aws_kms_key.a.arn", "", "aws_kms_key.a aws_sqs_queue.direct"},
		"a consumer that goes":              {"resource \"aws_sqs_queue\" \"direct\" {\n  kms_master_key_id = aws_kms_key.a.arn\n}", "", "aws_kms_key.a aws_sqs_queue.direct"},
		"a consumer of a key elsewhere":     {"key/1234abcd", "key/1234abce", "aws_sqs_queue.literal"},
		"what encrypts with nothing":        {"\"plain\" {}", "\"plain\" { delay_seconds = 5 }", ""},
		"a key that moves away from its grant": {
			"resource \"aws_kms_key\" \"b\" {}", "resource \"aws_kms_key\" \"c\" {}\nmoved {\n  from = aws_kms_key.b\n  to = aws_kms_key.c\n}",
			"aws_kms_grant.b aws_kms_key.c",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, head := snapshot(t, start), snapshot(t, strings.Replace(start, c.old, c.new, 1))
			change := compare.Snapshots(base, head)
			got := map[string]bool{}
			for _, s := range []*kms.Snapshot{base, head} {
				for _, r := range s.Resources() {
					if address := change.AtHead(".", r.Address); change.Affected(".", address) {
						got[address] = true
					}
				}
			}
			want := map[string]bool{}
			for _, address := range strings.Fields(c.want) {
				want[address] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("affected (-want +got):\n%s", diff)
			}
			if change.Touched() != len(want) {
				t.Errorf("%d resources are touched, not %d", change.Touched(), len(want))
			}
		})
	}
}

func TestScanAffectsWhatMatters(t *testing.T) {
	t.Parallel()
	change := compare.Snapshots(nil, snapshot(t, start))
	if !change.Affected(".", "aws_kms_key.a") || !change.Affected(".", "aws_sqs_queue.literal") || change.Affected(".", "aws_sqs_queue.plain") {
		t.Errorf("not the keys and their consumers are affected: %d", change.Touched())
	}
}

func snapshot(t *testing.T, text string) *kms.Snapshot {
	t.Helper()
	fsys := fstest.MapFS{"main.tf": {Data: []byte(text)}}
	config, err := terraform.Load(t.Context(), fsys, []string{"."}, terraform.Options{Matters: kms.Matters})
	if err != nil || len(config.Diagnostics) > 0 {
		t.Fatal(err, config.Diagnostics)
	}
	return kms.Build(config)
}
