package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// environment holds the names that only a part of a module knows: each and count of one instance, the variables
// of a for expression.
type environment struct {
	names map[string]Value
	outer *environment
}

func (e *environment) lookup(name string) (Value, bool) {
	for at := e; at != nil; at = at.outer {
		if v, exists := at.names[name]; exists {
			return v, true
		}
	}
	return Value{}, false
}

// evaluator evaluates the expressions of one scope, for one instance of a block.
type evaluator struct {
	scope *Scope
	env   *environment
	depth int

	rounds *int   // of the outermost loop, with all in it
	from   string // the file of templatefile whose variables env has; "" in a module
}

// maxDepth bounds nested expressions, locals and modules together; the parser has bounded each file already.
const maxDepth = 2000

// Evaluate gives the value of an expression that stands in this scope's module.
func (s *Scope) Evaluate(expr hcl.Expression) Value { return s.evaluator(nil).value(expr) }

func (s *Scope) evaluator(env *environment) evaluator { return evaluator{scope: s, env: env} }

// value evaluates an expression. What is not known has a name where its parts do not give it one.
func (e evaluator) value(expr hcl.Expression) Value {
	expr = unwrap(expr)
	r := expr.Range()
	if e.depth++; e.depth > maxDepth {
		return unknownValue(r, "it is nested too deeply")
	}
	if !e.scope.language().step() {
		return unknownValue(r, "the configuration takes too long to evaluate")
	}
	v := e.kind(expr)
	if v.state == unknown && v.name == nil && v.Reference == nil && (v.shape == nil || !v.shape.derived()) {
		v.name = e.naming(expr)
	}
	return v
}

// kind dispatches on the kinds of expression whose structure is kept; everything else is computed as a whole.
func (e evaluator) kind(expr hcl.Expression) Value {
	r := expr.Range()
	switch expr := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return e.follow(expr.Traversal, r)
	case *hclsyntax.RelativeTraversalExpr:
		return e.relative(expr)
	case *hclsyntax.IndexExpr:
		return e.index(expr)
	case *hclsyntax.ConditionalExpr:
		return e.conditional(expr)
	case *hclsyntax.ObjectConsExpr:
		return e.object(expr)
	case *hclsyntax.TupleConsExpr:
		return e.tuple(expr)
	case *hclsyntax.TemplateExpr:
		return e.template(expr)
	case *hclsyntax.TemplateJoinExpr:
		return e.joinedLoop(expr)
	case *hclsyntax.FunctionCallExpr:
		return e.call(expr)
	case *hclsyntax.ForExpr:
		return e.forEach(expr)
	case *hclsyntax.SplatExpr:
		return e.splat(expr)
	case *hclsyntax.BinaryOpExpr:
		return e.binary(expr)
	case *hclsyntax.UnaryOpExpr:
		return e.unary(expr)
	case hclsyntax.Expression:
		v := e.compute(expr)
		if literal(expr) {
			v.Origin = r
		}
		return v
	default:
		return e.json(expr)
	}
}

// relative goes into the value of an expression. Behind a splat over a resource, an index chooses one of the
// instances, for all of which one stands.
func (e evaluator) relative(expr *hclsyntax.RelativeTraversalExpr) Value {
	source, steps := e.value(expr.Source), expr.Traversal
	_, splat := expr.Source.(*hclsyntax.SplatExpr)
	index, indexed := steps[0].(hcl.TraverseIndex)
	if splat && indexed && source.Reference != nil {
		source, steps = source.nth(Value{state: known, value: index.Key}), steps[1:]
	}
	return e.steps(source.at(expr.Range()), steps, expr.Range())
}

// unwrap takes away parentheses and "${...}" around a whole expression.
func unwrap(expr hcl.Expression) hcl.Expression {
	for {
		switch e := expr.(type) {
		case *hclsyntax.ParenthesesExpr:
			expr = e.Expression
		case *hclsyntax.TemplateWrapExpr:
			expr = e.Wrapped
		case interface{ Inner() hclsyntax.Expression }: // metered
			expr = e.Inner()
		case *hclsyntax.ObjectConsKeyExpr:
			if keyword := hcl.ExprAsKeyword(e); keyword != "" && !e.ForceNonLiteral {
				return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(keyword), SrcRange: e.Range()}
			}
			expr = e.Wrapped
		default:
			return expr
		}
	}
}

func literal(expr hcl.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return e.IsStringLiteral()
	default:
		return false
	}
}

func (e evaluator) index(expr *hclsyntax.IndexExpr) Value {
	collection, key := e.value(expr.Collection), e.value(expr.Key)
	_, ofSplat := unwrap(expr.Collection).(*hclsyntax.SplatExpr)
	if collection.Reference != nil && ofSplat {
		return collection.nth(key).at(expr.Range())
	}
	if ref := collection.Reference; ref != nil && ref.Attribute == "" {
		return collection.referring(func(ref *Reference) { ref.choose(key) }).at(expr.Range())
	}
	if out, ok := key.each(expr.Range(), func(key Value) Value { return collection.member(key.cty(), expr.Range()) }); ok {
		return out
	}
	if out, ok := collection.anyOf(key, expr.Range()); ok {
		return out
	}
	return collection.member(key.cty(), expr.Range())
}

// anyOf is a member of a small collection whose key is not known: one of all.
func (v Value) anyOf(key Value, r hcl.Range) (Value, bool) {
	if !key.Unknown() || key.failed {
		return Value{}, false
	}
	all, isList := v.Elements()
	if fields, isObject := v.Fields(); isObject {
		for _, name := range sortedKeys(fields) {
			all = append(all, fields[name])
		}
	} else if !isList {
		return Value{}, false
	}
	if len(all) == 0 || len(all) > maxNamed {
		return Value{}, false
	}
	return choose(all, r, key.Reason), true
}

