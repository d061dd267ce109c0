package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// item is one element that a for expression or a splat goes over.
type item struct {
	key, value Value
	exists     Truth
	rest       bool // it stands for any number of elements, which value holds
}

// items lists what a value holds, in Terraform's order; ok is false where that is not all known.
func (v Value) items() (items []item, ok bool) {
	items, ok = v.allItems()
	for _, it := range items {
		ok = ok && it.exists == True && !it.rest
	}
	return items, ok
}

// allItems lists what is known of what a value holds; ok is false where that is nothing.
func (v Value) allItems() (items []item, ok bool) {
	if fields, others, isObject := v.Entries(); isObject {
		for _, name := range sortedKeys(fields) {
			items = append(items, item{Value{state: known, value: cty.StringVal(name)}, fields[name].Value, fields[name].Exists, false})
		}
		for _, other := range others {
			items = append(items, item{v.unlisted(), other, Undecided, true})
		}
		return items, true
	}
	members, loose, isList := v.members(0)
	counted := !loose
	for i, m := range members {
		counted = counted && m.certain()
		key := v.unlisted()
		switch {
		case v.isSet():
			key = m.Value
		case counted:
			key = Value{state: known, value: cty.NumberIntVal(int64(i))}
		}
		items = append(items, item{key, m.Value, m.Exists, m.Rest})
	}
	return items, isList
}

func (v Value) isSet() bool {
	return v.shape != nil && v.shape.set || v.value != cty.NilVal && v.value.Type().IsSetType()
}

// unlisted is a key or a value of a member that stands for several.
func (v Value) unlisted() Value { return unknownValue(v.Range, "%s", v.Reason) }

// bound is what the variable of a loop is in one round.
func (it item) bound() Value {
	if it.rest {
		return it.value.unlisted()
	}
	return it.value
}

// maxRounds bounds loops in loops: a product of small numbers is soon a large one.
const maxRounds = 50_000

// forEach keeps what a for expression makes of each element.
func (e evaluator) forEach(expr *hclsyntax.ForExpr) Value {
	source := e.value(expr.CollExpr)
	if ref := source.Reference; ref != nil && ref.Attribute == "" && expr.KeyExpr == nil && expr.CondExpr == nil {
		if all, ok := e.everyInstance(expr, source); ok {
			return all
		}
	}
	items, ok := source.allItems()
	switch {
	case source.failed:
		return failure(expr.Range(), "%s", source.Reason)
	case !ok && source.Unknown():
		return unknownValue(expr.Range(), "%s", source.Reason)
	case !ok || len(items) > maxParts:
		return e.compute(expr)
	}
	if e.rounds == nil {
		e.rounds = new(int)
	}
	_, loose, _ := source.members(0)
	_, others, _ := source.Entries()
	loop := loop{evaluator: e, expr: expr, loose: loose || len(others) > 0, fields: map[string]Member{}, groups: map[string][]Member{}}
	for _, it := range items {
		if *e.rounds++; *e.rounds > maxRounds {
			return unknownValue(expr.Range(), "it takes too long to evaluate")
		}
		if !loop.round(it) {
			return e.compute(expr)
		}
	}
	return loop.result()
}

// loop collects what the rounds of a for expression give.
type loop struct {
	evaluator
	expr    *hclsyntax.ForExpr
	members []Member
	loose   bool // the order of members is not known
	fields  map[string]Member
	groups  map[string][]Member
	others  []Value
}

// round is false where the expression has to be computed as a whole.
func (l *loop) round(it item) bool {
	inner := l.evaluator
	inner.env = &environment{outer: l.env, names: map[string]Value{l.expr.ValVar: it.bound()}}
	if l.expr.KeyVar != "" {
		inner.env.names[l.expr.KeyVar] = it.key
	}
	exists, reason := it.exists, ""
	if l.expr.CondExpr != nil {
		condition := inner.value(l.expr.CondExpr)
		switch condition.IsTrue() {
		case False:
			return true
		case Undecided:
			if condition.failed {
				return false
			}
			exists, reason = Undecided, condition.Reason
		case True:
		}
	}
	made := Member{Value: inner.value(l.expr.ValExpr), Exists: exists, Rest: it.rest}
	if it.rest {
		made.Value = unknownValue(l.expr.Range(), "%s", it.value.Reason)
		made.name = l.naming(l.expr, replacement{l.expr.CollExpr.Range(), &symbol{find: it.value.Symbol}})
	}
	made.Reason = orElse(made.Reason, reason)
	if l.expr.KeyExpr == nil {
		l.members = append(l.members, made)
		return true
	}
	return l.field(inner.value(l.expr.KeyExpr), made)
}

