package archtest

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// mayImport says which packages of ours each package may import. A star stands for anything below. What is not
// here may import nothing of ours, and a package that is not here at all must be given its place first.
//
// The pipeline runs from webhook over queue, source, analyzer and render to publish; no package on the right knows
// one on its left, and app alone wires them.
var mayImport = map[string][]string{
	"analyzer": {
		"analyzer/finding", "analyzer/settings", "analyzer/terraform", "analyzer/policy", "analyzer/kms", "analyzer/rule",
		"analyzer/rules", "analyzer/fix", "analyzer/compare", "analyzer/cost", "analyzer/waiver",
	},
	"analyzer/finding":             {},
	"analyzer/settings":            {"analyzer/finding", "analyzer/kms/services", "analyzer/rule", "analyzer/rules", "analyzer/terraform", "analyzer/waiver"}, // which rules there are to name
	"analyzer/terraform":           {"analyzer/finding", "analyzer/terraform/functions"},
	"analyzer/terraform/functions": {},
	"analyzer/policy":              {"analyzer/finding", "analyzer/terraform"},
	"analyzer/policy/action":       {},
	"analyzer/policy/pattern":      {},
	"analyzer/policy/access":       {"analyzer/terraform", "analyzer/policy", "analyzer/policy/action", "analyzer/policy/pattern"},
	"analyzer/kms/services":        {},
	"analyzer/kms":                 {"analyzer/kms/services", "analyzer/finding", "analyzer/terraform", "analyzer/policy", "analyzer/policy/access"},
	"analyzer/rule":                {"analyzer/finding", "analyzer/terraform", "analyzer/policy", "analyzer/kms"},
	"analyzer/fix":                 {"analyzer/finding", "analyzer/terraform", "analyzer/policy", "analyzer/kms"},
	"analyzer/compare":             {"analyzer/finding", "analyzer/terraform", "analyzer/policy", "analyzer/policy/*", "analyzer/kms"},
	"analyzer/cost":                {"analyzer/finding", "analyzer/terraform", "analyzer/kms"},
	"analyzer/waiver":              {"analyzer/finding", "analyzer/terraform", "analyzer/rule"},
	"analyzer/rules":               {"analyzer/rule", "analyzer/rules/*"},
	"analyzer/rules/*":             {"analyzer/finding", "analyzer/terraform", "analyzer/policy", "analyzer/policy/*", "analyzer/kms", "analyzer/kms/services", "analyzer/cost", "analyzer/rule", "analyzer/fix"},
	"analyzer/ruletest":            {"analyzer", "analyzer/*"},

	"webhook": {},

	"app/change":                 {},
	"app/gh":                     {},
	"app/config":                 {"app/store"},
	"app/store":                  {},
	"app/store/storetest":        {"app/store"},
	"app/queue":                  {"app/store", "webhook"},
	"app/source/git":             {"app/change", "analyzer/terraform"},
	"app/source/github":          {"app/change", "app/gh", "app/store", "app/render", "analyzer/terraform", "analyzer/settings"},
	"app/render":                 {"app/change", "app/render/quote", "analyzer", "analyzer/finding", "analyzer/rules", "analyzer/settings"},
	"app/render/quote":           {},
	"app/render/quote/quotetest": {},
	"app/publish":                {"app/change", "app/gh", "app/store", "app/render"},
	"app/command":                {"app/change", "app/gh"},
	"app/rewrite":                {},
	"app/posture": {
		"analyzer", "analyzer/finding", "analyzer/settings", "analyzer/waiver", "app/change", "app/command", "app/gh", "app/queue",
		"app/review", "app/source/github", "app/store", "webhook",
	},
	"app/posture/report": {"analyzer/finding", "analyzer/rules", "app/posture", "app/render/quote"},
	"app/review": {
		"analyzer", "analyzer/finding", "analyzer/fix", "analyzer/settings", "analyzer/rules", "app/change", "app/gh", "app/source/*",
		"app/render", "app/rewrite", "app/publish", "app/command", "app/queue", "app/store", "webhook",
	},
	"app/simulator":             {"testdata/github"}, // a second opinion on GitHub: it must not share a mistake with our client
	"app/simulator/page":        {"app/simulator"},
	"app/browsertest":           {},
	"app/simulator/conformance": {"app/simulator", "testdata/github"},
	"app/demo":                  {"app", "app/config", "app/simulator", "app/simulator/page"},
	"app": {
		"app/config", "app/gh", "app/posture", "app/posture/report", "app/queue", "app/review", "app/store", "app/publish", "app/source/github", "webhook",
	},
	"app/archtest":    {"app/gh", "webhook"},
	"cmd/kms-review":  {"app", "app/config", "app/demo", "app/render", "app/review", "app/simulator", "analyzer/rules"},
	"testdata/github": {},
}

