package kms_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		main string
		want string // the Ids of the documents, or what is known instead
	}{
		"inline": {
			main: `resource "aws_kms_key" "a" { policy = "{\"Id\": \"inline\"}" }`,
			want: "inline",
		},
		"none": {
			main: `resource "aws_kms_key" "a" {}`,
			want: "absent",
		},
		"attached": {
			main: `resource "aws_kms_key" "a" {}
resource "aws_kms_key" "b" {}
resource "aws_kms_key_policy" "b" {
  key_id = aws_kms_key.b.id
  policy = "{\"Id\": \"b\"}"
}
resource "aws_kms_key_policy" "a" {
  key_id = aws_kms_key.a.id
  policy = jsonencode({ Id = "attached" })
}`,
			want: "attached; b",
		},
		"both": {
			main: `resource "aws_kms_key" "a" { policy = "{\"Id\": \"inline\"}" }
resource "aws_kms_key_policy" "a" {
  key_id = aws_kms_key.a.key_id
  policy = "{\"Id\": \"attached\"}"
}`,
			want: "the key's argument and another resource set its policy: attached or inline",
		},
		"two": {
			main: `resource "aws_kms_key" "a" {}
resource "aws_kms_key_policy" "a" {
  key_id = aws_kms_key.a.key_id
  policy = "{\"Id\": \"one\"}"
}
resource "aws_kms_key_policy" "b" {
  key_id = aws_kms_key.a.key_id
  policy = "{\"Id\": \"two\"}"
}`,
			want: "several resources set the key's policy: one or two",
		},
		"perhaps": {
			main: `variable "on" {}
resource "aws_kms_key" "a" {}
resource "aws_kms_key_policy" "a" {
  count  = var.on ? 1 : 0
  key_id = aws_kms_key.a.key_id
  policy = "{\"Id\": \"attached\"}"
}`,
			want: "it is not known which resource sets the key's policy: attached or absent",
		},
		"some key": {
			main: `variable "id" {}
resource "aws_kms_key" "a" {}
resource "aws_kms_key" "b" { policy = "{\"Id\": \"inline\"}" }
resource "aws_kms_key_policy" "a" {
  key_id = var.id
  policy = "{\"Id\": \"attached\"}"
}`,
			want: "it is not known which resource sets the key's policy: attached or absent; inline",
		},
		"instances": {
			main: `resource "aws_kms_key" "a" {
  for_each    = { eu = 1, us = 2 }
  description = each.key
}
data "aws_iam_policy_document" "a" {
  for_each  = { eu = 1, us = 2 }
  policy_id = each.key
}
resource "aws_kms_key_policy" "a" {
  for_each = { eu = 1, us = 2 }
  key_id   = aws_kms_key.a[each.key].key_id
  policy   = data.aws_iam_policy_document.a[each.key].json
}`,
			want: "eu; us",
		},
		"handed out": {
			main: `resource "aws_kms_key" "a" {}
module "policy" {
  source = "example.com/key-policy"
  key_id = aws_kms_key.a.key_id
}`,
			want: "open: `aws_kms_key.a` is given to a module that is not in this repository, which may set its policy",
		},
		"forgotten": {
			main: `resource "aws_kms_key" "a" {}
removed {
  from = aws_kms_key_policy.a
  lifecycle {
    destroy = false
  }
}`,
			want: "open: a `removed` block leaves a policy in AWS that is not in the configuration any more",
		},
		"destroyed": {
			main: `resource "aws_kms_key" "a" {}
removed {
  from = aws_kms_key_policy.a
  lifecycle {
    destroy = true
  }
}`,
			want: "absent",
		},
		"registry module": {
			main: `module "key" {
  source = "terraform-aws-modules/kms/aws"
  policy = "{\"Id\": \"given\"}"
}
variable "more" {}
module "statements" {
  source         = "terraform-aws-modules/kms/aws"
  key_statements = var.more
}
module "commit" {
  source         = "git::https://github.com/terraform-aws-modules/terraform-aws-kms?ref=main"
  key_statements = [{ sid = "A" }]
}`,
			want: "open: it is not known which statements `module.commit.data.aws_iam_policy_document.this` has; given; " +
				"open: it is not known which statements `module.statements.data.aws_iam_policy_document.this` has",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{"main.tf": {Data: []byte(c.main)}}
			config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := kms.Build(config)
			var got []string
			for _, key := range s.Keys {
				got = append(got, named(s.Policy(key)))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func named(d policy.Document) string {
	switch {
	case len(d.Alternatives) > 0:
		var all []string
		for _, one := range d.Alternatives {
			all = append(all, named(one))
		}
		return fmt.Sprintf("%s: %s", d.Reason, strings.Join(all, " or "))
	case d.Absent:
		return "absent"
	case d.Open:
		return "open: " + d.Reason
	default:
		id, _ := d.ID.Symbol()
		return id
	}
}
