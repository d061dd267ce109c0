package policy

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

const knownDocument = "module.key.data.aws_iam_policy_document.this"

// TestKnownModule holds the key policies that a call of the registry's module for keys makes by our model of it against
// what the provider made of the module's own text, and asserts that each statement stands somewhere in the call, or
// where the call refers to.
func TestKnownModule(t *testing.T) {
	t.Parallel()
	if *regenerate {
		askModule(t)
	}
	same := 0
	for _, c := range casesOf(t, "testdata/known/*.txtar") {
		resolver, documents := c.documents(t)
		i := slices.IndexFunc(documents, func(r *terraform.Resource) bool { return r.Address == knownDocument })
		if i < 0 {
			t.Errorf("%s: no document", c.name)
			continue
		}
		d := resolver.data(documents[i])
		if _, refused := c.want["error"]; refused {
			if !d.Invalid() {
				t.Errorf("%s: Terraform refuses it: %s", c.name, c.want["error"])
			}
			continue
		}
		for _, s := range d.Statements {
			if s.Range.Filename != "main.tf" {
				t.Errorf("%s: a statement stands at %v", c.name, s.Range)
			}
		}
		inAccount(reflect.ValueOf(&d).Elem())
		got, ok := d.JSON()
		if !ok {
			t.Errorf("%s: not rendered: %s %v", c.name, d.Reason, d.Faults)
			continue
		}
		if diff := cmp.Diff(normal(t, c.want[knownDocument+"[0]"], true), normal(t, got, true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
			continue
		}
		same++
	}
	t.Logf("%d documents equal", same)
	if same < 80 {
		t.Error("there are too few cases")
	}
}

// account is what the provider would say about the account of the cases.
var account = map[string]string{
	"module.key.data.aws_caller_identity.current.account_id": "111122223333",
	"module.key.data.aws_partition.current.partition":        "aws",
	"module.key.data.aws_partition.current.dns_suffix":       "amazonaws.com",
}

// inAccount replaces what the provider says about the account in all texts of a value.
func inAccount(v reflect.Value) {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			inAccount(v.Index(i))
		}
	}
	if v.Kind() != reflect.Struct {
		return
	}
	if text, ok := v.Addr().Interface().(*Text); ok {
		*text = text.inAccount()
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			inAccount(v.Field(i))
		}
	}
}

func (t Text) inAccount() Text {
	known := Text{Range: t.Range}
	for _, part := range t.Parts {
		if part.Unknown == nil {
			known.write(part.Literal)
			continue
		}
		name, _ := part.Unknown.Symbol()
		if value, ok := account[name]; ok {
			known.write(value)
		} else {
			known.writeUnknown(*part.Unknown)
		}
	}
	return known
}

// askModule lets Terraform plan the policy of the module itself, out of the clone of its repository that
// KMS_REVIEW_KMS_MODULE names, with the account written in: to ask for it would need AWS.
func askModule(t *testing.T) {
	t.Helper()
	plugins, clone := os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS"), os.Getenv("KMS_REVIEW_KMS_MODULE")
	if plugins == "" || clone == "" {
		t.Fatal("KMS_REVIEW_TERRAFORM_PLUGINS and KMS_REVIEW_KMS_MODULE name no provider and no clone of the module")
	}
	cases := casesOf(t, "testdata/known/*.txtar")
	version := regexp.MustCompile(`version = "([0-9.]+)"\n`)
	ask(t, plugins, cases, func(dir string) {
		written := slices.Clone(cases)
		for i, c := range cases {
			tag := version.FindStringSubmatch(c.files["main.tf"])[1]
			policyOf(t, clone, "v"+tag, filepath.Join(dir, "kms_"+tag))
			main := version.ReplaceAllString(c.files["main.tf"], "")
			main = strings.Replace(main, `"terraform-aws-modules/kms/aws"`, fmt.Sprintf("%q", "../kms_"+tag), 1)
			copied := *c
			copied.files = maps.Clone(c.files)
			copied.files["main.tf"] = main
			written[i] = &copied
		}
		configure(t, dir, written)
	})
}

// policyOf writes the variables of a release and its policy document.
func policyOf(t *testing.T, clone, tag, dir string) {
	t.Helper()
	show := func(name string) string {
		out, err := exec.CommandContext(t.Context(), "git", "-C", clone, "show", tag+":"+name).Output()
		if err != nil {
			t.Fatalf("git show %s:%s: %v", tag, name, err)
		}
		return string(out)
	}
	main := show("main.tf")
	parsed, diags := hclparse.NewParser().ParseHCL([]byte(main), "main.tf")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var out strings.Builder
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		_, hasAccount := block.Body.Attributes["account_id"]
		if block.Type == "locals" && hasAccount || block.Type == "data" && block.Labels[0] == "aws_iam_policy_document" {
			out.WriteString(string(hcl.RangeBetween(block.TypeRange, block.CloseBraceRange).SliceBytes([]byte(main))) + "\n")
		}
	}
	text := out.String()
	for name, value := range account {
		name = strings.TrimPrefix(name, "module.key.")
		at := strings.LastIndexByte(name, '.')
		for _, written := range []string{name, name[:at] + "[0]" + name[at:]} {
			text = strings.ReplaceAll(text, written, fmt.Sprintf("%q", value))
		}
	}
	write(t, filepath.Join(dir, "main.tf"), text)
	write(t, filepath.Join(dir, "variables.tf"), show("variables.tf"))
}
