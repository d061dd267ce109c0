package kms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// identifiers is what the identifiers of TestTarget are about.
const identifiers = `
provider "aws" {
  alias  = "far"
  region = "eu-central-1"
}

variable "flag" { type = bool }
variable "stage" { type = string }
variable "account" { type = string }

resource "aws_kms_key" "a" {}
resource "aws_kms_key" "b" {}
resource "aws_kms_external_key" "x" {}
resource "aws_kms_replica_key" "r" { primary_key_arn = aws_kms_key.a.arn }
resource "aws_kms_key" "two" { count = 2 }
resource "aws_kms_key" "each" {
  for_each    = { eu = "Europe", us = "America" }
  description = each.value
}
resource "aws_kms_key" "single" { count = 1 }
resource "aws_kms_key" "far" { provider = aws.far }
resource "aws_kms_key" "maybe" { count = var.flag ? 1 : 0 }

resource "aws_kms_alias" "a" {
  name          = "alias/a"
  target_key_id = aws_kms_key.a.key_id
}
resource "aws_kms_alias" "b" {
  name          = "alias/${var.stage}-b"
  target_key_id = aws_kms_key.b.arn
}
resource "aws_kms_alias" "of_alias" {
  name          = "alias/again"
  target_key_id = aws_kms_alias.a.target_key_arn
}
resource "aws_kms_alias" "twice" {
  for_each      = { eu = "alias/eu", us = "alias/us" }
  name          = each.value
  target_key_id = aws_kms_key.each[each.key].key_id
}
resource "aws_kms_alias" "far" {
  provider      = aws.far
  name          = "alias/far"
  target_key_id = aws_kms_key.far.key_id
}
resource "aws_kms_alias" "maybe" {
  count         = var.flag ? 1 : 0
  name          = "alias/maybe"
  target_key_id = aws_kms_key.a.key_id
}
resource "aws_kms_alias" "generated" {
  name_prefix   = "alias/a"
  target_key_id = aws_kms_key.b.key_id
}
resource "aws_kms_alias" "outside" {
  name          = "alias/outside"
  target_key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"
}
resource "aws_kms_alias" "endless" {
  name          = "alias/endless"
  target_key_id = "alias/endless"
}

data "aws_kms_key" "a" { key_id = aws_kms_key.a.key_id }
data "aws_kms_key" "by_alias" { key_id = "alias/a" }
data "aws_kms_alias" "a" { name = "alias/a" }
data "aws_kms_alias" "managed" { name = "alias/aws/s3" }
data "aws_kms_alias" "unknown" { name = "alias/elsewhere" }
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_region" "there" { provider = aws.far }
data "aws_partition" "p" {}

resource "aws_kms_grant" "g" {
  key_id            = aws_kms_key.b.key_id
  grantee_principal = "arn:aws:iam::111122223333:role/r"
  operations        = ["Decrypt"]
}
resource "aws_sns_topic" "t" { kms_master_key_id = aws_kms_alias.a.name }

locals {
  keys = { a = aws_kms_key.a.arn, b = aws_kms_key.b.arn }
}

module "m" {
  source = "./m"
  given  = aws_kms_key.b.arn
}
`

const inner = `
variable "given" {}
resource "aws_kms_key" "in" {}
resource "aws_kms_alias" "in" {
  name          = "alias/in"
  target_key_id = aws_kms_key.in.key_id
}
output "arn" { value = aws_kms_key.in.arn }
output "alias" { value = aws_kms_alias.in.name }
output "given" { value = var.given }
`

