package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Evaluate gives the value of an expression that stands in this scope's module.
func (s *Scope) Evaluate(expr hcl.Expression) Value {
	expr = unwrap(expr)
	r := expr.Range()
	if address, attr, ok := resourceReference(expr); ok {
		v := unknownValue(r, "`%s` is known only after apply", address)
		v.Reference = &Reference{Address: join(s.Path, address), Attribute: attr}
		return v
	}
	if traversal, ok := plainTraversal(expr); ok {
		return s.follow(traversal, r)
	}
	if conditional, ok := expr.(*hclsyntax.ConditionalExpr); ok {
		return s.conditional(conditional)
	}
	v := s.compute(expr)
	if literal(expr) {
		v.Origin = r
	}
	return v
}

// unwrap takes away parentheses and "${...}" around a whole expression.
func unwrap(expr hcl.Expression) hcl.Expression {
	for {
		switch e := expr.(type) {
		case *hclsyntax.ParenthesesExpr:
			expr = e.Expression
		case *hclsyntax.TemplateWrapExpr:
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

// plainTraversal accepts native syntax only: in JSON syntax any string reads as a traversal.
func plainTraversal(expr hcl.Expression) (hcl.Traversal, bool) {
	e, ok := expr.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return nil, false
	}
	return e.Traversal, true
}

// resourceReference reads aws_kms_key.a.arn, aws_kms_key.a[0].arn and aws_kms_key.a[each.key].arn.
func resourceReference(expr hcl.Expression) (address, attr string, ok bool) {
	var tail hcl.Traversal
	if relative, isRelative := expr.(*hclsyntax.RelativeTraversalExpr); isRelative {
		index, isIndex := relative.Source.(*hclsyntax.IndexExpr)
		if !isIndex {
			return "", "", false
		}
		expr, tail = index.Collection, relative.Traversal
	}
	head, ok := plainTraversal(expr)
	if !ok {
		return "", "", false
	}
	return target(append(head[:len(head):len(head)], tail...))
}

func (s *Scope) follow(traversal hcl.Traversal, r hcl.Range) Value {
	name, rest := "", hcl.Traversal(nil)
	if len(traversal) > 1 {
		if step, ok := traversal[1].(hcl.TraverseAttr); ok {
			name, rest = step.Name, traversal[2:]
		}
	}
	var v Value
	switch root := traversal.RootName(); {
	case name == "":
		return unknownValue(r, "`%s` is not understood here", root)
	case root == "var":
		v = s.variable(name)
	case root == "local":
		v = s.local(name)
	case root == "module":
		return s.moduleOutput(name, rest, r)
	default:
		return unknownValue(r, "`%s.%s` is known only when Terraform runs", root, name)
	}
	if len(rest) > 0 {
		return traverse(v, rest, r)
	}
	v.Range = r
	v.Via = append([]string{traversal.RootName() + "." + name}, v.Via...)
	return v
}

func traverse(v Value, rest hcl.Traversal, r hcl.Range) Value {
	inner, diags := rest.TraverseRel(v.cty())
	if diags.HasErrors() {
		return unknownValue(r, "%s", diags[0].Summary)
	}
	out := valueOf(inner, r)
	if out.Unknown() && v.Reason != "" {
		out.Reason = v.Reason
	}
	return out
}

func (s *Scope) moduleOutput(name string, rest hcl.Traversal, r hcl.Range) Value {
	child := s.children["module."+name]
	if child == nil || len(rest) == 0 {
		return unknownValue(r, "`module.%s` is not in this repository, or not read", name)
	}
	step, ok := rest[0].(hcl.TraverseAttr)
	if !ok {
		return unknownValue(r, "`module.%s` has several instances", name)
	}
	out, exists := child.Module.outputs[step.Name]
	if !exists {
		return unknownValue(r, "`module.%s` has no output `%s`", name, step.Name)
	}
	v := child.memoised("output."+step.Name, func() Value { return child.Evaluate(out.expr) })
	if len(rest) > 1 {
		return traverse(v, rest[1:], r)
	}
	v.Range = r
	v.Via = append([]string{"module." + name + "." + step.Name}, v.Via...)
	return v
}

// conditional decides what both branches agree on even where the condition is unknown.
func (s *Scope) conditional(expr *hclsyntax.ConditionalExpr) Value {
	condition := s.Evaluate(expr.Condition)
	switch condition.IsTrue() {
	case True:
		v := s.Evaluate(expr.TrueResult)
		return computed(v, expr.Range())
	case False:
		v := s.Evaluate(expr.FalseResult)
		return computed(v, expr.Range())
	}
	yes, no := s.Evaluate(expr.TrueResult), s.Evaluate(expr.FalseResult)
	if yes.Known() && no.Known() && no.Is(yes.value) == True {
		return computed(yes, expr.Range())
	}
	if yes.Absent() && no.Absent() {
		return Value{state: absent, Range: expr.Range()}
	}
	return unknownValue(expr.Range(), "%s", orElse(condition.Reason, "its condition is not known"))
}

// computed drops what holds only for a value that was copied: a conditional's branch is not the place to edit.
func computed(v Value, r hcl.Range) Value {
	v.Range, v.Origin, v.Via, v.Reference = r, hcl.Range{}, nil, nil
	return v
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// compute evaluates any other expression with what is known of its references.
func (s *Scope) compute(expr hcl.Expression) Value {
	roots := map[string]map[string]cty.Value{"var": {}, "local": {}}
	variables := map[string]cty.Value{}
	reason := ""
	for _, traversal := range expr.Variables() {
		root := traversal.RootName()
		members, evaluated := roots[root]
		step, named := hcl.TraverseAttr{}, false
		if len(traversal) > 1 {
			step, named = traversal[1].(hcl.TraverseAttr)
		}
		if !evaluated || !named {
			variables[root] = cty.DynamicVal
			continue
		}
		v := s.follow(hcl.Traversal{traversal[0], step}, expr.Range())
		if v.Unknown() && reason == "" {
			reason = v.Reason
		}
		members[step.Name] = v.cty()
	}
	for root, members := range roots {
		if _, whole := variables[root]; !whole && len(members) > 0 {
			variables[root] = cty.ObjectVal(members)
		}
	}
	if !evaluable(s.file(expr.Range()), expr, roots) {
		return unknownValue(expr.Range(), "it takes too long to evaluate")
	}
	value, diags := expr.Value(&hcl.EvalContext{Variables: variables})
	if diags.HasErrors() {
		return unknownValue(expr.Range(), "%s", diags[0].Summary)
	}
	v := valueOf(value, expr.Range())
	if v.Unknown() && reason != "" {
		v.Reason = reason
	}
	return v
}

func (s *Scope) memoised(key string, evaluate func() Value) Value {
	if v, seen := s.memo[key]; seen {
		if v == nil {
			return unknownValue(hcl.Range{}, "`%s` refers to itself", key)
		}
		return *v
	}
	s.memo[key] = nil
	v := evaluate()
	s.memo[key] = &v
	return v
}

func (s *Scope) local(name string) Value {
	l, exists := s.Module.locals[name]
	if !exists {
		return unknownValue(hcl.Range{}, "`local.%s` is not declared", name)
	}
	return s.memoised("local."+name, func() Value { return s.Evaluate(l.expr) })
}

func (s *Scope) variable(name string) Value {
	declared, exists := s.Module.variables[name]
	if !exists {
		return unknownValue(hcl.Range{}, "`var.%s` is not declared", name)
	}
	return s.memoised("var."+name, func() Value {
		v := s.argument(declared)
		if v.Absent() && !declared.nullable && declared.def != nil {
			v = s.fromDefault(declared)
		}
		return s.convert(declared, v)
	})
}

// argument is what reaches a variable, before conversion.
func (s *Scope) argument(declared *variable) Value {
	name := declared.name
	if s.parent != nil {
		for _, body := range s.call.bodies {
			if expr := attribute(body, name); expr != nil {
				return s.parent.Evaluate(expr)
			}
		}
		return s.fromDefault(declared)
	}
	v := Value{}
	if value, isSet := s.vars.set[name]; isSet {
		v = valueOf(value.value, value.expr.Range())
		if literal(value.expr) {
			v.Origin = value.expr.Range()
		}
	} else {
		v = s.fromDefault(declared)
	}
	for _, other := range s.vars.elsewhere[name] {
		if !other.value.RawEquals(v.cty()) {
			return unknownValue(v.Range, "%s gives `var.%s` another value", "a var file of the repository", name)
		}
	}
	if s.open {
		return unknownValue(v.Range, "`var.%s` is set by whoever calls this module", name)
	}
	return v
}

func (s *Scope) fromDefault(declared *variable) Value {
	if declared.def == nil {
		return unknownValue(declared.declRange, "`var.%s` has no default", declared.name)
	}
	if !evaluable(s.file(declared.def.Range()), declared.def, nil) {
		return unknownValue(declared.def.Range(), "the default of `var.%s` takes too long to evaluate", declared.name)
	}
	value, diags := declared.def.Value(nil)
	if diags.HasErrors() {
		return unknownValue(declared.def.Range(), "the default of `var.%s` is not understood", declared.name)
	}
	v := valueOf(value, declared.def.Range())
	if literal(declared.def) {
		v.Origin = declared.def.Range()
	}
	return v
}

func (s *Scope) convert(declared *variable, v Value) Value {
	if declared.typ == nil || v.state != known {
		return v
	}
	if !evaluable(s.file(declared.typ.Range()), declared.typ, nil) {
		return unknownValue(v.Range, "the type of `var.%s` takes too long to evaluate", declared.name)
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(declared.typ)
	if diags.HasErrors() {
		return unknownValue(v.Range, "the type of `var.%s` is not understood", declared.name)
	}
	value := v.value
	if defaults != nil {
		value = defaults.Apply(value)
	}
	value, err := convert.Convert(value, typ)
	if err != nil {
		return unknownValue(v.Range, "the value of `var.%s` does not have its type", declared.name)
	}
	converted := valueOf(value, v.Range)
	converted.Origin, converted.Via = v.Origin, v.Via
	return converted
}
