package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// json evaluates an expression of the JSON syntax: lists, objects, and strings, which are templates.
// https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
func (e evaluator) json(expr hcl.Expression) Value {
	r := expr.Range()
	if exprs, diags := hcl.ExprList(expr); !diags.HasErrors() && len(exprs) <= maxParts {
		elements := make([]Value, 0, len(exprs))
		for _, element := range exprs {
			elements = append(elements, e.value(element))
		}
		return list(elements, r)
	}
	if pairs, diags := hcl.ExprMap(expr); !diags.HasErrors() {
		return e.jsonObject(expr, pairs)
	}
	raw, diags := expr.Value(nil)
	if diags.HasErrors() || raw.IsNull() || !raw.IsKnown() || raw.Type() != cty.String {
		return e.compute(expr)
	}
	written := e.scope.file(r)
	if written == nil {
		return e.compute(expr)
	}
	template := written.template(r, raw.AsString())
	if template == nil {
		return e.compute(expr)
	}
	v := e.value(template)
	v.Origin = hcl.Range{} // JSON is not edited
	return v.at(r)
}

func (e evaluator) jsonObject(expr hcl.Expression, pairs []hcl.KeyValuePair) Value {
	fields := map[string]Value{}
	for _, pair := range pairs {
		name, ok := e.value(pair.Key).Text()
		if !ok || len(fields) >= maxParts {
			return e.compute(expr)
		}
		fields[name] = e.value(pair.Value)
	}
	return object(fields, expr.Range())
}

// template parses a string of a JSON file, once; nil for one that is no template. Places in it are those of the
// string, as far as it has no escapes.
func (f *File) template(r hcl.Range, text string) hclsyntax.Expression {
	at := [2]int{r.Start.Byte, r.End.Byte}
	if parsed, done := f.templates[at]; done {
		return parsed
	}
	if f.templates == nil {
		f.templates = map[[2]int]hclsyntax.Expression{}
	}
	f.templates[at] = nil
	start := r.Start
	start.Byte++
	start.Column++
	if checkNesting([]byte(text), r.Filename) != nil {
		return nil
	}
	parsed, diags := hclsyntax.ParseTemplate([]byte(text), r.Filename, start)
	if !diags.HasErrors() {
		f.templates[at] = parsed
	}
	return f.templates[at]
}
