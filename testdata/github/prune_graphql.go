//go:build ignore

// Command prune_graphql cuts GitHub's GraphQL schema down to the fields named in graphql.keep and drops all prose.
//
//	go run prune_graphql.go package/schema.graphql > schema.graphql
//
// The argument is the file of that name in the npm package @octokit/graphql-schema.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run prune_graphql.go package/schema.graphql > schema.graphql")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	doc, err := parser.ParseSchema(&ast.Source{Name: os.Args[1], Input: string(text)})
	if err != nil {
		log.Fatal(err)
	}
	keep, err := readKeep("graphql.keep")
	if err != nil {
		log.Fatal(err)
	}
	pruned, err := prune(doc, keep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("# Pruned by prune_graphql.go from the npm package @octokit/graphql-schema (MIT); see README.md.")
	formatter.NewFormatter(os.Stdout, formatter.WithIndent("  "), formatter.WithoutDescription()).FormatSchemaDocument(pruned)
}

// readKeep reads "Type: field field" lines.
func readKeep(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	keep := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, fields, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("%s: no colon in %q", path, line)
		}
		keep[name] = strings.Fields(fields)
	}
	return keep, lines.Err()
}

func prune(doc *ast.SchemaDocument, keep map[string][]string) (*ast.SchemaDocument, error) {
	types := map[string]*ast.Definition{}
	for _, d := range doc.Definitions {
		types[d.Name] = d
	}
	needed := map[string]bool{}
	var need func(t *ast.Type)
	need = func(t *ast.Type) {
		name := t.Name()
		d := types[name]
		if d == nil || needed[name] { // a scalar of the language, or done
			return
		}
		switch d.Kind {
		case ast.Scalar, ast.Enum:
			needed[name] = true
		case ast.InputObject:
			needed[name] = true
			for _, f := range d.Fields {
				need(f.Type)
			}
		}
	}
	for name, fields := range keep {
		d := types[name]
		if d == nil {
			return nil, fmt.Errorf("no type %s", name)
		}
		needed[name] = true
		d.Fields = slices.DeleteFunc(d.Fields, func(f *ast.FieldDefinition) bool { return !slices.Contains(fields, f.Name) })
		if len(d.Fields) != len(fields) {
			return nil, fmt.Errorf("type %s has not all of %v", name, fields)
		}
		for _, f := range d.Fields {
			if target := types[f.Type.Name()]; target != nil && keep[f.Type.Name()] == nil && target.IsCompositeType() {
				return nil, fmt.Errorf("%s.%s: type %s is not kept", name, f.Name, f.Type.Name())
			}
			need(f.Type)
			for _, a := range f.Arguments {
				need(a.Type)
			}
		}
		d.Interfaces = slices.DeleteFunc(d.Interfaces, func(i string) bool { return !contains(fields, keep[i]) })
	}
	out := &ast.SchemaDocument{Schema: doc.Schema}
	for _, d := range doc.Definitions {
		if needed[d.Name] {
			strip(d)
			out.Definitions = append(out.Definitions, d)
		}
	}
	slices.SortFunc(out.Definitions, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// contains tells whether a type has all that is kept of an interface; else it no longer implements it.
func contains(fields, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(fields, w) {
			return false
		}
	}
	return len(wanted) > 0
}

// strip drops directives: those of GitHub say only which are previews.
func strip(d *ast.Definition) {
	d.Directives = nil
	for _, f := range d.Fields {
		f.Directives = nil
		for _, a := range f.Arguments {
			a.Directives = nil
		}
	}
	for _, v := range d.EnumValues {
		v.Directives = nil
	}
}
