package fix_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
)

// pieces are put together to blocks in every order of up to three: what stands beside an edit decides whether
// the formatter moves it.
var pieces = []string{
	"  count = 1\n",
	"  description = \"data\"\n",
	"  deletion_window_in_days = 7 # days\n",
	"  bypass_policy_lockout_safety_check = false // no\n",
	"  customer_master_key_spec = \"RSA_2048\"\n  key_usage = \"SIGN_VERIFY\" # both\n",
	"  enable_key_rotation = true # rotates\n  rotation_period_in_days = 100\n",
	"  rotation_period_in_days = 100\n",
	"  tags = { # tags\n    Name = \"x\" # name\n  }\n",
	"  policy = <<-EOT\n    {}\n  EOT\n",
	"  # a comment\n",
	"  /* another */ is_enabled = true\n",
	"\n",
	"  lifecycle { # keep\n    prevent_destroy = true # really\n  }\n",
	"  multi_region = true ? true : false\n",
}

func shapes() []string {
	bodies := []string{""}
	for start, depth := 0, 0; depth < 3; depth++ {
		end := len(bodies)
		for _, prefix := range bodies[start:end] {
			for _, piece := range pieces {
				if _, diags := hclsyntax.ParseConfig([]byte(prefix+piece), "", hcl.InitialPos); !diags.HasErrors() {
					bodies = append(bodies, prefix+piece)
				}
			}
		}
		start = end
	}
	var out []string
	for _, body := range bodies {
		text := "resource \"aws_kms_key\" \"a\" {\n" + body + "}\n\nlocals { # next\n}\n"
		out = append(out, string(hclwrite.Format([]byte(text))))
	}
	for _, text := range []string{
		"resource \"aws_kms_key\" \"a\" {}\n",
		"resource \"aws_kms_key\" \"a\" { description = \"x\" } # one\nlocals {} # two\n",
	} {
		out = append(out, string(hclwrite.Format([]byte(text))))
	}
	return out
}

// TestTerraformFormatsEdits holds each edit of each shape against the real `terraform fmt`.
func TestTerraformFormatsEdits(t *testing.T) {
	t.Parallel()
	terraform := require(t, "terraform")
	dir, count := t.TempDir(), 0
	for _, source := range shapes() {
		input := &txtar.Archive{Files: []txtar.File{{Name: "main.tf", Data: []byte(source)}}}
		r := load(t, input).Resource(".", "aws_kms_key.a")
		for operation, edits := range map[string][]finding.Edit{
			"insert": fix.Set(r, "enable_key_rotation", r.Attr("enable_key_rotation"), "true"),
			"set":    fix.Set(r, "deletion_window_in_days", r.Attr("deletion_window_in_days"), "30"),
			"remove": fix.Remove(r, "enable_key_rotation", "rotation_period_in_days"),
		} {
			if len(edits) == 0 {
				if operation == "insert" && !strings.Contains(source, "enable_key_rotation") {
					t.Errorf("no way to insert into\n%s", source)
				}
				continue
			}
			count++
			name := filepath.Join(dir, fmt.Sprintf("%05d_%s.tf", count, operation))
			if err := os.WriteFile(name, applied(t, input, edits)["main.tf"], 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if count < 1000 {
		t.Fatalf("only %d edits were tried", count)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, terraform, "fmt", "-check", "-diff", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("terraform fmt does not accept all of %d edits: %v\n%.4000s", count, err, out)
	}
}

// require finds a program, and skips the test where it is not installed and not demanded.
func require(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("KMS_REVIEW_REQUIRE"), ","), name) {
		t.Fatalf("%s is demanded by KMS_REVIEW_REQUIRE: %v", name, err)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// FuzzEdits asserts that an edit of any file that parses gives a file that parses, with nothing but the named
// argument changed, and that the suggestion says the same as the edits.
func FuzzEdits(f *testing.F) {
	for _, seed := range []string{
		"resource \"aws_kms_key\" \"a\" {}", "resource \"aws_kms_key\" \"a\" { b = 1 }\n",
		"resource \"aws_kms_key\" \"a\" {\r\n  b = 1 # c\r\n\r\n  enable_key_rotation = false\r\n}\r\n",
		"resource \"aws_kms_key\" \"a\" {\n  b = <<X\nX\n  rotation_period_in_days = 1 /* a\n b */\n}",
		"resource \"aws_kms_key\" \"a\" { /* x */ }", "resource \"aws_kms_key\" \"a\" {\n b {}\n}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if len(source) > 2000 {
			return
		}
		input := &txtar.Archive{Files: []txtar.File{{Name: "main.tf", Data: source}}}
		snapshot, ok := tryLoad(input)
		if !ok {
			return
		}
		for _, r := range snapshot.Resources() {
			for _, edits := range [][]finding.Edit{
				fix.Set(r, "enable_key_rotation", r.Attr("enable_key_rotation"), "true"),
				fix.Remove(r, "enable_key_rotation", "rotation_period_in_days"),
			} {
				if len(edits) > 0 {
					checkEdit(t, input, edits)
				}
			}
		}
	})
}

func checkEdit(t *testing.T, input *txtar.Archive, edits []finding.Edit) {
	source := input.Files[0].Data
	after := applied(t, input, edits)["main.tf"]
	if _, ok := tryLoad(&txtar.Archive{Files: []txtar.File{{Name: "main.tf", Data: after}}}); !ok {
		t.Fatalf("broken by an edit:\n%q\n%q", source, after)
	}
	if !fix.KeepsFormat(source, after) {
		t.Fatalf("layout spoilt:\n%s\n%s", source, after)
	}
	suggestion, err := fix.Suggestion(source, edits)
	if err != nil {
		return
	}
	if got := fix.ApplySuggestion(source, *suggestion); !bytes.Equal(bytes.TrimRight(got, "\r\n"), bytes.TrimRight(after, "\r\n")) {
		t.Fatalf("the suggestion %+v gives\n%q, the edits\n%q", suggestion, got, after)
	}
}
