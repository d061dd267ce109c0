package rules_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/ruletest"
)

// TestSpecifications runs every example of every rule through the whole analyzer.
func TestSpecifications(t *testing.T) {
	t.Parallel()
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			examples, err := ruletest.Examples(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, example := range examples {
				t.Run(example.Name, func(t *testing.T) {
					t.Parallel()
					for _, failure := range example.Check(t.Context(), r) {
						t.Error(failure)
					}
				})
			}
			complete(t, r, examples)
		})
	}
}

var update = flag.Bool("update", false, "write testdata/messages.golden and README.md")

// TestMessages pins what a reader sees of each example, and of all rules together.
func TestMessages(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, r := range rules.All() {
		examples, err := ruletest.Examples(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range examples {
			findings, undecided, err := e.Says(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				fmt.Fprintf(&got, "%s %s %s:%d-%d %s\n  %s\n", r.ID, e.Name, f.File, f.StartLine, f.EndLine, f.Severity, f.Message)
				for _, evidence := range f.Evidence {
					fmt.Fprintf(&got, "  see %s:%d: %s\n", evidence.File, evidence.StartLine, evidence.Note)
				}
			}
			for _, u := range undecided {
				fmt.Fprintf(&got, "%s %s %s:%d undecided\n  %s\n", r.ID, e.Name, u.File, u.StartLine, u.Reason)
			}
		}
	}
	golden(t, "testdata/messages.golden", got.String())
	golden(t, "README.md", index(t))
}

// index is the index of the rules, with links to their specifications.
func index(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	err := rules.Markdown(&out, func(r rule.Rule) string {
		stem := strings.ReplaceAll(r.Name, "-", "_")
		files, _ := filepath.Glob("*/" + stem + ".txtar")
		if len(files) != 1 {
			t.Errorf("%s: want one specification %s.txtar, found %v", r.ID, stem, files)
			return ""
		}
		return filepath.ToSlash(files[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// golden compares a text with a file of this directory.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s changed; if it should, run with -update (-want +got):\n%s", file, diff)
	}
}

// complete asserts that a specification shows the rule from every side.
func complete(t *testing.T, r rule.Rule, examples []ruletest.Example) {
	has := func(what string, is func(ruletest.Example) bool) {
		t.Helper()
		if !slices.ContainsFunc(examples, is) {
			t.Errorf("the specification of %s has no example that is %s", r.ID, what)
		}
	}
	named := func(prefix string) func(ruletest.Example) bool {
		return func(e ruletest.Example) bool { return strings.HasPrefix(e.Name, prefix) }
	}
	has("reported", ruletest.Example.Wants)
	has("silent because it is right (right-*)", named("right-"))
	has("silent because it is unknown (unknown-*)", named("unknown-"))
	has("silent because the rule does not apply (other-*)", named("other-"))
	if strings.Contains(r.Spec, ".fixed --") == strings.Contains(r.Page(), "No suggestion") {
		t.Errorf("%s: the prose says \"No suggestion\" if and only if no example is fixed", r.ID)
	}
	for _, e := range examples {
		if silent := named("right-")(e) || named("other-")(e); silent && (e.Wants() || e.Undecided()) || named("unknown-")(e) && e.Wants() {
			t.Errorf("%s: %s is not silent", r.ID, e.Name)
		}
	}
}

var headings = []string{"## Why it matters", "## How to fix it", "## When it does not apply", "## Links"}

// TestList compares the list with the files beside it.
func TestList(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	ids, previous := map[string]bool{}, ""
	for _, r := range rules.All() {
		if ids[r.ID] || ids[r.Name] || r.ID <= previous || !regexp.MustCompile(`^KMS[1-9][0-9]{2}$`).MatchString(r.ID) {
			t.Errorf("%s %s: used twice, out of order or malformed", r.ID, r.Name)
		}
		ids[r.ID], ids[r.Name], previous = true, true, r.ID
		listed[strings.ReplaceAll(r.Name, "-", "_")] = true
		if r.Title == "" || r.Severity == 0 || r.Check == nil || len(r.References) == 0 || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s is not complete", r.ID)
		}
		if !strings.HasPrefix(r.Page(), "# "+r.ID+" "+r.Name+": "+r.Title+"\n") {
			t.Errorf("%s: the page does not begin with its title: %.80q", r.ID, r.Page())
		}
		for _, heading := range headings {
			if !strings.Contains(r.Page(), "\n"+heading+"\n") {
				t.Errorf("%s: the page has no %q", r.ID, heading)
			}
		}
		for _, url := range r.References {
			if !strings.Contains(r.Page(), "<"+url+">") {
				t.Errorf("%s: the page does not link to %s", r.ID, url)
			}
		}
		if found, ok := rules.ByID(strings.ToLower(r.ID)); !ok || found.Name != r.Name {
			t.Errorf("%s is not found by its ID", r.ID)
		}
		if found, ok := rules.ByID(r.Name); !ok || found.ID != r.ID {
			t.Errorf("%s is not found by its name", r.Name)
		}
	}
	code, specs := stems(t, ".go"), stems(t, ".txtar")
	for stem := range listed {
		if !code[stem] || !specs[stem] {
			t.Errorf("rule %s lacks %s.go or %s.txtar", stem, stem, stem)
		}
	}
	for stem := range specs {
		if !listed[stem] {
			t.Errorf("%s.txtar belongs to no rule in the list", stem)
		}
	}
	if _, ok := rules.ByID("KMS000"); ok {
		t.Error("KMS000 is found")
	}
}

// stems lists the names of the files below this directory with an ending.
func stems(t *testing.T, ending string) map[string]bool {
	found := map[string]bool{}
	paths, err := fs.Glob(os.DirFS("."), "*/*"+ending)
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(paths)
	for _, path := range paths {
		stem := strings.TrimSuffix(path[strings.Index(path, "/")+1:], ending)
		if found[stem] && ending == ".txtar" {
			t.Errorf("two files are called %s%s", stem, ending)
		}
		found[stem] = true
	}
	return found
}
