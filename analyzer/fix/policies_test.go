package fix_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestPolicies runs each archive of testdata/policies: the comment's lines are commands on the policies of keys
// (`prepend NAME`, `separate NAME N ACTION...`, `restrict NAME N TEST KEY VALUE`, `replace NAME N`, `add NAME N`,
// `respell NAME N OLD NEW`, N the statement's number from 0), the files are the configuration, and `want/FILE` is FILE after the edits. `nothing` says that no
// edit is possible. What comes out has to parse, and to keep the layout that `terraform fmt` wants.
func TestPolicies(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/policies/*.txtar")
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
			input, want := split(archive)
			texts := applied(t, input, editPolicies(t, string(archive.Comment), input))
			got := &txtar.Archive{Comment: archive.Comment, Files: archive.Files[:len(input.Files):len(input.Files)]}
			after := &txtar.Archive{Files: append([]txtar.File(nil), input.Files...)}
			for i, f := range after.Files {
				if text, edited := texts[f.Name]; edited {
					got.Files = append(got.Files, txtar.File{Name: "want/" + f.Name, Data: text})
					after.Files[i].Data = text
					if !fix.KeepsFormat(f.Data, text) {
						t.Errorf("%s: `terraform fmt` would change it", f.Name)
					}
				}
			}
			for _, key := range snapshot(t, after).Keys {
				if d := snapshot(t, after).Policy(key); d.Invalid() {
					t.Errorf("%s: %v", key.Address, d)
				}
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, wanted(got)); diff != "" {
				t.Errorf("wrong result (-want +got):\n%s", diff)
			}
		})
	}
}

func snapshot(t *testing.T, archive *txtar.Archive) *kms.Snapshot {
	t.Helper()
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	config, err := terraform.Load(t.Context(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Diagnostics) > 0 {
		t.Fatal(config.Diagnostics)
	}
	return kms.Build(config)
}

func editPolicies(t *testing.T, commands string, input *txtar.Archive) []finding.Edit {
	t.Helper()
	s := snapshot(t, input)
	var edits []finding.Edit
	for line := range strings.Lines(commands) {
		words := strings.Fields(line)
		if len(words) < 2 || words[1] == "is" {
			continue
		}
		made := editPolicy(t, s, words)
		if len(made) == 0 && !strings.Contains(commands, "nothing\n") {
			t.Errorf("%s: no edit", line)
		}
		edits = append(edits, made...)
	}
	return edits
}

func editPolicy(t *testing.T, s *kms.Snapshot, words []string) []finding.Edit {
	t.Helper()
	policies := fix.Policies{Source: s.Config.Source}
	var d policy.Document
	for _, key := range s.Keys {
		if key.Name == words[1] {
			d = s.Policy(key)
		}
	}
	var at policy.Statement
	if words[0] != "prepend" {
		at = d.Statements[words[2][0]-'0']
	}
	const root = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"
	switch words[0] {
	case "prepend":
		return policies.Prepend(d, fix.Statement{Sid: "EnableRootAccess", Principal: root, Actions: []string{"kms:*"}})
	case "separate":
		var actions []policy.Text
		for _, item := range at.Actions.Items {
			if known, _ := item.Known(); strings.Contains(strings.Join(words[3:], " "), known) {
				actions = append(actions, item)
			}
		}
		return policies.Separate(at, actions, fix.Statement{Sid: "Grants", Conditions: []fix.Condition{{Test: "Bool", Key: "kms:GrantIsForAWSResource", Value: "true"}}})
	case "restrict":
		return policies.Restrict(at, fix.Condition{Test: words[3], Key: words[4], Value: words[5]})
	case "replace":
		return policies.Replace(at, root)
	case "add":
		return policies.Add(at, fix.Element{JSON: "Resource", Block: "resources", Text: "*"})
	case "respell":
		at := at.Actions.Items[0].Range
		return fix.Rewrite(s.Config.Source(at.Filename), at, func(text string) string { return strings.Replace(text, words[3], words[4], 1) })
	default:
		t.Fatalf("command %q", words[0])
		return nil
	}
}
