// Package archtest owns the checks of the architecture: which package may know which, what the analyzer may reach,
// how packages and files look, and that the App's manifest asks for what the code uses. It reads the source with
// go/parser; a test that asked the go command would be answered from the test cache when only other files changed.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/kms-review/kms-review/"
)

// source is one parsed file.
type source struct {
	name string // relative to the repository's root, with slashes
	test bool
	ast  *ast.File
	set  *token.FileSet
}

func (s source) dir() string { return path.Dir(s.name) }

func (s source) line(pos token.Pos) int { return s.set.Position(pos).Line }

// imports lists the paths that a file imports; those of this module without its name.
func (s source) imports() (own, foreign []string) {
	for _, spec := range s.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if short, ok := strings.CutPrefix(name, module); ok {
			own = append(own, short)
		} else {
			foreign = append(foreign, name)
		}
	}
	return own, foreign
}

// parse reads all Go files of the repository.
func parse(t *testing.T) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" && hidden(name)) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if ignored(file) {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		sources = append(sources, source{
			name: filepath.ToSlash(relative), test: strings.HasSuffix(name, "_test.go"), ast: file, set: set,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 50 {
		t.Fatalf("only %d files found: this test looks in the wrong place", len(sources))
	}
	return sources
}

// ignored tells a file that belongs to no package: a generator that somebody runs by hand.
func ignored(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Text == "//go:build ignore" && comment.Pos() < file.Package {
				return true
			}
		}
	}
	return false
}

// hidden tells the testdata directories that hold input of tests from the one that holds a package.
func hidden(dir string) bool { return filepath.Clean(dir) != filepath.Join(root, "testdata") }

// production is what the program is built from: everything but tests and the packages that support them.
func production(all []source) []source {
	support := testSupport(all)
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.test || support[s.dir()] })
}

// testSupport are the packages that import testing outside of their tests.
func testSupport(all []source) map[string]bool {
	found := map[string]bool{}
	for _, file := range all {
		_, foreign := file.imports()
		if !file.test && slices.Contains(foreign, "testing") {
			found[file.dir()] = true
		}
	}
	return found
}
