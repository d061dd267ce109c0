package terraform_test

import (
	"fmt"
	"testing"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestProviderVersion(t *testing.T) {
	t.Parallel()
	require := func(constraint string) string {
		return fmt.Sprintf("terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      version = %q\n    }\n  }\n}\n", constraint)
	}
	lock := func(host, version string) string {
		return fmt.Sprintf("provider %q {\n  version = %q\n}\n", host+"/hashicorp/aws", version)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string // the words, whether below 5.49.0, and the place
	}{
		"nothing":        {nil, "not known undecided :0"},
		"open":           {map[string]string{"v.tf": require(">= 4.0")}, "at least 4.0.0 undecided :0"},
		"above":          {map[string]string{"v.tf": require(">= 5.49")}, "at least 5.49.0 false :0"},
		"greater":        {map[string]string{"v.tf": require("> 5.48.9, != 5.50.0")}, "at least 5.48.10 undecided :0"},
		"below":          {map[string]string{"v.tf": require("< 5.49.0")}, "below 5.49.0 true v.tf:5"},
		"at most":        {map[string]string{"v.tf": require("<= 5.49.0")}, "below 5.49.1 undecided v.tf:5"},
		"exact":          {map[string]string{"v.tf": require("5.31.0")}, "at least 5.31.0 and below 5.31.1 true v.tf:5"},
		"major":          {map[string]string{"v.tf": require("~> 4.9")}, "at least 4.9.0 and below 5.0.0 true v.tf:5"},
		"minor":          {map[string]string{"v.tf": require("~> 5.49.1")}, "at least 5.49.1 and below 5.50.0 false v.tf:5"},
		"one number":     {map[string]string{"v.tf": require("~> 4")}, "at least 4.0.0 undecided :0"},
		"prerelease":     {map[string]string{"v.tf": require("6.0.0-beta1")}, "at least 6.0.0 and below 6.0.1 false v.tf:5"},
		"not understood": {map[string]string{"v.tf": require("latest")}, "not known undecided :0"},
		"contradiction":  {map[string]string{"v.tf": require("< 4.0, > 5.0")}, "not known undecided :0"},
		"old form":       {map[string]string{"v.tf": "provider \"aws\" {\n  version = \"~> 2.0\"\n}\n"}, "at least 2.0.0 and below 3.0.0 true v.tf:2"},
		"older form":     {map[string]string{"v.tf": "terraform {\n  required_providers {\n    aws = \"~> 3.1\"\n  }\n}\n"}, "at least 3.1.0 and below 4.0.0 true v.tf:3"},
		"json":           {map[string]string{"v.tf.json": `{"terraform": {"required_providers": {"aws": {"source": "aws", "version": "< 5.0"}}}}`}, "below 5.0.0 true v.tf.json:1"},
		"override": {map[string]string{"v.tf": require("< 5.0"), "v_override.tf": require(">= 5.60")},
			"at least 5.60.0 false :0"},
		"lock":            {map[string]string{"v.tf": require("~> 5.0"), terraform.LockFile: lock("registry.terraform.io", "5.31.0")}, "5.31.0 true .terraform.lock.hcl:2"},
		"lock alone":      {map[string]string{terraform.LockFile: lock("registry.opentofu.org", "5.99.1")}, "5.99.1 false .terraform.lock.hcl:2"},
		"outdated lock":   {map[string]string{"v.tf": require("~> 5.60"), terraform.LockFile: lock("registry.terraform.io", "5.31.0")}, "at least 5.60.0 and below 6.0.0 false v.tf:5"},
		"two registries":  {map[string]string{terraform.LockFile: lock("registry.terraform.io", "5.31.0") + lock("registry.opentofu.org", "5.99.0")}, "not known undecided :0"},
		"broken lock":     {map[string]string{terraform.LockFile: "provider {"}, "not known undecided :0"},
		"other provider":  {map[string]string{"v.tf": "terraform {\n  required_providers {\n    aws = {\n      source = \"acme/aws\"\n      version = \"1.0\"\n    }\n  }\n}\n"}, "not known undecided :0"},
		"other in a lock": {map[string]string{terraform.LockFile: "provider \"registry.terraform.io/hashicorp/random\" {\n  version = \"3.0.0\"\n}\n"}, "not known undecided :0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"main.tf": `resource "aws_kms_key" "a" {}`}
			for path, text := range c.files {
				files[path] = text
			}
			v := find(t, load(t, files), ".", "aws_kms_key.a").Scope.ProviderVersion()
			below := map[terraform.Truth]string{terraform.True: "true", terraform.False: "false", terraform.Undecided: "undecided"}[v.Below(5, 49)]
			if got := fmt.Sprintf("%s %s %s:%d", v.Words(), below, v.Pin.Filename, v.Pin.Start.Line); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
