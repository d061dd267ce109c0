package terraform_test

import (
	"fmt"
	"testing"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestModuleVersion asserts which version a call of the registry's module for keys is judged by: the ones without
// kms:ReplicateKey for administrators, those with it, those with another form of key_statements, or none of them.
func TestModuleVersion(t *testing.T) {
	t.Parallel()
	const registry = "terraform-aws-modules/kms/aws"
	const git = "git::https://github.com/terraform-aws-modules/terraform-aws-kms"
	for _, c := range []struct{ source, version, want string }{
		{registry, "", "14+2 condition"},
		{registry, "1.5.0", "14 conditions"},
		{registry, "~> 1.0", "14 conditions"},
		{registry, "2.0.0", "14 conditions"},
		{registry, "~> 2.0", "14+2 conditions"},
		{registry, ">= 1.0, < 4.0", "14+2 conditions"},
		{registry, "~> 3.1.0", "14+2 conditions"},
		{registry, ">= 1.0", "14+2 condition"},
		{registry, "4.2.0", "14+2 condition"},
		{registry, "< 1.0, > 2.0", "14+? ?"},
		{"registry.opentofu.org/" + registry, "3.0.0", "14+2 conditions"},
		{git, "", "14+2 condition"},
		{git + ".git?ref=v1.5.0", "", "14 conditions"},
		{git + ".git//?ref=v3.1.1&depth=1", "", "14+2 conditions"},
		{"git@github.com:terraform-aws-modules/terraform-aws-kms.git?ref=v4.0.0", "", "14+2 condition"},
		{git + "?ref=fe1beca2118c0cb528526e022a53381535bb93cd", "", "14+2 conditions"},
		{git + "?ref=0123456789012345678901234567890123456789", "", "14+? ?"},
		{git + "?ref=master", "", "14+? ?"},
		{git + "-something", "", "not read"},
	} {
		t.Run(c.source+" "+c.version, func(t *testing.T) {
			t.Parallel()
			version := ""
			if c.version != "" {
				version = fmt.Sprintf("version = %q", c.version)
			}
			config := load(t, map[string]string{"main.tf": fmt.Sprintf(`
module "key" {
  source             = %q
  %s
  key_administrators = ["a"]
  key_statements     = [{ actions = ["x"], condition = [{ test = "condition", variable = "v", values = [] }], conditions = [{ test = "conditions" }] }]
}`, c.source, version)})
			if got := modelled(config); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// modelled says how many actions administrators have, and by which name a statement's conditions go.
func modelled(config *terraform.Configuration) string {
	for _, s := range config.Scopes() {
		documents := s.Resources(func(_, typ string) bool { return typ == "aws_iam_policy_document" })
		if len(documents) == 0 {
			continue
		}
		blocks, _ := documents[0].Blocks("statement")
		actions, name := "", "?"
		for _, b := range blocks {
			if b.Attr("sid").IsString("KeyAdministration") == terraform.True {
				members, _ := b.Attr("actions").Members()
				switch {
				case len(members) == 16:
					actions = "14+2"
				case len(members) > 0 && members[len(members)-1].Rest:
					actions = fmt.Sprintf("%d+?", len(members)-1)
				default:
					actions = fmt.Sprint(len(members))
				}
			}
			conditions, _ := b.Blocks("condition")
			for _, condition := range conditions {
				if text, known := condition.Attr("test").Text(); known {
					name = text
				}
			}
		}
		return actions + " " + name
	}
	return "not read"
}