// conditional decides what both branches agree on even where the condition is unknown.
func (e evaluator) conditional(expr *hclsyntax.ConditionalExpr) Value {
	r := expr.Range()
	condition := e.value(expr.Condition)
	switch condition.IsTrue() {
	case True:
		return e.branch(expr.TrueResult, expr.FalseResult, r)
	case False:
		return e.branch(expr.FalseResult, expr.TrueResult, r)
	case Undecided:
	}
	if condition.failed {
		return failure(r, "%s", condition.Reason)
	}
	yes, no := e.value(expr.TrueResult), e.value(expr.FalseResult)
	return choose([]Value{e.alike(yes, no, r), e.alike(no, yes, r)}, r, orElse(condition.Reason, "its condition is not known"))
}

// alike makes a set of a list where the other result of a condition is a set, as Terraform does with tuples. Where it
// is not known whether it is one, the order is not known.
func (e evaluator) alike(v, other Value, r hcl.Range) Value {
	members, _, isList := v.members(0)
	switch {
	case !isList || v.isSet() == other.isSet():
		return v
	case v.Known() && v.value.Type().IsTupleType():
		return e.invoke("toset", r, []Value{v})
	case v.Known() && v.value.Type().IsListType():
		return v
	default:
		return listOf(members, true, r)
	}
}

// branch is the one that is chosen. Terraform makes a string of a number or a bool, if the other is a string, and a
// set of a list.
func (e evaluator) branch(chosen, other hcl.Expression, r hcl.Range) Value {
	v := e.value(chosen)
	if _, _, isList := v.members(0); isList {
		v = e.alike(v, e.value(other), r)
	}
	if v.Known() && (v.value.Type() == cty.Number || v.value.Type() == cty.Bool) {
		if text, ok := v.Text(); ok && e.value(other).Type() == cty.String {
			v.value = cty.StringVal(text)
		}
	}
	return computed(v, r)
}

// computed drops what holds only for a value that was copied: a conditional's branch is not the place to edit.
func computed(v Value, r hcl.Range) Value {
	v.Range, v.Origin, v.Via = r, hcl.Range{}, nil
	return v
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (e evaluator) object(expr *hclsyntax.ObjectConsExpr) Value {
	fields := make(map[string]Value, len(expr.Items))
	var others []Value
	for _, item := range expr.Items {
		key := e.value(item.KeyExpr)
		name, ok := key.Text()
		switch {
		case len(fields) >= maxParts || key.Known() && !ok || key.Absent() || key.failed:
			return e.compute(expr)
		case !ok:
			others = append(others, unknownValue(item.KeyExpr.Range(), "%s", key.Reason))
			continue
		}
		fields[name] = e.value(item.ValueExpr)
	}
	if len(others) == 0 {
		return object(fields, expr.Range())
	}
	known := map[string]Member{}
	for name, field := range fields {
		known[name] = overridable(field, others)
	}
	return objectOf(known, others, expr.Range())
}

// overridable is a member of an object that one of a name which is not known may replace.
func overridable(v Value, others []Value) Member {
	if len(others) == 0 {
		return sure(v)
	}
	return sure(choose([]Value{v, unknownValue(v.Range, "%s", others[0].Reason)}, v.Range, others[0].Reason))
}

func (e evaluator) tuple(expr *hclsyntax.TupleConsExpr) Value {
	if len(expr.Exprs) > maxParts {
		return e.compute(expr)
	}
	elements := make([]Value, 0, len(expr.Exprs))
	for _, element := range expr.Exprs {
		elements = append(elements, e.value(element))
	}
	return list(elements, expr.Range())
}

// template keeps the parts of a text apart.
func (e evaluator) template(expr *hclsyntax.TemplateExpr) Value {
	r := expr.Range()
	if expr.IsStringLiteral() || len(expr.Parts) == 0 {
		v := e.compute(expr)
		v.Origin = r
		return v
	}
	var segments []Value
	for _, part := range expr.Parts {
		v := e.value(part)
		if v.Absent() || v.Known() && !isPrimitive(v) {
			return e.compute(expr) // an error in Terraform, which words it better
		}
		if v.failed {
			return failure(r, "%s", v.Reason)
		}
		segments = v.appendTo(segments)
	}
	return text(segments, r)
}

// appendTo adds a value, or the parts that it is put together from, to those of a text.
func (v Value) appendTo(segments []Value) []Value {
	if inner, ok := v.Segments(); ok && v.shape != nil {
		return append(segments, inner...)
	}
	return append(segments, v)
}

// joinedLoop is a %{ for } of a template.
func (e evaluator) joinedLoop(expr *hclsyntax.TemplateJoinExpr) Value {
	r := expr.Range()
	members, loose, ok := e.value(expr.Tuple).members(0)
	if !ok || loose {
		return e.compute(expr)
	}
	segments := []Value{}
	for _, m := range members {
		switch {
		case m.Absent() || m.Known() && !isPrimitive(m.Value):
			return e.compute(expr)
		case m.certain():
			segments = m.appendTo(segments)
		case m.Rest:
			segments = append(segments, unknownValue(r, "%s", m.Reason))
		default:
			segments = append(segments, choose([]Value{m.Value, {state: known, value: cty.StringVal("")}}, r, m.Reason))
		}
		if len(segments) > maxParts {
			return unknownValue(r, "it is too large")
		}
	}
	return text(segments, r)
}

func isPrimitive(v Value) bool {
	_, ok := v.Text()
	return ok
}
