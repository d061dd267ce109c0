package terraform_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestReferenceResources asks which instances each argument of one resource may point at.
func TestReferenceResources(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"main.tf": {Data: []byte(`
variable "key" {}
resource "aws_iam_role" "each" {
  for_each = { eu = 1, us = 2 }
  name     = each.key
}
resource "aws_iam_role" "count" {
  count = 2
  name  = "r${count.index}"
}
resource "aws_iam_role" "one" {}
resource "aws_kms_grant" "g" {
  by_key      = aws_iam_role.each["us"].arn
  by_local    = aws_iam_role.each[local.key].arn
  by_variable = aws_iam_role.each[var.key].arn
  by_index    = aws_iam_role.count[1].arn
  splat       = aws_iam_role.count[*].arn
  old_splat   = aws_iam_role.count.*.arn
  expression  = [for r in aws_iam_role.each : r.arn]
  all_values  = values(aws_iam_role.each)[*].arn
  of_splat    = aws_iam_role.count.*.arn[0]
  element     = element(aws_iam_role.count[*].arn, 5)
  only        = one(aws_iam_role.one[*].arn)
  plain       = aws_iam_role.one.arn
  nowhere     = aws_iam_role.nowhere.arn
}
locals {
  key = "eu"
}
`)}}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"by_key":      `["us"]: ["us"]`,
		"by_local":    `["eu"]: ["eu"]`,
		"by_variable": `[?]: ["eu"] ["us"]`,
		"by_index":    `[1]: [1]`,
		"splat":       `each: [0] [1]`,
		"old_splat":   `each: [0] [1]`,
		"expression":  `each: ["eu"] ["us"]`,
		"all_values":  `each: ["eu"] ["us"]`,
		"of_splat":    `[0]: [0]`,
		"element":     `[?]: [0] [1]`,
		"only":        `: aws_iam_role.one`,
		"plain":       `: aws_iam_role.one`,
		"nowhere":     `: `,
	}
	for _, r := range config.Roots[0].Resources(nil) {
		if r.Type != "aws_kms_grant" {
			continue
		}
		for name, wanted := range want {
			ref := r.Attr(name).Reference
			if ref == nil {
				t.Errorf("%s has no reference", name)
				continue
			}
			if diff := cmp.Diff(wanted, targets(*ref)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func targets(ref terraform.Reference) string {
	var all []string
	for _, r := range ref.Resources() {
		if len(r.Instances) == 0 {
			all = append(all, r.Address)
		}
		all = append(all, r.Instances...)
	}
	kind := ref.Instance
	if ref.Each {
		kind += "each"
	}
	return kind + ": " + strings.Join(all, " ")
}
