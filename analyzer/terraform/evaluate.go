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
}

// maxDepth bounds nested expressions, locals and modules together; the parser has bounded each file already.
const maxDepth = 2000

// Evaluate gives the value of an expression that stands in this scope's module.
func (s *Scope) Evaluate(expr hcl.Expression) Value { return s.evaluator(nil).value(expr) }

func (s *Scope) evaluator(env *environment) evaluator { return evaluator{scope: s, env: env} }

// value dispatches on the kinds of expression whose structure is kept; everything else is computed as a whole.
func (e evaluator) value(expr hcl.Expression) Value {
	expr = unwrap(expr)
	r := expr.Range()
	if e.depth++; e.depth > maxDepth {
		return unknownValue(r, "it is nested too deeply")
	}
	if !e.scope.language().step() {
		return unknownValue(r, "the configuration takes too long to evaluate")
	}
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
	case *hclsyntax.FunctionCallExpr:
		return e.call(expr)
	case *hclsyntax.ForExpr:
		return e.forEach(expr)
	case *hclsyntax.SplatExpr:
		return e.splat(expr)
	}
	v := e.compute(expr)
	if literal(expr) {
		v.Origin = r
	}
	return v
}

// relative goes into the value of an expression. Behind a splat over a resource, an index chooses one of the
// instances, for all of which one stands.
func (e evaluator) relative(expr *hclsyntax.RelativeTraversalExpr) Value {
	source, steps := e.value(expr.Source), expr.Traversal
	_, splat := expr.Source.(*hclsyntax.SplatExpr)
	index, indexed := steps[0].(hcl.TraverseIndex)
	if splat && indexed && source.Reference != nil {
		source, steps = source.nth(index.Key), steps[1:]
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
		return collection.nth(key.cty()).at(expr.Range())
	}
	if ref := collection.Reference; ref != nil && ref.Attribute == "" {
		return collection.referring(func(ref *Reference) { ref.Instance = orElse(instanceKey(key.cty()), UnknownInstance) }).at(expr.Range())
	}
	return collection.member(key.cty(), expr.Range())
}

// conditional decides what both branches agree on even where the condition is unknown.
func (e evaluator) conditional(expr *hclsyntax.ConditionalExpr) Value {
	r := expr.Range()
	condition := e.value(expr.Condition)
	switch condition.IsTrue() {
	case True:
		return computed(e.value(expr.TrueResult), r)
	case False:
		return computed(e.value(expr.FalseResult), r)
	case Undecided:
	}
	yes, no := e.value(expr.TrueResult), e.value(expr.FalseResult)
	if yes.Known() && no.Known() && no.Is(yes.value) == True {
		return computed(yes, r)
	}
	if yes.Absent() && no.Absent() {
		return Value{state: absent, Range: r}
	}
	v := unknownValue(r, "%s", orElse(condition.Reason, "its condition is not known"))
	v.shape = &shape{choices: []Value{yes, no}}
	return v
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
	fields := map[string]Value{}
	for _, item := range expr.Items {
		key, ok := e.value(item.KeyExpr).Text()
		if !ok || len(fields) >= maxParts {
			return e.compute(expr)
		}
		fields[key] = e.value(item.ValueExpr)
	}
	return object(fields, expr.Range())
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

// template keeps the parts of a text apart. Directives (%{if}, %{for}) are computed as a whole.
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
		if inner, ok := v.Segments(); ok && v.shape != nil {
			segments = append(segments, inner...)
			continue
		}
		segments = append(segments, v)
	}
	return text(segments, r)
}

func isPrimitive(v Value) bool {
	_, ok := v.Text()
	return ok
}

// compute evaluates an expression as a whole with what is known of its references.
func (e evaluator) compute(expr hcl.Expression) Value {
	references := map[string]map[string]cty.Value{}
	variables := map[string]cty.Value{}
	reason := ""
	for _, traversal := range expr.Variables() {
		root := traversal.RootName()
		if bound, exists := e.env.lookup(root); exists {
			variables[root] = bound.cty()
			if bound.Unknown() && reason == "" {
				reason = bound.Reason
			}
			continue
		}
		members := references[root]
		if members == nil {
			members = map[string]cty.Value{}
			references[root] = members
		}
		var step hcl.TraverseAttr
		named := false
		if len(traversal) > 1 {
			step, named = traversal[1].(hcl.TraverseAttr)
		}
		if !named || !(root == "var" || root == "local" || root == "path") {
			variables[root] = cty.DynamicVal
			continue
		}
		v := e.follow(hcl.Traversal{traversal[0], step}, expr.Range())
		if v.Unknown() && reason == "" {
			reason = v.Reason
		}
		members[step.Name] = v.cty()
	}
	for root, members := range references {
		if _, whole := variables[root]; !whole {
			variables[root] = cty.ObjectVal(members)
		}
	}
	if !evaluable(e.scope.file(expr.Range()), expr, references, variables) {
		return unknownValue(expr.Range(), "it takes too long to evaluate")
	}
	value, diags := e.scope.language().evaluate(e.scope.file(expr.Range()), expr, variables)
	if diags.HasErrors() {
		return unknownValue(expr.Range(), "%s", diags[0].Summary)
	}
	v := valueOf(value, expr.Range())
	if v.Unknown() && reason != "" {
		v.Reason = reason
	}
	return v
}
