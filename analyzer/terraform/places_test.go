package terraform_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	config := load(t, map[string]string{
		"main.tf": `
variable "on" {}
resource "aws_kms_key" "plain" {}
resource "aws_kms_key" "counted" {
  count = 2
}
resource "aws_kms_key" "each" {
  for_each = { "a]b" = 1, "c" = 2 }
}
resource "aws_kms_key" "unknown" {
  count = var.on ? 1 : 0
}
module "m" {
  source   = "./m"
  for_each = { eu = 1, us = 2 }
}
module "maybe" {
  source = "./m"
  count  = var.on ? 1 : 0
}
moved {
  from = aws_kms_key.first
  to   = aws_kms_key.second
}
moved {
  from = aws_kms_key.second
  to   = aws_kms_key.plain
}
moved {
  from = aws_kms_key.counted[7]
  to   = aws_kms_key.counted[1]
}
moved {
  from = aws_kms_key.one
  to   = aws_kms_key.each["a]b"]
}
moved {
  from = module.old
  to   = module.m["eu"]
}
moved {
  from = aws_kms_key.outside
  to   = module.m["us"].aws_kms_key.in
}
moved {
  from = aws_kms_key.plain
  to   = aws_kms_key.elsewhere
}`,
		"m/main.tf": `
resource "aws_kms_key" "in" {}
resource "aws_kms_key" "twice" {
  count = 2
}
moved {
  from = aws_kms_key.before
  to   = aws_kms_key.twice
}`,
	})
	for address, want := range map[string]struct{ places, previous string }{
		"aws_kms_key.plain":           {"aws_kms_key.plain", "aws_kms_key.first"},
		"aws_kms_key.counted":         {"aws_kms_key.counted aws_kms_key.counted[1]", "aws_kms_key.counted aws_kms_key.counted[7]"},
		"aws_kms_key.each":            {`aws_kms_key.each["a]b"] aws_kms_key.each["c"]`, `aws_kms_key.one aws_kms_key.each["c"]`},
		"aws_kms_key.unknown":         {"? aws_kms_key.unknown", "? aws_kms_key.unknown"},
		"module.maybe.aws_kms_key.in": {"? module.maybe.aws_kms_key.in", "? module.maybe.aws_kms_key.in"},
		"module.m.aws_kms_key.in": {`module.m["eu"].aws_kms_key.in module.m["us"].aws_kms_key.in`,
			`module.old.aws_kms_key.in aws_kms_key.outside`},
		"module.m.aws_kms_key.twice": {
			`module.m["eu"].aws_kms_key.twice module.m["eu"].aws_kms_key.twice[1] module.m["us"].aws_kms_key.twice module.m["us"].aws_kms_key.twice[1]`,
			`module.old.aws_kms_key.before module.old.aws_kms_key.before[1] module.m["us"].aws_kms_key.before module.m["us"].aws_kms_key.before[1]`,
		},
	} {
		r := find(t, config, ".", address)
		previous := func() ([]string, bool) { return r.PreviousPlaces(func(string) bool { return false }) }
		stayed := func() ([]string, bool) { return r.PreviousPlaces(func(string) bool { return true }) }
		for name, c := range map[string]struct {
			list func() ([]string, bool)
			want string
		}{"places": {r.Places, want.places}, "previous": {previous, want.previous}, "stayed": {stayed, want.places}} {
			places, known := c.list()
			if !known {
				places = append([]string{"?"}, places...)
			}
			if diff := cmp.Diff(strings.Fields(c.want), places); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, address, diff)
			}
		}
	}
}

func TestExistsWith(t *testing.T) {
	t.Parallel()
	config := load(t, map[string]string{
		"main.tf":   "variable \"on\" {}\nresource \"aws_kms_key\" \"k\" {}\nmodule \"m\" {\n  source = \"./m\"\n  count  = var.on ? 1 : 0\n}\n",
		"m/main.tf": "resource \"aws_kms_key\" \"in\" {}\nresource \"aws_kms_key\" \"too\" {}\n",
	})
	root, in, too := find(t, config, ".", "aws_kms_key.k"), find(t, config, ".", "module.m.aws_kms_key.in"), find(t, config, ".", "module.m.aws_kms_key.too")
	if got := in.ExistsWith(root); got != terraform.Undecided {
		t.Errorf("in a module that may not be: %v", got)
	}
	if in.ExistsWith(too) != root.ExistsWith(in) || root.ExistsWith(in) != terraform.True {
		t.Errorf("beside each other %v, above %v", in.ExistsWith(too), root.ExistsWith(in))
	}
}
