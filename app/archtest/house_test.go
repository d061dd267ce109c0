package archtest

import (
	"bytes"
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTopLevelIsFixed(t *testing.T) {
	t.Parallel()
	fixed := []string{"cmd", "app", "analyzer", "webhook", "deploy", "testdata", "go.mod", "go.sum", "app.yml", "README.md", "LICENSE"}
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		byGit := slices.ContainsFunc(strings.Fields(string(ignored)), func(pattern string) bool {
			ok, err := path.Match(strings.Trim(pattern, "/"), name)
			return ok && err == nil
		})
		if !strings.HasPrefix(name, ".") && !byGit && !slices.Contains(fixed, name) {
			t.Errorf("%s has no place at the top of the repository, which holds %v", name, fixed)
		}
	}
	for _, name := range fixed {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestPackagesSayWhatTheyOwn(t *testing.T) {
	t.Parallel()
	docs := map[string]string{}
	names := map[string]string{}
	for _, file := range parse(t) {
		dir := file.dir()
		if file.test && dir != "app/archtest" {
			continue
		}
		names[dir] = file.ast.Name.Name
		docs[dir] += file.ast.Doc.Text()
	}
	for dir, doc := range docs {
		start := "Package " + names[dir] + " "
		if names[dir] == "main" {
			start = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(doc, start) {
			t.Errorf("%s has no package comment that begins with %q", dir, start)
		}
		if strings.Count(doc, start) > 1 {
			t.Errorf("%s has two package comments", dir)
		}
	}
}

func TestPackagesAreNamedForWhatTheyOwn(t *testing.T) {
	t.Parallel()
	vague := []string{"internal", "pkg", "util", "utils", "common", "helper", "helpers", "models", "types", "base", "misc", "shared"}
	for _, file := range parse(t) {
		for part := range strings.SplitSeq(file.dir(), "/") {
			if slices.Contains(vague, part) {
				t.Errorf("%s lies in %q, a name that says nothing about what belongs there", file.name, part)
			}
		}
	}
}

func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, file := range parse(t) {
		for _, decl := range file.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init runs without being called; let the caller wire it", file.name, file.line(f.Pos()))
			}
		}
	}
}

// TestProductionDoesNotKnowTests finds a package that imports testing and is imported by one that does not: all that
// the program is built from is imported by something, so such a package is part of it.
func TestProductionDoesNotKnowTests(t *testing.T) {
	t.Parallel()
	all := parse(t)
	support := testSupport(all)
	for _, file := range production(all) {
		own, foreign := file.imports()
		for _, name := range foreign {
			if strings.HasPrefix(name, "testing/") || name == "net/http/httptest" {
				t.Errorf("%s imports %s", file.name, name)
			}
		}
		for _, name := range own {
			if support[name] {
				t.Errorf("%s imports %s, which imports testing", file.name, name)
			}
		}
	}
}

// TestInterfacesAreFew counts the interfaces with methods. Each is a place where a reader cannot follow a call, so
// there are few, they are small, and tests fake the server and not the client.
func TestInterfacesAreFew(t *testing.T) {
	t.Parallel()
	const most, mostMethods = 8, 3
	var found []string
	for _, file := range production(parse(t)) {
		ast.Inspect(file.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && methods(i) > 0 {
				found = append(found, file.dir()+"."+spec.Name.Name)
				if methods(i) > mostMethods {
					t.Errorf("%s:%d: interface %s has %d methods, more than %d", file.name, file.line(spec.Pos()), spec.Name.Name, methods(i), mostMethods)
				}
			}
			return true
		})
	}
	if len(found) > most {
		t.Errorf("%d interfaces, more than %d: %v", len(found), most, found)
	}
}

func methods(i *ast.InterfaceType) int {
	n := 0
	for _, field := range i.Methods.List {
		n += len(field.Names)
	}
	return n
}

// TestNoContextInAStruct keeps a context from outliving the call that it belongs to.
func TestNoContextInAStruct(t *testing.T) {
	t.Parallel()
	for _, file := range production(parse(t)) {
		ast.Inspect(file.ast, func(n ast.Node) bool {
			structure, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range structure.Fields.List {
				if selector(field.Type) == "context.Context" {
					t.Errorf("%s:%d: a struct holds a context", file.name, file.line(field.Pos()))
				}
			}
			return true
		})
	}
}

func TestMainIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "cmd/kms-review/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines >= 40 {
		t.Errorf("main.go has %d lines; what a command does belongs in app", lines)
	}
}

// selector is "package.Name" for such an expression, else "".
func selector(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + s.Sel.Name
}

// clockCalls finds where a file asks what time it is.
func clockCalls(file source) []token.Pos {
	var calls []token.Pos
	ast.Inspect(file.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch selector(call.Fun) {
			case "time.Now", "time.Since", "time.Until":
				calls = append(calls, call.Pos())
			}
		}
		return true
	})
	return calls
}
