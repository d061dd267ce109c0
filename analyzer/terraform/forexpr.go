package terraform

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// item is one element that a for expression or a splat goes over.
type item struct{ key, value Value }

// items lists what a value holds, in Terraform's order; ok is false where that is not known.
func (v Value) items() (items []item, ok bool) {
	if fields, isObject := v.Fields(); isObject {
		for _, name := range sortedKeys(fields) {
			items = append(items, item{Value{state: known, value: cty.StringVal(name)}, fields[name]})
		}
		return items, true
	}
	elements, isList := v.Elements()
	for i, element := range elements {
		key := Value{state: known, value: cty.NumberIntVal(int64(i))}
		if v.state == known && v.value.Type().IsSetType() {
			key = element
		}
		items = append(items, item{key, element})
	}
	return items, isList
}

// forEach keeps what a for expression makes of each element.
func (e evaluator) forEach(expr *hclsyntax.ForExpr) Value {
	source := e.value(expr.CollExpr)
	if ref := source.Reference; ref != nil && ref.Attribute == "" && expr.KeyExpr == nil && expr.CondExpr == nil {
		if all, ok := e.everyInstance(expr, source); ok {
			return all
		}
	}
	items, ok := source.items()
	if !ok || expr.Group {
		return e.compute(expr)
	}
	fields, elements := map[string]Value{}, []Value{}
	for _, it := range items {
		inner := e
		inner.env = &environment{outer: e.env, names: map[string]Value{expr.ValVar: it.value}}
		if expr.KeyVar != "" {
			inner.env.names[expr.KeyVar] = it.key
		}
		if expr.CondExpr != nil {
			switch inner.value(expr.CondExpr).IsTrue() {
			case False:
				continue
			case Undecided:
				return e.compute(expr)
			case True:
			}
		}
		if expr.KeyExpr == nil {
			elements = append(elements, inner.value(expr.ValExpr))
			continue
		}
		key, known := inner.value(expr.KeyExpr).Text()
		if _, twice := fields[key]; !known || twice {
			return e.compute(expr)
		}
		fields[key] = inner.value(expr.ValExpr)
	}
	if expr.KeyExpr == nil {
		return list(elements, expr.Range())
	}
	return object(fields, expr.Range())
}

// everyInstance understands a for expression over a resource that says the same as a splat: [for r in x.y : r.arn].
func (e evaluator) everyInstance(expr *hclsyntax.ForExpr, source Value) (all Value, ok bool) {
	inner := e
	inner.env = &environment{outer: e.env, names: map[string]Value{expr.ValVar: source}}
	if expr.KeyVar != "" {
		inner.env.names[expr.KeyVar] = unknownValue(expr.Range(), "%s", source.Reason)
	}
	each := inner.value(expr.ValExpr)
	if ref := each.Reference; ref == nil || ref.Address != source.Reference.Address || ref.Attribute == "" {
		return Value{}, false
	}
	return each.referring(func(ref *Reference) { ref.Each = true }).at(expr.Range()), true
}

// splat is a for expression in short. Over a resource it stands for all instances.
func (e evaluator) splat(expr *hclsyntax.SplatExpr) Value {
	source := e.value(expr.Source)
	if source.Reference != nil && source.Reference.Attribute == "" {
		each := e.overItem(expr, source)
		if n, known := e.scope.howMany(source.Reference.Address); known && n <= 1 {
			return list([]Value{each}[:n], expr.Range())
		}
		v := unknownValue(expr.Range(), "%s", each.Reason)
		if each.Reference != nil {
			v = each.referring(func(ref *Reference) { ref.Each = true }).at(expr.Range())
		}
		return v
	}
	items, ok := source.items()
	if !ok {
		return e.compute(expr)
	}
	elements := []Value{}
	for _, it := range items {
		elements = append(elements, e.overItem(expr, it.value))
	}
	return list(elements, expr.Range())
}

// overItem evaluates what follows a splat for one element. hclsyntax writes that as traversals over an anonymous
// symbol.
func (e evaluator) overItem(expr *hclsyntax.SplatExpr, element Value) Value {
	switch each := expr.Each.(type) {
	case *hclsyntax.AnonSymbolExpr:
		return element
	case *hclsyntax.RelativeTraversalExpr:
		if _, direct := each.Source.(*hclsyntax.AnonSymbolExpr); direct {
			return e.steps(element, each.Traversal, expr.Range())
		}
	}
	return unknownValue(expr.Range(), "the splat is not understood")
}
