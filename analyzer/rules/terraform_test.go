package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/ruletest"
)

// TestExamplesAreFormatted holds all examples, before and after their suggestions, against `terraform fmt`: a
// suggestion that it does not accept breaks the pull request's own checks.
func TestExamplesAreFormatted(t *testing.T) {
	t.Parallel()
	terraform := program(t)
	dir := t.TempDir()
	for _, r := range rules.All() {
		examples, err := ruletest.Examples(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			if e.Broken() {
				continue
			}
			write(t, filepath.Join(dir, r.ID, e.Name, "head"), e.Head)
			write(t, filepath.Join(dir, r.ID, e.Name, "base"), e.Base)
			write(t, filepath.Join(dir, r.ID, e.Name, "fixed"), e.Fixed)
		}
	}
	for family, examples := range families(t) {
		for _, e := range examples {
			write(t, filepath.Join(dir, family, e.Name, "head"), e.Head)
			write(t, filepath.Join(dir, family, e.Name, "base"), e.Base)
		}
	}
	run(t, terraform, dir, "fmt", "-check", "-recursive", "-diff")
}

// TestExamplesAreValid has the provider's own schema say that the examples that must be silent, and those after
// their suggestions, are valid: a fix that validate refuses would be none.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	all := validation(t)
	for _, r := range rules.All() {
		examples, err := ruletest.Examples(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			files := e.Head
			if e.Wants() {
				files = merged(e.Head, e.Fixed)
			}
			if e.Broken() || strings.HasPrefix(e.Name, "invalid-") || e.Wants() && len(e.Fixed) == 0 || strings.Contains(files["main.tf"], "import {") || unfetchable(files) {
				continue // the mistake stands; or what only a root module may hold; or a module from elsewhere
			}
			all.add(t, r.ID+"_"+e.Name, files)
		}
	}
	all.validate(t)
}

// TestServicesAreValid has it say so of both sides of the examples of each family of services, since what is wrong with
// them is no mistake to the provider.
func TestServicesAreValid(t *testing.T) {
	t.Parallel()
	all := validation(t)
	for family, examples := range families(t) {
		for i, e := range examples {
			if i > 0 && examples[i-1].Name == e.Name {
				continue // the same, for another rule
			}
			all.add(t, family+"_"+e.Name+"_base", e.Base)
			all.add(t, family+"_"+e.Name+"_head", e.Head)
		}
	}
	all.validate(t)
}

// configuration is one whose modules are examples, so that the provider starts once for all of them.
type configuration struct {
	terraform, plugins, dir string
	root                    string
}

// validation is an empty configuration. KMS_REVIEW_TERRAFORM_PLUGINS names a directory with the provider, as `terraform
// providers mirror` makes it; a test downloads nothing.
func validation(t *testing.T) *configuration {
	t.Helper()
	terraform := program(t)
	plugins := os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS")
	if plugins == "" {
		if required("terraform-plugins") {
			t.Fatal("KMS_REVIEW_REQUIRE demands terraform-plugins, and KMS_REVIEW_TERRAFORM_PLUGINS is not set")
		}
		t.Skip("KMS_REVIEW_TERRAFORM_PLUGINS is not set")
	}
	return &configuration{terraform: terraform, plugins: plugins, dir: t.TempDir(), root: "variable \"any\" {}\n"}
}

// add makes a module of an example, without its own default configuration of the provider: validate starts the provider
// once more for each.
func (c *configuration) add(t *testing.T, name string, files map[string]string) {
	t.Helper()
	shared := map[string]string{}
	for path, text := range files {
		shared[path] = ownProvider.ReplaceAllStringFunc(text, func(block string) string {
			if strings.Contains(block, "alias") {
				return block
			}
			return ""
		})
	}
	write(t, filepath.Join(c.dir, name), shared)
	c.root += call(t, name, files)
}

var ownProvider = regexp.MustCompile(`(?m)^provider "aws" \{\n(  .*\n|\n)*\}\n`)

func (c *configuration) validate(t *testing.T) {
	t.Helper()
	write(t, c.dir, map[string]string{"main.tf": c.root})
	run(t, c.terraform, c.dir, "init", "-input=false", "-no-color", "-plugin-dir="+c.plugins)
	run(t, c.terraform, c.dir, "validate", "-no-color")
}

// elsewhere is what init would have to fetch: a module, or another provider than the one that is at hand.
var elsewhere = regexp.MustCompile(`git::|terraform-aws-modules/|app\.terraform\.io/|version\s*=\s*"(~> [346]|>= 6)\.`)

func unfetchable(files map[string]string) bool {
	for _, text := range files {
		if elsewhere.MatchString(text) {
			return true
		}
	}
	return false
}

// call is a module block that gives each variable without a default a value that validate does not know.
func call(t *testing.T, name string, files map[string]string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "module %q {\n  source = %q\n", name, "./"+name)
	for path, text := range files {
		if strings.Contains(path, "/") || !strings.HasSuffix(path, ".tf") {
			continue
		}
		parsed, diags := hclparse.NewParser().ParseHCL([]byte(text), path)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		content, _, _ := parsed.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
		for _, block := range content.Blocks {
			if attrs, _ := block.Body.JustAttributes(); attrs["default"] == nil {
				fmt.Fprintf(&out, "  %s = var.any\n", block.Labels[0])
			}
		}
	}
	return out.String() + "}\n"
}

func merged(files, fixed map[string]string) map[string]string {
	out := map[string]string{}
	for _, texts := range []map[string]string{files, fixed} {
		for path, text := range texts {
			out[path] = text
		}
	}
	return out
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func required(what string) bool {
	return slices.Contains(strings.Split(os.Getenv("KMS_REVIEW_REQUIRE"), ","), what)
}

func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil && required("terraform") {
		t.Fatalf("terraform is demanded by KMS_REVIEW_REQUIRE: %v", err)
	}
	if err != nil {
		t.Skip("terraform is not installed")
	}
	return path
}

func run(t *testing.T, terraform, dir string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, terraform, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // killed, it would leave its providers running
	cmd.WaitDelay = time.Minute
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%.8000s", args[0], err, bytes.TrimSpace(out))
	}
}