func TestTarget(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		// the key itself
		`aws_kms_key.a.arn`:          "aws_kms_key.a by key ARN",
		`aws_kms_key.a.key_id`:       "aws_kms_key.a by key id",
		`aws_kms_key.a.id`:           "aws_kms_key.a by key id",
		`"${aws_kms_key.a.arn}"`:     "aws_kms_key.a by key ARN",
		`aws_kms_external_key.x.id`:  "aws_kms_external_key.x by key id",
		`aws_kms_replica_key.r.arn`:  "aws_kms_replica_key.r by key ARN",
		`aws_kms_key.a.policy`:       "undecided",
		`aws_kms_key.nowhere.arn`:    "undecided",
		`aws_kms_key.two[0].arn`:     "aws_kms_key.two by key ARN",
		`aws_kms_key.maybe[0].arn`:   "aws_kms_key.maybe by key ARN",
		`aws_kms_key.each["eu"].arn`: `aws_kms_key.each["eu"] by key ARN`,
		`one(aws_kms_key.two[*].id)`: "aws_kms_key.two by key id",
		`aws_kms_key.two[*].arn`:     "undecided by key ARN: aws_kms_key.two",
		`local.keys["b"]`:            "aws_kms_key.b by key ARN",
		`local.keys[var.stage]`:      "undecided by key ARN: aws_kms_key.a, aws_kms_key.b",

		// an alias
		`aws_kms_alias.a.arn`:                           "aws_kms_key.a by alias ARN via aws_kms_alias.a",
		`aws_kms_alias.a.name`:                          "aws_kms_key.a by alias name via aws_kms_alias.a",
		`aws_kms_alias.a.id`:                            "aws_kms_key.a by alias name via aws_kms_alias.a",
		`aws_kms_alias.a.target_key_arn`:                "aws_kms_key.a by key ARN via aws_kms_alias.a",
		`aws_kms_alias.a.target_key_id`:                 "aws_kms_key.a by key id via aws_kms_alias.a",
		`aws_kms_alias.b.target_key_id`:                 "aws_kms_key.b by key ARN via aws_kms_alias.b",
		`aws_kms_alias.of_alias.arn`:                    "aws_kms_key.a by alias ARN via aws_kms_alias.a",
		`aws_kms_alias.twice["us"].arn`:                 `aws_kms_key.each["us"] by alias ARN via aws_kms_alias.twice`,
		`aws_kms_alias.outside.arn`:                     "undecided by alias ARN",
		`"alias/a"`:                                     "aws_kms_key.a by alias name via aws_kms_alias.a",
		`"alias/${var.stage}-b"`:                        "aws_kms_key.b by alias name via aws_kms_alias.b",
		`"alias/${var.account}-b"`:                      "undecided by alias name: aws_kms_key.b",
		`"alias/${var.account}-c"`:                      "undecided by alias name",
		`"alias/us"`:                                    `aws_kms_key.each["us"] by alias name via aws_kms_alias.twice`,
		`"alias/far"`:                                   "undecided by alias name",
		`"alias/maybe"`:                                 "undecided by alias name: aws_kms_key.a",
		`"alias/nowhere"`:                               "undecided by alias name",
		`"alias/outside"`:                               "undecided by alias name",
		`"alias/endless"`:                               "undecided by alias name",
		`"alias/aws/s3"`:                                "no key by alias name",
		`"alias/in"`:                                    "module.m.aws_kms_key.in by alias name via module.m.aws_kms_alias.in",
		`"arn:aws:kms:eu-west-1:111122223333:alias/a"`:  "undecided by alias ARN: aws_kms_key.a",
		`"arn:aws:kms:eu-west-1:111122223333:alias/no"`: "undecided by alias ARN",

		// an alias's ARN that is put together
		`"arn:aws:kms:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:alias/a"`:                               "aws_kms_key.a by alias ARN via aws_kms_alias.a",
		`"arn:${data.aws_partition.p.partition}:kms:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:alias/a"`: "aws_kms_key.a by alias ARN via aws_kms_alias.a",
		`"arn:aws:kms:${data.aws_region.there.name}:${data.aws_caller_identity.me.account_id}:alias/a"`:                              "undecided by alias ARN: aws_kms_key.a",
		`"arn:aws:kms:${data.aws_region.here.name}:${var.account}:alias/a"`:                                                          "undecided by alias ARN: aws_kms_key.a",
		`"arn:aws:kms:${data.aws_region.here.name}:${var.account}:${aws_kms_alias.a.name}"`:                                          "undecided by alias ARN: aws_kms_key.a",
		`"arn:aws:kms:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:${aws_kms_alias.b.name}"`:               "aws_kms_key.b by alias ARN via aws_kms_alias.b",
		`"arn:aws:kms:eu-west-1:${var.account}:${aws_kms_alias.b.name}"`:                                                             "undecided by alias ARN: aws_kms_key.b",
		`"arn:aws:kms:eu-west-1:${var.account}:${aws_kms_key.b.key_id}"`:                                                             "undecided",
		`"arn:aws:kms:eu-west-1:${var.account}:key/${aws_kms_key.b.key_id}"`:                                                         "aws_kms_key.b by key ARN",
		`"arn:aws:kms:eu-west-1:${var.account}:key/${aws_kms_key.b.arn}"`:                                                            "undecided by key ARN",

		// a data source
		`data.aws_kms_key.a.arn`:                       "aws_kms_key.a by key ARN",
		`data.aws_kms_key.a.id`:                        "aws_kms_key.a by key id",
		`data.aws_kms_key.by_alias.arn`:                "aws_kms_key.a by key ARN via aws_kms_alias.a",
		`data.aws_kms_alias.a.target_key_arn`:          "aws_kms_key.a by key ARN via aws_kms_alias.a",
		`data.aws_kms_alias.a.id`:                      "aws_kms_key.a by alias ARN via aws_kms_alias.a",
		`data.aws_kms_alias.managed.target_key_arn`:    "no key by key ARN",
		`data.aws_kms_alias.unknown.target_key_arn`:    "undecided by key ARN",
		`data.aws_kms_alias.unknown.creation_date`:     "undecided",
		`data.aws_caller_identity.me.account_id`:       "undecided",
		`aws_kms_grant.g.key_id`:                       "aws_kms_key.b by key id",
		`aws_sns_topic.t.kms_master_key_id`:            "aws_kms_key.a by alias name via aws_kms_alias.a",
		`aws_sns_topic.t.arn`:                          "undecided",
		`module.m.arn`:                                 "module.m.aws_kms_key.in by key ARN",
		`module.m.alias`:                               "module.m.aws_kms_key.in by alias name via module.m.aws_kms_alias.in",
		`module.m.given`:                               "aws_kms_key.b by key ARN",
		`module.elsewhere.arn`:                         "undecided",
		`null`:                                         "no key",
		`""`:                                           "no key",
		`"1234abcd-12ab-34cd-56ef-1234567890ab"`:       "undecided by key id",
		`"arn:aws:kms:eu-west-1:111122223333:key/123"`: "undecided by key ARN",
		`"a:b"`: "undecided",
		`[]`:    "undecided",

		// one of several
		`var.flag ? aws_kms_key.a.arn : aws_kms_key.b.arn`:           "undecided by key ARN: aws_kms_key.a, aws_kms_key.b",
		`var.flag ? aws_kms_key.a.arn : null`:                        "undecided: aws_kms_key.a",
		`var.flag ? aws_kms_key.a.arn : aws_kms_alias.a.arn`:         "aws_kms_key.a by unknown form",
		`coalesce(null, aws_kms_key.b.arn)`:                          "aws_kms_key.b by key ARN",
		`true ? aws_kms_key.a.arn : aws_kms_key.b.arn`:               "aws_kms_key.a by key ARN",
		`aws_kms_key.each[var.stage].arn`:                            `undecided by key ARN: aws_kms_key.each["eu"], aws_kms_key.each["us"]`,
		`join("", aws_kms_key.maybe[*].arn)`:                         "undecided by key ARN: aws_kms_key.maybe",
		`join("", aws_kms_key.single[*].arn)`:                        "aws_kms_key.single[0] by key ARN",
		`var.flag ? "alias/a" : data.aws_kms_alias.a.name`:           "aws_kms_key.a by alias name via aws_kms_alias.a",
		`var.stage == "" ? "alias/aws/sqs" : data.aws_kms_key.a.arn`: "undecided: aws_kms_key.a",
		`var.stage`: "undecided",
	} {
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			s := snapshot(t, map[string]string{
				"main.tf":   identifiers + "resource \"aws_sqs_queue\" \"q\" {\n  kms_master_key_id = " + expr + "\n}\n",
				"m/main.tf": inner,
			})
			queue := s.Resource(".", "aws_sqs_queue.q")
			if diff := cmp.Diff(want, describe(s, queue)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", expr, diff)
			}
		})
	}
}

