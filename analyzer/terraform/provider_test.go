package terraform_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

func load(t *testing.T, files map[string]string) *terraform.Configuration {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	config, err := terraform.Load(context.Background(), fsys, directories(t, fsys), terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func find(t *testing.T, config *terraform.Configuration, root, address string) *terraform.Resource {
	t.Helper()
	for _, s := range config.Scopes() {
		for _, r := range s.Resources(nil) {
			if s.Root == root && r.Address == address {
				return r
			}
		}
	}
	t.Fatalf("no %s in %s", address, root)
	return nil
}

func TestSameProvider(t *testing.T) {
	t.Parallel()
	config := load(t, map[string]string{
		"a/main.tf": `
provider "aws" {}
provider "aws" {
  alias = "b"
}
resource "aws_kms_key" "x" {}
resource "aws_kms_key" "b" {
  provider = aws.b
}
resource "aws_kms_key" "lost" {
  provider = aws.each["b"]
}
module "m" {
  source    = "../m"
  providers = { aws = aws.b }
}`,
		"b/main.tf":         `resource "aws_kms_key" "x" {}`,
		"m/main.tf":         `resource "aws_kms_key" "x" {}`,
		"modules/n/main.tf": "resource \"aws_kms_key\" \"x\" {}\nresource \"aws_kms_key\" \"y\" {\n  provider = aws.y\n}",
	})
	for name, c := range map[string]struct {
		root, a, otherRoot, b string
		want                  terraform.Truth
	}{
		"same":         {"a", "aws_kms_key.x", "a", "aws_kms_key.x", terraform.True},
		"alias":        {"a", "aws_kms_key.x", "a", "aws_kms_key.b", terraform.False},
		"handed down":  {"a", "module.m.aws_kms_key.x", "a", "aws_kms_key.b", terraform.True},
		"not default":  {"a", "module.m.aws_kms_key.x", "a", "aws_kms_key.x", terraform.False},
		"unknown":      {"a", "aws_kms_key.lost", "a", "aws_kms_key.x", terraform.Undecided},
		"other root":   {"a", "aws_kms_key.x", "b", "aws_kms_key.x", terraform.False},
		"unseen block": {"modules/n", "aws_kms_key.x", "modules/n", "aws_kms_key.y", terraform.Undecided},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, other := find(t, config, c.root, c.a).Provider(), find(t, config, c.otherRoot, c.b).Provider()
			if got := p.Same(other); got != c.want {
				t.Errorf("%q and %q: %v, want %v", p.Address, other.Address, got, c.want)
			}
		})
	}
}

// TestSameAccount asserts what proves that two provider configurations work in one account.
func TestSameAccount(t *testing.T) {
	t.Parallel()
	key := "resource \"aws_kms_key\" \"x\" {}\nresource \"aws_kms_key\" \"y\" {\n  provider = aws.y\n}\n"
	role := func(arn string) string { return "assume_role {\n    role_arn = \"" + arn + "\"\n  }\n" }
	for name, c := range map[string]struct {
		x, y string
		want terraform.Truth
	}{
		"environment":     {"", `region = "us-east-1"`, terraform.True},
		"profile":         {`profile = "a"`, `profile = "a"`, terraform.True},
		"another profile": {`profile = "a"`, `profile = "b"`, terraform.Undecided},
		"no profile":      {`profile = "a"`, "", terraform.Undecided},
		"role":            {role("arn:aws:iam::${var.accounts[terraform.workspace]}:role/ci"), role("arn:aws:iam::${var.accounts[terraform.workspace]}:role/ci"), terraform.True},
		"role of many":    {role("arn:aws:iam::${local.known[terraform.workspace]}:role/ci"), role("arn:aws:iam::${local.known[terraform.workspace]}:role/ci"), terraform.True},
		"another of many": {role("arn:aws:iam::${local.known[terraform.workspace]}:role/ci"), role("arn:aws:iam::${local.known[lower(terraform.workspace)]}:role/ci"), terraform.Undecided},
		"another role":    {role("arn:aws:iam::${var.accounts[terraform.workspace]}:role/ci"), role("arn:aws:iam::${var.accounts.backup}:role/ci"), terraform.Undecided},
		"no role":         {role("arn:aws:iam::111122223333:role/ci"), "", terraform.Undecided},
		"random role":     {role("arn:aws:iam::${uuid()}:role/ci"), role("arn:aws:iam::${uuid()}:role/ci"), terraform.Undecided},
		"default tags":    {"default_tags {\n    tags = {}\n  }\n", "max_retries = 3", terraform.True},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := load(t, map[string]string{"main.tf": "variable \"accounts\" {}\nlocals {\n  known = { a = \"111122223333\", b = \"444455556666\" }\n}\nprovider \"aws\" {\n  " + c.x + "\n}\nprovider \"aws\" {\n  alias = \"y\"\n  " + c.y + "\n}\n" + key})
			x, y := find(t, config, ".", "aws_kms_key.x").Provider(), find(t, config, ".", "aws_kms_key.y").Provider()
			if got := x.SameAccount(y); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestProviderDigest asserts which changes of a provider block are changes of the resources that use it.
func TestProviderDigest(t *testing.T) {
	t.Parallel()
	digest := func(provider, key string) string {
		return find(t, load(t, map[string]string{"main.tf": provider + "\nresource \"aws_kms_key\" \"x\" {\n" + key + "\n}"}), ".", "aws_kms_key.x").Digest()
	}
	before := digest(`provider "aws" { region = "eu-west-1" }`, "")
	for name, c := range map[string]struct {
		provider, key string
		same          bool
	}{
		"as it was":    {`provider "aws" { region = "eu-west-1" }`, "", true},
		"default tags": {"provider \"aws\" {\n  region = \"eu-west-1\"\n  default_tags {\n    tags = { a = 1 }\n  }\n}", "", true},
		"local":        {"locals {\n  r = \"eu-west-1\"\n}\nprovider \"aws\" {\n  region = local.r\n}", "", true},
		"Region":       {`provider "aws" { region = "eu-west-2" }`, "", false},
		"no Region":    {`provider "aws" {}`, "", false},
		"account":      {"provider \"aws\" {\n  region = \"eu-west-1\"\n  allowed_account_ids = [\"111122223333\"]\n}", "", false},
		"role":         {"provider \"aws\" {\n  region = \"eu-west-1\"\n  assume_role {\n    role_arn = var.role\n  }\n}", "", false},
		"another":      {`provider "aws" { region = "eu-west-1" }`, "provider = aws.b", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := digest(c.provider, c.key); (got == before) != c.same {
				t.Errorf("same digest: %t, want %t", got == before, c.same)
			}
		})
	}
}
