package rules_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/ruletest"
)

// families reads testdata/services: an archive of examples for each family of services, by its name. In them each argument
// that takes a key carries one, and something happens to it that a rule reports.
func families(t *testing.T) map[string][]ruletest.Judged {
	t.Helper()
	files, err := fs.Glob(os.DirFS("testdata/services"), "*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no families of services", err)
	}
	all := map[string][]ruletest.Judged{}
	for _, file := range files {
		text, err := os.ReadFile(path.Join("testdata/services", file))
		if err != nil {
			t.Fatal(err)
		}
		if all[strings.TrimSuffix(file, ".txtar")], err = ruletest.Shared(string(text), rules.ByID); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}

// TestServices runs the examples of all families through the whole analyzer.
func TestServices(t *testing.T) {
	t.Parallel()
	for name, examples := range families(t) {
		for _, example := range examples {
			t.Run(name+"/"+example.Name+"/"+example.Rule.ID, func(t *testing.T) {
				t.Parallel()
				for _, failure := range example.Check(t.Context(), example.Rule) {
					t.Error(failure)
				}
			})
		}
	}
}

// TestEveryPathHasAnExample has each argument of the table of services named by a finding of a family's examples, beside a
// resource of its type. TestServices says that those findings are wanted, so a row that is lost, or that no rule
// reads, is missed here or there.
func TestEveryPathHasAnExample(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, examples := range families(t) {
		for _, example := range examples {
			findings, _, err := example.Says(t.Context(), example.Rule)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				for _, argument := range arguments(f) {
					shown[argument] = true
				}
			}
		}
	}
	for _, row := range services.All() {
		if !shown[row.Type+"."+row.Path] {
			t.Errorf("%s.%s: no example of testdata/services has a finding of it", row.Type, row.Path)
		}
	}
	t.Logf("%d of %d arguments have an example", len(shown), len(services.All()))
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	typeOf   = regexp.MustCompile(`^(aws_\w+)\.[\w-]+$`)
)

// arguments lists the arguments of the table that a message names, as their resource types and paths.
func arguments(f finding.Finding) []string {
	var types []string
	named := map[string]bool{}
	for _, span := range codeSpan.FindAllStringSubmatch(f.Message, -1) {
		named[span[1]] = true
		if typ := typeOf.FindStringSubmatch(span[1]); typ != nil {
			types = append(types, typ[1])
		}
	}
	var all []string
	for _, typ := range types {
		for _, row := range services.Of(typ) {
			if named[row.Path] {
				all = append(all, row.Type+"."+row.Path)
			}
		}
	}
	return all
}