func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(name, prefix+"/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// allowed finds the row of a package: its own, else that of the star above it.
func allowed(dir string) ([]string, bool) {
	if row, ok := mayImport[dir]; ok {
		return row, true
	}
	for _, pattern := range slices.Sorted(maps.Keys(mayImport)) {
		if matches(pattern, dir) {
			return mayImport[pattern], true
		}
	}
	return nil, false
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, file := range parse(t) {
		if file.test {
			continue // a test may set up what it needs
		}
		row, known := allowed(file.dir())
		if !known {
			t.Errorf("%s: package %s has no row in mayImport: give it its place in the architecture", file.name, file.dir())
			continue
		}
		own, _ := file.imports()
		for _, name := range own {
			if !slices.ContainsFunc(row, func(pattern string) bool { return matches(pattern, name) }) {
				t.Errorf("%s imports %s, which %s must not know", file.name, name, file.dir())
			}
		}
	}
}

// onlyIn keeps a technique in one room, so that it can be replaced there.
var onlyIn = map[string][]string{
	"github.com/riverqueue/river": {"app/queue"},
	"github.com/spf13/cobra":      {"cmd/kms-review"},
	"os/exec":                     {"app/source/git", "app/simulator", "app/demo"},
	"database/sql":                {"app/store", "app/queue"},
	"modernc.org/sqlite":          {"app/store", "app/queue"},
}

func TestTechniquesStayInTheirRoom(t *testing.T) {
	t.Parallel()
	for _, file := range production(parse(t)) {
		_, foreign := file.imports()
		for _, name := range foreign {
			for technique, rooms := range onlyIn {
				if (name == technique || strings.HasPrefix(name, technique+"/")) && !slices.Contains(rooms, file.dir()) {
					t.Errorf("%s imports %s, which belongs in %v", file.name, name, rooms)
				}
			}
		}
	}
}

// impure is what would make the analyzer's answer depend on more than its input, or let a pull request reach out.
// net/url and net/netip only take text apart.
func impure(name string) bool {
	switch name {
	case "net/url", "net/netip":
		return false
	case "net", "os", "os/exec", "os/user", "database/sql", "plugin", "syscall", "unsafe", "math/rand", "math/rand/v2", "crypto/rand":
		return true
	}
	return strings.HasPrefix(name, "net/") || strings.Contains(name, "/go-github/") || strings.Contains(name, "ghinstallation")
}

func TestAnalyzerIsPure(t *testing.T) {
	t.Parallel()
	all := production(parse(t))
	byDir := map[string][]source{}
	for _, file := range all {
		byDir[file.dir()] = append(byDir[file.dir()], file)
	}
	seen := map[string]bool{}
	var visit func(dir, via string)
	visit = func(dir, via string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for _, file := range byDir[dir] {
			own, foreign := file.imports()
			for _, name := range foreign {
				if impure(name) {
					t.Errorf("%s imports %s, and the analyzer reaches it through %s", file.name, name, via)
				}
			}
			for _, name := range own {
				visit(name, via+" > "+name)
			}
			for _, call := range clockCalls(file) {
				t.Errorf("%s:%d reads the clock: the time is part of the analyzer's input", file.name, file.line(call))
			}
		}
	}
	for dir := range byDir {
		if dir == "analyzer" || strings.HasPrefix(dir, "analyzer/") {
			visit(dir, dir)
		}
	}
	if len(seen) < 5 {
		t.Fatalf("only %d packages of the analyzer found", len(seen))
	}
}
