package settings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"flag"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
)

var update = flag.Bool("update", false, "write the results into testdata")

// TestLoad runs each archive of testdata: `org` and `repo` are the files, `want` says what holds and what is
// wrong.
func TestLoad(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var org, repo *settings.File
			want := ""
			kept := &txtar.Archive{Comment: archive.Comment}
			for _, f := range archive.Files {
				switch f.Name {
				case "org":
					org = &settings.File{Origin: "acme/.github", Text: f.Data}
				case "repo":
					repo = &settings.File{Origin: "acme/infra", Text: f.Data}
				case "want":
					want = string(f.Data)
					continue
				}
				kept.Files = append(kept.Files, f)
			}
			got := describe(settings.Load(org, repo))
			if *update {
				kept.Files = append(kept.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(kept), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func describe(s settings.Settings, diags []finding.Diagnostic) string {
	var out strings.Builder
	failOn := s.FailOn.String()
	if s.FailOn == 0 {
		failOn = "never"
	}
	var rules []string
	for id, on := range s.Rules {
		rules = append(rules, fmt.Sprintf("%s=%v", id, on))
	}
	sort.Strings(rules)
	fmt.Fprintf(&out, "fail_on %s, rules %v, ignore %q, drafts %s, comments %s %d, from %q\n",
		failOn, rules, s.IgnoredPaths, s.Drafts, s.CommentSeverity, s.CommentLimit, s.Sources)
	if !slices.Equal(s.ExamplePaths, settings.Default().ExamplePaths) {
		fmt.Fprintf(&out, "examples %q\n", s.ExamplePaths)
	}
	for _, v := range s.VarFiles {
		fmt.Fprintf(&out, "var files of %s: %q\n", v.Dirs, v.Files)
	}
	if s.Options.TrustedAccounts != nil {
		fmt.Fprintf(&out, "trusted %q\n", s.Options.TrustedAccounts)
	}
	if s.Options.EBSEncryptedByDefault || s.Options.CustomerKeyRequired != nil {
		fmt.Fprintf(&out, "volumes encrypted %v, customer keys for %q\n", s.Options.EBSEncryptedByDefault, s.Options.CustomerKeyRequired)
	}
	for _, d := range diags {
		fmt.Fprintf(&out, "%s %s:%d: %s: %s\n", d.Severity, d.File, d.StartLine, d.Summary, d.Detail)
	}
	return out.String()
}

// TestBounds asserts that files made to exhaust memory or time are refused with a message.
func TestBounds(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for name, text := range map[string]string{
		"large":   "fail_on: low\n#" + strings.Repeat("x", 70_000),
		"aliases": bomb.String(),
		"deep":    strings.Repeat("[", 60_000),
		"binary":  "fail_on: \x00\x01",
	} {
		s, diags := settings.Load(nil, &settings.File{Origin: "acme/infra", Text: []byte(text)})
		if len(diags) == 0 || s.FailOn != finding.High || len(s.Sources) != 0 {
			t.Errorf("%s: %+v %+v", name, s, diags)
		}
	}
}

// FuzzLoad asserts that no file makes Load fail, that what is refused has no effect, and that a repository's
// file never lowers the floor.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "fail_on: never\n", "rules:\n  KMS101: off\n  rotation-turned-off: on\n", "ignore_paths: ['**/x', \"[\"]\n", "comments: {severity: low, limit: 3}\n",
		"a: &a [*a]\n", "<<: {fail_on: low}\n", "? {}\n", "fail_on: [low]\n", "floor: {fail_on: low}\n", "var_files: {'a/*': [x.tfvars, ../y.tfvars.json, /z.tfvars]}\n", "rules: null\n", "customer_key_required: [aws_sqs_*, 'aws_[']\nebs_encrypted_by_default: yes\n", "trusted_accounts: [111122223333, o-a1b2c3d4e5]\n", "--- {}\n--- {}\n",
	} {
		f.Add([]byte(seed))
	}
	org := &settings.File{Origin: "acme/.github", Text: []byte("floor:\n  fail_on: medium\n  rules: [KMS101]\n")}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, diags := settings.Load(org, &settings.File{Origin: "acme/infra", Text: text})
		if s.FailOn != finding.Low && s.FailOn != finding.Medium || !s.Rules["KMS101"] {
			t.Fatalf("the floor was lowered: %+v", s)
		}
		if len(diags) > 0 && len(s.Sources) != 1 || len(diags) == 0 && len(s.Sources) != 2 {
			t.Fatalf("%v, and used: %v", diags, s.Sources)
		}
		if s.CommentLimit < 0 || s.CommentLimit > 20 || s.CommentSeverity == 0 {
			t.Fatalf("out of bounds: %+v", s)
		}
		for _, d := range diags {
			if d.StartLine < 0 || strings.Contains(d.Detail, "settings.") || d.Detail == "" {
				t.Fatalf("an unfit message: %+v", d)
			}
		}
	})
}
