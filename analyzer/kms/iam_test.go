package kms_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestIdentityPoliciesMatter shows which texts make a directory worth reading for the sake of IAM policies.
func TestIdentityPoliciesMatter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`actions = ["kms:Decrypt"]`: true,
		`"Action": "KMS:*"`:         true,
		`resource "aws_iam_policy" "a" { policy = file("policy.json") }`:               true,
		`resource "aws_iam_role_policy" "a" { policy = templatefile("policy", {}) }`:   true,
		`resource "aws_iam_policy" "a" { policy = data.aws_iam_policy_document.a.json`: false,
		`resource "aws_iam_policy" "a" { policy = jsonencode({ Action = "s3:*" }) }`:   false,
		`resource "aws_s3_bucket" "a" { bucket = file("name") }`:                       false,
		`sse_algorithm = "aws:kms"`: false,
		`":kms": x`:                 false,
		``:                          false,
	} {
		if got := kms.Matters([]byte(text)); got != want {
			t.Errorf("%s matters: %t, want %t", text, got, want)
		}
	}
}

// TestDocuments shows which policies are read, for which key, and which IAM policies concern KMS.
func TestDocuments(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"main.tf": {Data: []byte(`
variable "id" {}
resource "aws_kms_key" "a" { policy = jsonencode({ Id = "of the key" }) }
resource "aws_kms_key" "b" {}
resource "aws_kms_alias" "b" {
  name          = "alias/b"
  target_key_id = aws_kms_key.b.id
}
resource "aws_kms_key" "ignored" {
  policy = "{}"
  lifecycle { ignore_changes = [policy] }
}
resource "aws_kms_key_policy" "b" {
  key_id = aws_kms_alias.b.target_key_arn
  policy = jsonencode({ Id = "of its own" })
}
resource "aws_kms_key_policy" "any" {
  key_id = var.id
  policy = jsonencode({ Id = "of any key" })
}
resource "aws_iam_policy" "kms" { policy = jsonencode({ Id = "of a user", Statement = [{ Effect = "Allow", Action = ["s3:*", "kms:Sign"] }] }) }
resource "aws_iam_policy" "not" { policy = jsonencode({ Id = "not", Statement = { Effect = "Deny", NotAction = "KMS:*" } }) }
resource "aws_iam_policy" "some" { policy = var.id ? jsonencode({ Statement = [{ Action = "kms:${var.id}" }] }) : "{}" }
resource "aws_iam_policy" "s3" { policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:*", "*"] }] }) }
resource "aws_iam_policy" "unknown" { policy = var.id }
resource "aws_iam_role" "role" {
  assume_role_policy = jsonencode({ Statement = [{ Action = "kms:Sign" }] })
  inline_policy { policy = jsonencode({ Id = "s3", Statement = [{ Action = "s3:*" }] }) }
  inline_policy { policy = jsonencode({ Id = "of a role", Statement = [{ Action = "kms:Sign" }] }) }
}
resource "aws_iam_role" "ignored" {
  inline_policy { policy = jsonencode({ Statement = [{ Action = "kms:Sign" }] }) }
  lifecycle { ignore_changes = [inline_policy] }
}
`)}}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := kms.Build(config)
	var got []string
	for _, w := range append(s.KeyDocuments(), s.IAMDocuments()...) {
		key := "-"
		if w.Key != nil {
			key = w.Key.Address
		}
		id, _ := w.Document.ID.Symbol()
		got = append(got, strings.Join([]string{w.Address, w.Attribute, key, id}, " "))
	}
	want := []string{
		"aws_kms_key.a policy aws_kms_key.a of the key",
		"aws_kms_key_policy.any policy - of any key",
		"aws_kms_key_policy.b policy aws_kms_key.b of its own",
		"aws_iam_policy.kms policy - of a user",
		"aws_iam_policy.not policy - not",
		"aws_iam_policy.some policy - ",
		"aws_iam_role.role inline_policy.policy - of a role",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	var concerned []string
	for _, typ := range []string{"aws_iam_policy", "aws_iam_role"} {
		for _, r := range s.OfType(typ) {
			if s.Concerns(r) {
				concerned = append(concerned, r.Address)
			}
		}
	}
	if diff := cmp.Diff([]string{"aws_iam_policy.kms", "aws_iam_policy.not", "aws_iam_policy.some", "aws_iam_role.role"}, concerned); diff != "" {
		t.Errorf("concerned (-want +got):\n%s", diff)
	}
}
