package terraform

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// templateFile evaluates a template of the repository like one that stands in the configuration, so that a variable
// which is not known does not hide the rest.
func (e evaluator) templateFile(expr *hclsyntax.FunctionCallExpr) Value {
	if len(expr.Args) != 2 || expr.ExpandFinal || e.from != "" {
		return e.compute(expr) // a template must not use another
	}
	out := e.compute(expr)
	if out.failed {
		return out
	}
	v := e.inTemplate(expr)
	if out.Known() && !(v.Known() && out.value.RawEquals(v.value)) {
		return out
	}
	return v // with the places of its parts in the template
}

func (e evaluator) inTemplate(expr *hclsyntax.FunctionCallExpr) Value {
	r := expr.Range()
	name, vars := e.value(expr.Args[0]), e.value(expr.Args[1])
	text, ok := name.Text()
	fields, isObject := vars.Fields()
	if !ok || !isObject {
		return unknownValue(r, "%s", orElse(name.Reason, vars.Reason))
	}
	file := e.scope.fileAt(text)
	if file == nil || file.whole() == nil {
		return unknownValue(r, "the template cannot be read")
	}
	inner := evaluator{scope: e.scope, env: &environment{names: fields}, depth: e.depth, from: file.Path}
	return inner.value(file.whole()).at(r)
}

// file is the content of a file of the repository, with its place.
func (e evaluator) file(expr *hclsyntax.FunctionCallExpr) Value {
	out := e.compute(expr)
	if !out.Known() || len(expr.Args) != 1 || expr.ExpandFinal {
		return out
	}
	name, _ := e.value(expr.Args[0]).Text()
	if file := e.scope.fileAt(name); file != nil && out.IsString(string(file.Bytes)) == True {
		content := out
		end := hcl.Pos{Line: 1 + bytes.Count(file.Bytes, []byte("\n")), Column: 1, Byte: len(file.Bytes)}
		content.Range = hcl.Range{Filename: file.Path, Start: hcl.InitialPos, End: end}
		content.Origin = content.Range
		out.shape = &shape{segments: []Value{content}}
	}
	return out
}

// fileAt reads a file once, as the file functions read it; nil where it cannot be read.
func (s *Scope) fileAt(name string) *File {
	l := s.language()
	name = path.Join(s.workDir(), name)
	file, seen := l.templates[name]
	if !seen {
		content, err := l.table["file"].Call([]cty.Value{cty.StringVal(relative(s.workDir(), name))})
		if err != nil || !content.IsKnown() || content.IsNull() {
			return nil
		}
		file = &File{Path: name, Bytes: []byte(content.AsString())}
		l.register(file)
	}
	return file
}

// rendered is what a data source of the template provider makes: the provider is old, its data sources are many.
// https://registry.terraform.io/providers/hashicorp/template/2.2.0/docs/data-sources/file
func (ref Reference) rendered(r hcl.Range) (Value, bool) {
	if ref.Attribute != "rendered" || ref.scope == nil || !strings.HasPrefix(ref.local(), "data.template_file.") {
		return Value{}, false
	}
	resources := ref.Resources()
	if len(resources) != 1 || ref.Each || resources[0].Exists != True {
		return Value{}, false
	}
	source := resources[0]
	v := ref.scope.memoised(ref.local()+".rendered "+strings.Join(source.Instances, " "), source.render)
	return v.at(r), v.Known() || v.shape != nil
}

func (r *Resource) render() Value {
	template, vars := r.argument("template"), r.argument("vars")
	fields, isObject := vars.Fields()
	content, known := template.Text()
	if !known || !isObject && !vars.Absent() {
		return unknownValue(template.Range, "%s", orElse(template.Reason, vars.Reason))
	}
	file := &File{Path: strings.Join(append(r.Instances, r.Scope.Root, r.Address), " "), Bytes: []byte(content)}
	r.Scope.language().register(file)
	parsed := file.whole()
	if parsed == nil {
		return unknownValue(template.Range, "the template cannot be read")
	}
	v := evaluator{scope: r.Scope, env: &environment{names: fields}, from: file.Path}.value(parsed)
	segments, ok := v.Segments()
	if !ok {
		return unknownValue(template.Range, "%s", v.Reason)
	}
	segments = slices.Clone(segments)
	for i := range segments { // their places are in no file of the repository
		segments[i].Range, segments[i].Origin = template.Range, hcl.Range{}
	}
	return text(segments, template.Range)
}

func (l *language) register(file *File) {
	if l.templates == nil {
		l.templates = map[string]*File{}
	}
	l.templates[file.Path] = file
}

// whole parses a file that is one template.
func (f *File) whole() hclsyntax.Expression {
	at := [2]int{0, len(f.Bytes)}
	parsed, done := f.templates[at]
	if !done {
		f.templates = map[[2]int]hclsyntax.Expression{at: nil}
		if checkNesting(f.Bytes, f.Path) == nil {
			if template, diags := hclsyntax.ParseTemplate(f.Bytes, f.Path, hcl.InitialPos); !diags.HasErrors() {
				parsed = template
				f.templates[at] = template
			}
		}
	}
	return parsed
}
