package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// structural are the functions that put structures together without looking into their leaves, or that a part of
// their arguments may decide, so that what is known survives. Each gets the evaluated arguments; ok is false where it
// has to be computed as a whole.
var structural = map[string]func(r hcl.Range, args []Value) (v Value, ok bool){
	"jsonencode": encodeJSON, "jsondecode": decodeJSON,
	"merge": merge, "lookup": lookup, "keys": keys, "values": values, "zipmap": zipmap,
	"concat": concat, "flatten": flatten, "compact": compact, "distinct": distinct, "reverse": reverse, "sort": sorted,
	"setunion": union, "setsubtract": subtract, "setintersection": intersect,
	"one": one, "element": element, "slice": slice, "contains": has, "length": length, "coalescelist": coalesceList,
	"tolist": asList, "toset": asSet, "tomap": same, "tostring": same, "sensitive": same, "nonsensitive": same,
	"coalesce": coalesce, "join": joined, "format": format, "formatlist": formatList,
}

// typed are the functions whose results are of another type than what they are given: cty's own answer says which.
var typed = map[string]bool{"tolist": true, "toset": true, "tomap": true}

func (e evaluator) call(expr *hclsyntax.FunctionCallExpr) Value {
	switch expr.Name {
	case "try":
		return e.try(expr)
	case "can":
		return e.can(expr)
	case "templatefile":
		return e.templateFile(expr)
	case "file":
		return e.file(expr)
	}
	apply, keeps := structural[expr.Name]
	if !keeps {
		return e.computeCall(expr)
	}
	args, whole, ok := e.arguments(expr)
	if !ok {
		return e.compute(expr)
	}
	r := expr.Range()
	if whole && expr.Name != "jsonencode" {
		out := e.invoke(expr.Name, r, args)
		if out.Known() {
			if kept, ok := apply(r, args); ok && kept.shape != nil && kept.Known() && out.value.RawEquals(kept.value) {
				return kept // the same value, with the places of its parts
			}
		}
		return out
	}
	if failed := slices.IndexFunc(args, func(v Value) bool { return v.failed }); failed >= 0 {
		return failure(r, "%s", args[failed].Reason)
	}
	v, ok := apply(r, args)
	switch {
	case !ok:
		return e.applied(expr, args)
	case typed[expr.Name] && v.Unknown():
		v.value = e.invoke(expr.Name, r, args).cty()
	}
	return v
}

// arguments evaluates those of a call. Where the last one stands for several which are not all known, each of them is
// an argument, or an unknown one in the place of what may be any number: only for functions that join any number of
// lists or objects.
func (e evaluator) arguments(expr *hclsyntax.FunctionCallExpr) (args []Value, whole, ok bool) {
	whole = true
	for i, arg := range expr.Args {
		v := e.value(arg)
		if expr.ExpandFinal && i == len(expr.Args)-1 {
			members, isList := v.Members()
			if !isList || !certain(members) && expr.Name != "concat" && expr.Name != "merge" {
				return nil, false, false
			}
			for _, m := range members {
				if !m.certain() {
					m.Value = unknownValue(m.Range, "%s", m.Reason)
				}
				args = append(args, m.Value)
				whole = whole && m.Known()
			}
			break
		}
		whole = whole && v.Known()
		args = append(args, v)
	}
	return args, whole && len(args) > 0, len(args) <= maxParts
}

// computeCall computes a call as a whole; where that is not decided, from what is known of the arguments one by one.
func (e evaluator) computeCall(expr *hclsyntax.FunctionCallExpr) Value {
	out := e.compute(expr)
	if !out.Unknown() || out.failed || expr.ExpandFinal || !functionTakesValues(expr.Name) {
		return out
	}
	args := make([]Value, 0, len(expr.Args))
	known := false
	for _, arg := range expr.Args {
		v := e.value(arg)
		_, chosen := v.Choices()
		known = known || chosen || v.Known() && !literal(unwrap(arg))
		args = append(args, v)
	}
	if !known {
		return out
	}
	better := e.applied(expr, args)
	if better.Unknown() && better.shape == nil {
		return out
	}
	return better
}

// functionTakesValues is false for functions that take expressions, and for those whose result is not the same each
// time.
func functionTakesValues(name string) bool {
	return name != "templatestring" && !impure[name]
}

// applied calls a function with values: with each that an argument may be, if there is one argument like that.
func (e evaluator) applied(expr *hclsyntax.FunctionCallExpr, args []Value) Value {
	r := expr.Range()
	for i, arg := range args {
		out, ok := arg.each(r, func(choice Value) Value {
			others := slices.Clone(args)
			others[i] = choice
			return e.invoke(expr.Name, r, others)
		})
		if ok {
			return out
		}
	}
	return e.invoke(expr.Name, r, args)
}

func (e evaluator) invoke(name string, r hcl.Range, args []Value) Value {
	l := e.scope.language()
	f, exists := l.table[name]
	if !exists || !l.step() {
		return unknownValue(r, "`%s` is not a function of Terraform", name)
	}
	reason, whole := "", true
	inputs := make([]cty.Value, len(args))
	for i, arg := range args {
		inputs[i] = arg.cty()
		if arg.Unknown() {
			reason, whole = orElse(reason, arg.Reason), false
		}
	}
	l.budget.Reset()
	value, err := f.Call(inputs)
	if err != nil {
		v := unknownValue(r, "%s", err.Error())
		v.failed = whole && !functions.GaveUp(err)
		return v
	}
	v := valueOf(value, r)
	if v.Unknown() {
		v.Reason = orElse(reason, v.Reason)
	}
	return v
}
