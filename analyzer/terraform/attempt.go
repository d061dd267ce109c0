package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// try gives the first expression that does not fail. One that may fail is one of several that the value may be.
func (e evaluator) try(expr *hclsyntax.FunctionCallExpr) Value {
	r := expr.Range()
	if expr.ExpandFinal {
		return e.compute(expr)
	}
	var candidates []Value
	reason := ""
	for _, arg := range expr.Args {
		v := e.value(arg)
		succeeds := e.succeeds(arg, v, 0)
		if succeeds == False {
			continue
		}
		candidates = append(candidates, v)
		reason = orElse(reason, v.Reason)
		if succeeds == True {
			break
		}
	}
	if len(candidates) == 0 {
		return failure(r, "no expression succeeded")
	}
	if len(candidates) == 1 {
		return candidates[0].at(r)
	}
	return choose(candidates, r, reason)
}

func (e evaluator) can(expr *hclsyntax.FunctionCallExpr) Value {
	if len(expr.Args) != 1 || expr.ExpandFinal {
		return e.compute(expr)
	}
	v := e.value(expr.Args[0])
	switch e.succeeds(expr.Args[0], v, 0) {
	case True:
		return Value{state: known, value: cty.True, Range: expr.Range()}
	case False:
		return Value{state: known, value: cty.False, Range: expr.Range()}
	default:
		return unknownValue(expr.Range(), "%s", v.Reason)
	}
}

// succeeds tells whether Terraform evaluates an expression without an error. Once the unknown parts are known, most
// may turn out to fail; not so a reference to what is certainly there, and what is put together of such.
func (e evaluator) succeeds(expr hcl.Expression, v Value, depth int) Truth {
	if v.broken(0) {
		return False
	}
	if !v.Unknown() && e.reads(expr) {
		return truth(!e.compute(expr).failed) // and not only decided, whatever becomes of the rest
	}
	if depth > maxChoiceDepth {
		return Undecided
	}
	parts := func(exprs ...hclsyntax.Expression) Truth {
		for _, part := range exprs {
			if e.succeeds(part, e.value(part), depth+1) != True {
				return Undecided
			}
		}
		return True
	}
	switch expr := unwrap(expr).(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return e.resolves(expr.Traversal, v)
	case *hclsyntax.IndexExpr:
		if v.Reference != nil && v.Reference.Attribute == "" {
			return v.Reference.exists()
		}
		collection, key := e.value(expr.Collection), e.value(expr.Key)
		if collection.closed() && key.Known() && e.succeeds(expr.Collection, collection, depth+1) == True {
			return truth(!collection.member(key.cty(), expr.Range()).failed)
		}
	case *hclsyntax.RelativeTraversalExpr:
		if v.Reference != nil && len(expr.Traversal) == 1 {
			return v.Reference.exists()
		}
		source := e.value(expr.Source)
		return All(e.succeeds(expr.Source, source, depth+1), source.leads(expr.Traversal, expr.Range()))
	case *hclsyntax.TupleConsExpr:
		return parts(expr.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		for _, item := range expr.Items {
			if parts(item.KeyExpr, item.ValueExpr) != True {
				return Undecided
			}
		}
		return True
	case *hclsyntax.TemplateExpr:
		for _, part := range expr.Parts {
			v := e.value(part)
			if _, isText := v.Segments(); !isText && (v.Reference == nil || v.Set() != True) || parts(part) != True {
				return Undecided // a null or a list is no part of a text
			}
		}
		return True
	case *hclsyntax.FunctionCallExpr:
		if expr.Name == "jsonencode" {
			return parts(expr.Args...)
		}
	}
	return Undecided
}

// broken tells that a value, or a part of it that is certainly there, is one that Terraform refuses to make.
func (v Value) broken(depth int) bool {
	if v.failed || v.state != unknown || v.shape == nil || depth > maxChoiceDepth {
		return v.failed
	}
	for _, field := range v.shape.fields {
		if field.broken(depth + 1) {
			return true
		}
	}
	if v.shape.encoded != nil && v.shape.encoded.broken(depth+1) {
		return true
	}
	is := func(part Value) bool { return part.broken(depth + 1) }
	return slices.ContainsFunc(v.shape.elements, is) || slices.ContainsFunc(v.shape.segments, is) ||
		slices.ContainsFunc(v.shape.members, func(m Member) bool { return m.certain() && is(m.Value) })
}

// reads tells that all that an expression refers to is known.
func (e evaluator) reads(expr hcl.Expression) bool {
	for _, traversal := range expr.Variables() {
		if e.follow(traversal, traversal.SourceRange()).Unknown() {
			return false
		}
	}
	return true
}

// resolves tells whether a reference leads somewhere.
func (e evaluator) resolves(traversal hcl.Traversal, v Value) Truth {
	if address, rest, ok := resource(traversal); ok {
		if v.Reference != nil && v.Reference.Address == join(e.scope.Path, address) && len(rest) <= 1 {
			return v.Reference.exists()
		}
		return Undecided
	}
	var at Value
	var rest hcl.Traversal
	root := traversal.RootName()
	if bound, isBound := e.env.lookup(root); isBound {
		at, rest = bound, traversal[1:]
	} else if e.from == "" && (root == "var" || root == "local") && len(traversal) > 1 {
		at, rest = e.follow(traversal[:2], traversal.SourceRange()), traversal[2:] // an error in its own expression, try does not catch
	} else {
		return Undecided
	}
	return at.leads(rest, traversal.SourceRange())
}

// leads tells whether all steps into a value find something.
func (v Value) leads(steps hcl.Traversal, r hcl.Range) Truth {
	for _, step := range steps {
		key, ok := step.(hcl.TraverseAttr)
		index, indexed := step.(hcl.TraverseIndex)
		switch {
		case ok:
			index.Key = cty.StringVal(key.Name)
		case !indexed:
			return Undecided
		}
		if !v.closed() {
			return Undecided // what it has is not known
		}
		if v = v.member(index.Key, r); v.failed {
			return False
		}
	}
	return True
}

// closed tells that all members of a value are known, be they known themselves or not.
func (v Value) closed() bool {
	return v.shape != nil && (v.shape.fields != nil || v.shape.elements != nil)
}

// exists tells whether what a reference leads to is there.
func (ref Reference) exists() Truth {
	if ref.scope == nil || ref.Each {
		return Undecided
	}
	b := ref.scope.Module.resources[ref.local()]
	switch {
	case b == nil || ref.Instance == UnknownInstance || b.repeats() == (ref.Instance == ""):
		return Undecided
	case !b.repeats():
		return True
	}
	found := ref.Resources()
	if len(found) == 0 {
		return False
	}
	for _, r := range found {
		if r.Exists != True || len(r.Instances) == 0 {
			return Undecided
		}
	}
	return True
}

// howMany counts the instances that a reference may lead to, where that is known.
func (ref Reference) howMany() (n int, known bool) { return ref.scope.howMany(ref.Address) }
