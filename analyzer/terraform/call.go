package terraform

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// structural are the functions that put structures together without looking into their leaves, so that the parts
// of an unknown whole survive. Each gets the evaluated arguments; ok is false where it has to be computed as a
// whole.
var structural = map[string]func(call *hclsyntax.FunctionCallExpr, args []Value) (v Value, ok bool){
	"jsonencode":   encodeJSON,
	"merge":        merge,
	"concat":       concat,
	"flatten":      flatten,
	"tolist":       same,
	"toset":        same,
	"tomap":        same,
	"tostring":     same,
	"sensitive":    same,
	"nonsensitive": same,
	"one":          one,
	"try":          try,
	"coalesce":     coalesce,
	"lookup":       lookup,
	"values":       values,
	"join":         joined,
	"element":      element,
}

func (e evaluator) call(expr *hclsyntax.FunctionCallExpr) Value {
	apply, keeps := structural[expr.Name]
	if !keeps || expr.ExpandFinal {
		return e.compute(expr)
	}
	args := make([]Value, 0, len(expr.Args))
	whole := true
	for _, arg := range expr.Args {
		v := e.value(arg)
		whole = whole && v.Known()
		args = append(args, v)
	}
	if whole && expr.Name != "jsonencode" {
		out := e.compute(expr)
		if out.Known() {
			if kept, ok := apply(expr, args); ok && kept.shape != nil && out.value.RawEquals(kept.value) {
				return kept // the same value, with the places of its parts
			}
			return out
		}
	}
	if v, ok := apply(expr, args); ok {
		return v
	}
	return e.compute(expr)
}

// encodeJSON keeps what it was given beside the text: cty's own jsonencode makes one unknown leaf a wholly
// unknown text.
func encodeJSON(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	v := unknownValue(call.Range(), "%s", orElse(args[0].Reason, "a part of its value is known only after apply"))
	if args[0].Known() {
		if text, err := jsonEncode(args[0].value); err == nil {
			v = Value{state: known, value: cty.StringVal(text), Range: call.Range()}
		}
	}
	v.shape = &shape{encoded: &args[0]}
	return v, true
}

// merge needs the names of all members; a null argument counts as empty.
func merge(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	merged := map[string]Value{}
	for _, arg := range args {
		if arg.Absent() {
			continue
		}
		fields, ok := arg.Fields()
		if !ok {
			return Value{}, false
		}
		for name, field := range fields {
			merged[name] = field
		}
	}
	return object(merged, call.Range()), true
}

func concat(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	var all []Value
	for _, arg := range args {
		elements, ok := arg.Elements()
		if !ok || len(all)+len(elements) > maxParts {
			return Value{}, false
		}
		all = append(all, elements...)
	}
	return list(nonNil(all), call.Range()), true
}

func flatten(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	flat, ok := flattened(args[0], 0)
	return list(nonNil(flat), call.Range()), ok && len(flat) <= maxParts
}

func flattened(v Value, depth int) ([]Value, bool) {
	elements, ok := v.Elements()
	if !ok || depth > maxDepth {
		return nil, false
	}
	var flat []Value
	for _, element := range elements {
		if _, isList := element.Elements(); isList {
			inner, innerOK := flattened(element, depth+1)
			if !innerOK {
				return nil, false
			}
			flat = append(flat, inner...)
			continue
		}
		if element.Unknown() && element.shape == nil && element.Reference == nil {
			return nil, false // it may be a list of any length
		}
		flat = append(flat, element)
	}
	return flat, true
}

func same(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 1 || args[0].Known() && args[0].shape == nil {
		return Value{}, false
	}
	return args[0].at(call.Range()), true
}

// one gives the element of a list of one, and null for none.
func one(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	if args[0].Reference != nil {
		return args[0].single().at(call.Range()), true // of a splat over a resource
	}
	elements, ok := args[0].Elements()
	switch {
	case !ok || len(elements) > 1:
		return Value{}, false
	case len(elements) == 0:
		return Value{state: absent, Range: call.Range()}, true
	default:
		return elements[0].at(call.Range()), true
	}
}

// try is decided by its first argument only where that certainly does not fail: a structure, or a reference.
func try(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) == 0 || args[0].Unknown() && args[0].shape == nil {
		return Value{}, false
	}
	return args[0].at(call.Range()), true
}

// coalesce takes the first argument that has a value and is no empty text.
func coalesce(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	for _, arg := range args {
		text, isText := arg.Text()
		switch {
		case arg.Absent() || isText && text == "":
			continue
		case arg.Known() || arg.Reference != nil && arg.Set() == True:
			return arg.at(call.Range()), true
		default:
			return Value{}, false
		}
	}
	return Value{}, false
}

func lookup(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) < 2 {
		return Value{}, false
	}
	fields, ok := args[0].Fields()
	key, keyOK := args[1].Text()
	if !ok || !keyOK {
		return Value{}, false
	}
	if field, exists := fields[key]; exists {
		return field.at(call.Range()), true
	}
	if len(args) == 3 {
		return args[2].at(call.Range()), true
	}
	return Value{}, false
}

func values(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	if ref := args[0].Reference; ref != nil && ref.Attribute == "" {
		return args[0].at(call.Range()), true // all instances of a resource, as for a splat
	}
	fields, ok := args[0].Fields()
	if !ok {
		return Value{}, false
	}
	elements := []Value{}
	for _, name := range sortedKeys(fields) {
		elements = append(elements, fields[name])
	}
	return list(elements, call.Range()), true
}

// joined understands the old way to write one(...): join("", aws_kms_key.a[*].arn).
func joined(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	separator, ok := args[0].Text()
	if ok && separator == "" && args[1].Reference != nil {
		return args[1].at(call.Range()), true
	}
	elements, isList := args[1].Elements()
	if !ok || !isList {
		return Value{}, false
	}
	var segments []Value
	for i, element := range elements {
		if element.Absent() || element.Known() && !isPrimitive(element) {
			return Value{}, false
		}
		if i > 0 && separator != "" {
			segments = append(segments, args[0])
		}
		segments = append(segments, element)
	}
	if len(segments) == 1 {
		return segments[0].at(call.Range()), true
	}
	return text(segments, call.Range()), true
}

// element over a splat of a resource is an instance of it.
func element(call *hclsyntax.FunctionCallExpr, args []Value) (Value, bool) {
	if len(args) != 2 || args[0].Reference == nil {
		return Value{}, false
	}
	return args[0].nth(cty.DynamicVal).at(call.Range()), true
}

func nonNil(list []Value) []Value {
	if list == nil {
		return []Value{}
	}
	return list
}
