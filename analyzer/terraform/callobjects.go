package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// merge joins objects, the last of a name counts. One of which nothing is known may replace anything before it; a
// null counts as empty.
func merge(r hcl.Range, args []Value) (Value, bool) {
	merged := map[string]Member{}
	var others []Value
	for _, arg := range args {
		if arg.Absent() {
			continue
		}
		known, unlisted, isObject := arg.Entries()
		switch {
		case isObject:
		case arg.Unknown() && (arg.shape == nil || arg.shape.choices != nil || arg.shape.decoded != nil):
			unlisted = []Value{arg}
		default:
			return Value{}, false
		}
		if len(unlisted) > 0 {
			for name, m := range merged {
				merged[name] = Member{Value: overridable(m.Value, unlisted).Value, Exists: m.Exists}
			}
		}
		others = append(others, unlisted...)
		for name, m := range known {
			before, exists := merged[name]
			if exists && m.Exists != True {
				m = Member{Value: choose([]Value{before.Value, m.Value}, r, m.Reason), Exists: before.Exists}
			}
			merged[name] = m
		}
		if len(merged) > maxParts {
			return unknownValue(r, "it is too large"), true
		}
	}
	return objectOf(merged, others, r), true
}

func lookup(r hcl.Range, args []Value) (Value, bool) {
	if len(args) < 2 || len(args) > 3 {
		return Value{}, false
	}
	known, unlisted, isObject := args[0].Entries()
	key, keyKnown := args[1].Text()
	if !isObject {
		return Value{}, false
	}
	var candidates []Value
	found := false
	if keyKnown {
		var m Member
		if m, found = known[key]; found {
			candidates = append(candidates, m.Value)
			found = m.Exists == True
		}
	} else {
		for _, name := range sortedKeys(known) {
			candidates = append(candidates, known[name].Value)
		}
	}
	if len(unlisted) > 0 && !found {
		candidates = append(candidates, unknownValue(r, "%s", args[0].Reason))
	}
	if !found && len(args) == 3 {
		candidates = append(candidates, args[2])
	}
	if len(candidates) == 0 {
		return Value{}, false
	}
	return choose(candidates, r, orElse(args[0].Reason, args[1].Reason)), true
}

func keys(r hcl.Range, args []Value) (Value, bool) {
	return membersOf(r, args, func(name string, _ Value) Value { return Value{state: known, value: cty.StringVal(name), Range: r} })
}

func values(r hcl.Range, args []Value) (Value, bool) {
	if len(args) == 1 && args[0].Reference != nil && args[0].Reference.Attribute == "" {
		return args[0].at(r), true // all instances of a resource, as for a splat
	}
	return membersOf(r, args, func(_ string, v Value) Value { return v })
}

func membersOf(r hcl.Range, args []Value, of func(name string, v Value) Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	known, unlisted, isObject := args[0].Entries()
	if !isObject {
		return Value{}, false
	}
	var members []Member
	for _, name := range sortedKeys(known) {
		members = append(members, Member{Value: of(name, known[name].Value), Exists: known[name].Exists})
	}
	for _, other := range unlisted {
		members = append(members, rest(unknownValue(r, "%s", other.Reason)))
	}
	return listOf(members, len(unlisted) > 0, r), true // others may stand between them
}

func zipmap(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	names, namesKnown := args[0].Elements()
	elements, elementsKnown := args[1].Elements()
	if !namesKnown || !elementsKnown || len(names) != len(elements) {
		return Value{}, false
	}
	fields := map[string]Value{}
	for i, name := range names {
		text, ok := name.Text()
		if !ok {
			return Value{}, false
		}
		fields[text] = elements[i]
	}
	return object(fields, r), true
}

func same(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 || args[0].Known() && args[0].shape == nil {
		return Value{}, false
	}
	return args[0].at(r), true
}

// coalesce takes the first argument that has a value and is no empty text.
func coalesce(r hcl.Range, args []Value) (Value, bool) {
	var candidates []Value
	for _, arg := range args {
		m, keep := sure(arg).filled()
		if !keep {
			continue
		}
		candidates = append(candidates, m.Value)
		if m.Exists == True {
			break
		}
	}
	if len(candidates) == 0 {
		return Value{}, false
	}
	return choose(candidates, r, candidates[0].Reason), true
}
