package terraform

import (
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
	r := expr.Range()
	if len(expr.Args) != 2 || expr.ExpandFinal || e.from != "" {
		return e.compute(expr) // a template must not use another
	}
	if out := e.compute(expr); out.Known() || out.failed {
		return out
	}
	name, vars := e.value(expr.Args[0]), e.value(expr.Args[1])
	text, ok := name.Text()
	fields, isObject := vars.Fields()
	if !ok || !isObject {
		return unknownValue(r, "%s", orElse(name.Reason, vars.Reason))
	}
	file, parsed := e.scope.templateAt(text)
	if parsed == nil {
		return unknownValue(r, "the template cannot be read")
	}
	inner := evaluator{scope: e.scope, env: &environment{names: fields}, depth: e.depth, from: file.Path}
	return inner.value(parsed).at(r)
}

// templateAt reads and parses a file once, as the file functions read it; nil where it is no template.
func (s *Scope) templateAt(name string) (*File, hclsyntax.Expression) {
	l := s.language()
	name = path.Join(s.workDir(), name)
	file, seen := l.templates[name]
	if !seen {
		if content, err := l.table["file"].Call([]cty.Value{cty.StringVal(relative(s.workDir(), name))}); err == nil && content.IsKnown() && !content.IsNull() {
			file = &File{Path: name, Bytes: []byte(content.AsString())}
		}
		if file == nil {
			return nil, nil
		}
		l.register(file)
	}
	return file, file.whole()
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
	template, vars := r.Attr("template"), r.Attr("vars")
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
