package services_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/kms/services"
)

// block is a block of a provider's schema as `terraform providers schema -json` writes it.
// https://developer.hashicorp.com/terraform/cli/commands/providers/schema
type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]struct {
		Block block `json:"block"`
	} `json:"block_types"`
}

type attribute struct {
	Type     json.RawMessage `json:"type"`
	Optional bool            `json:"optional"`
	Required bool            `json:"required"`
}

// written tells that a configuration may set the argument.
func (a attribute) written() bool { return a.Optional || a.Required }

// TestSchema has the provider that the table was made from say which arguments there are. KMS_REVIEW_TERRAFORM_PLUGINS
// names a directory with the provider, as `terraform providers mirror` makes it; a test downloads nothing.
func TestSchema(t *testing.T) {
	t.Parallel()
	resources := schema(t)
	table := map[string]bool{}
	for _, row := range services.All() {
		table[row.Type+"."+row.Path] = true
		for _, path := range paths(row) {
			if !resources[row.Type].has(strings.Split(path, "."), row.Object) {
				t.Errorf("%s has no argument %s", row.Type, path)
			}
		}
	}
	var missing []string
	for typ, b := range resources {
		if strings.HasPrefix(typ, "aws_kms_") {
			continue
		}
		b.each(typ, func(path, name string) {
			if !table[path] && !other[path] && named.MatchString(name) {
				missing = append(missing, path)
			}
		})
	}
	if len(missing) > 0 {
		t.Errorf("the table lacks %v", missing)
	}
}

// named are the names that arguments for keys have.
var named = regexp.MustCompile(`kms|cmk|customer_managed_key|encryption_key|key_management_service`)

// other arguments have such a name and mean something else, or a key that the resource does not encrypt with.
var other = map[string]bool{
	"aws_dataexchange_revision_assets.asset.create_s3_data_access_from_s3_bucket.asset_source.kms_keys_to_grant.kms_key_arn": true,
	"aws_datasync_location_hdfs.kms_key_provider_uri":                                                                        true,
	"aws_s3_object_copy.kms_encryption_context":                                                                              true,
}

// paths are all arguments that a row names.
func paths(row services.Row) []string {
	all := []string{row.Path}
	if row.OnlyWith != "" {
		all = append(all, row.OnlyWith)
	}
	if f := row.Flag; f != nil {
		all = append(all, f.Path)
		all = append(all, f.Sources...)
		if f.Or != "" {
			all = append(all, f.Or)
		}
	}
	return all
}

// has tells whether there is an argument of a primitive type at a path that goes through blocks, or, in an object,
// through the type of an argument.
func (b block) has(path []string, object bool) bool {
	if inner, ok := b.Blocks[path[0]]; ok && len(path) > 1 {
		return inner.Block.has(path[1:], object)
	}
	a, ok := b.Attributes[path[0]]
	if !ok || !a.written() {
		return false
	}
	if len(path) == 1 {
		return string(a.Type) == `"string"` || string(a.Type) == `"bool"`
	}
	return object && strings.Contains(string(a.Type), `"`+path[1]+`":"string"`)
}

func (b block) each(path string, visit func(path, name string)) {
	for name, a := range b.Attributes {
		if string(a.Type) == `"string"` && a.written() {
			visit(path+"."+name, name)
		}
	}
	for name, inner := range b.Blocks {
		inner.Block.each(path+"."+name, visit)
	}
}

func schema(t *testing.T) map[string]block {
	terraform, err := exec.LookPath("terraform")
	plugins := os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS")
	if err != nil || plugins == "" {
		if strings.Contains(os.Getenv("KMS_REVIEW_REQUIRE"), "terraform-plugins") {
			t.Fatal("KMS_REVIEW_REQUIRE demands terraform-plugins, and they, or terraform, are not there")
		}
		t.Skip("terraform, or KMS_REVIEW_TERRAFORM_PLUGINS, is not there")
	}
	dir := t.TempDir()
	const text = `terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, terraform, "init", "-input=false", "-plugin-dir="+plugins)
	var read struct {
		Providers map[string]struct {
			Resources map[string]struct {
				Block block `json:"block"`
			} `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(run(t, dir, terraform, "providers", "schema", "-json"), &read); err != nil {
		t.Fatal(err)
	}
	resources := map[string]block{}
	for _, provider := range read.Providers {
		for typ, r := range provider.Resources {
			resources[typ] = r.Block
		}
	}
	if len(resources) < 1000 {
		t.Fatalf("only %d resource types", len(resources))
	}
	return resources
}

func run(t *testing.T, dir string, name string, args ...string) []byte {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}