func (l *loop) field(key Value, made Member) bool {
	name, ok := key.Text()
	if !ok || made.Rest {
		l.others = append(l.others, unknownValue(l.expr.Range(), "%s", orElse(key.Reason, made.Reason)))
		return !key.Known() || ok
	}
	if l.expr.Group {
		l.groups[name] = append(l.groups[name], made)
		return true
	}
	_, twice := l.fields[name]
	l.fields[name] = made
	return !twice
}

func (l *loop) result() Value {
	r := l.expr.Range()
	if l.expr.KeyExpr == nil {
		return listOf(l.members, l.loose, r)
	}
	for name, members := range l.groups {
		m := Member{Value: listOf(members, l.loose, r), Exists: Undecided}
		for _, one := range members {
			m.Exists = Any(m.Exists, one.Exists)
		}
		for _, other := range l.others {
			m.Value = listOf(append(members, rest(other)), l.loose, r)
		}
		l.fields[name] = m
	}
	return objectOf(l.fields, l.others, r)
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

// splat is a for expression in short. Over a resource it stands for all instances; what is no list counts as a list
// of one, and null as an empty one.
// https://developer.hashicorp.com/terraform/language/expressions/splat#single-values-as-lists
func (e evaluator) splat(expr *hclsyntax.SplatExpr) Value {
	source := e.value(expr.Source)
	r := expr.Range()
	if source.Reference != nil && source.Reference.Attribute == "" {
		each := e.overItem(expr.Each, source)
		if n, counted := source.Reference.howMany(); counted && n <= 1 {
			return list([]Value{each}[:n], r)
		}
		v := unknownValue(r, "%s", each.Reason)
		if each.Reference != nil {
			v = each.referring(func(ref *Reference) { ref.Each = true }).at(r)
		}
		return v
	}
	if out, ok := source.each(r, func(choice Value) Value { return e.splatOver(expr, choice) }); ok {
		return out
	}
	return e.splatOver(expr, source)
}

func (e evaluator) splatOver(expr *hclsyntax.SplatExpr, source Value) Value {
	r := expr.Range()
	members, loose, isList := source.members(0)
	_, _, isObject := source.Entries()
	_, isText := source.Segments()
	switch {
	case source.Absent():
		return list(nil, r)
	case isObject || isText:
		return list([]Value{e.overItem(expr.Each, source)}, r)
	case !isList:
		return e.compute(expr)
	}
	out := make([]Member, 0, len(members))
	for _, m := range members {
		if m.Rest {
			from := m.Value
			m.Value = unknownValue(r, "%s", from.Reason)
			m.name = e.naming(expr, replacement{expr.Source.Range(), &symbol{find: from.Symbol}})
		} else {
			m.Value = e.overItem(expr.Each, m.Value)
		}
		out = append(out, m)
	}
	v := listOf(out, loose, r)
	if typed := e.compute(expr); v.Known() && typed.Known() && source.Known() {
		v.value = typed.value // a list, and no tuple, where the source is one
	}
	return v
}

// overItem evaluates what follows a splat for one element. hclsyntax writes that as steps from an anonymous symbol.
func (e evaluator) overItem(expr hclsyntax.Expression, element Value) Value {
	switch each := expr.(type) {
	case *hclsyntax.AnonSymbolExpr:
		return element
	case *hclsyntax.RelativeTraversalExpr:
		return e.steps(e.overItem(each.Source, element), each.Traversal, each.Range())
	case *hclsyntax.IndexExpr:
		return e.overItem(each.Collection, element).member(e.value(each.Key).cty(), each.Range())
	default:
		return unknownValue(hcl.Range{}, "the splat is not understood")
	}
}