var formNames = map[services.Form]string{
	services.KeyARN: "key ARN", services.KeyID: "key id", services.AliasARN: "alias ARN", services.AliasName: "alias name",
}

func describe(s *kms.Snapshot, queue *terraform.Resource) string {
	keys, form, truth := s.Target(queue.Attr("kms_master_key_id"), queue)
	var names []string
	for _, key := range keys {
		name := key.Address
		if len(key.Instances) == 1 {
			name += key.Instances[0]
		}
		names = append(names, name)
	}
	by := ""
	if form != 0 {
		by = " by " + formNames[form]
	}
	switch truth {
	case terraform.False:
		return "no key" + by
	case terraform.True:
		if form == 0 {
			by = " by unknown form"
		}
		for _, use := range s.Uses() {
			if use.Consumer == queue && use.Via != nil {
				by += " via " + use.Via.Address
			}
		}
		return strings.Join(names, ", ") + by
	default:
		if len(names) > 0 {
			return "undecided" + by + ": " + strings.Join(names, ", ")
		}
		return "undecided" + by
	}
}

func TestPartsOfAKey(t *testing.T) {
	t.Parallel()
	s := snapshot(t, map[string]string{"main.tf": identifiers, "m/main.tf": inner})
	var got []string
	for _, key := range s.Keys {
		line := key.Address
		if len(key.Instances) == 1 {
			line += key.Instances[0]
		}
		for _, alias := range key.Aliases() {
			line += " " + alias.Name
		}
		for _, grant := range key.Grants() {
			line += " grant:" + grant.Name
		}
		for _, replica := range key.Replicas() {
			line += " replica:" + replica.Name
		}
		if primary := key.Primary(); primary != nil {
			line += " primary:" + primary.Name
		}
		line += fmt.Sprintf(" %d/%d", len(key.Uses()), len(key.MayUses()))
		got = append(got, line)
	}
	want := []string{
		"aws_kms_external_key.x 0/0",
		"aws_kms_key.a a maybe of_alias replica:r 1/0",
		"aws_kms_key.b b generated grant:g 0/0",
		`aws_kms_key.each["eu"] twice 0/0`, `aws_kms_key.each["us"] twice 0/0`,
		"aws_kms_key.far far 0/0",
		"aws_kms_key.maybe 0/0", "aws_kms_key.single[0] 0/0", "aws_kms_key.two 0/0",
		"module.m.aws_kms_key.in in 0/0",
		"aws_kms_replica_key.r primary:a 0/0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTargetEnds follows aliases that may each be any other one, and instances that may each be of any other resource:
// every way through them would take for ever.
func TestTargetEnds(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("variable \"x\" { type = string }\nvariable \"y\" { type = string }\nresource \"aws_kms_key\" \"k\" {}\n")
	for i := range 60 {
		fmt.Fprintf(&text, "resource \"aws_kms_alias\" \"a%d\" {\n  name          = \"alias/${var.x}\"\n  target_key_id = \"alias/${var.y}\"\n}\n", i)
	}
	for i := range 12 {
		next := fmt.Sprintf("aws_sqs_queue.q%d[var.x].kms_master_key_id", i+1)
		if i == 11 {
			next = "aws_kms_key.k.arn"
		}
		fmt.Fprintf(&text, "resource \"aws_sqs_queue\" \"q%d\" {\n  for_each          = toset([for n in range(60) : tostring(n)])\n"+
			"  name              = each.key\n  kms_master_key_id = %s\n}\n", i, next)
	}
	s := snapshot(t, map[string]string{"main.tf": text.String()})
	if n := len(s.Uses()); n != 12*60 {
		t.Errorf("%d uses, not of 60 queues each of 12", n)
	}
}
