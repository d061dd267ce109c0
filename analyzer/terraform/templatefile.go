package terraform

import (
	"path"

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
		if l.templates == nil {
			l.templates = map[string]*File{}
		}
		l.templates[name] = file
	}
	if file == nil {
		return nil, nil
	}
	return file, file.whole()
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
