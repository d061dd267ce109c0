package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// concat joins lists. One of which nothing is known leaves a gap.
func concat(r hcl.Range, args []Value) (Value, bool) {
	var all []Member
	loose := false
	for _, arg := range args {
		members, unordered, isList := arg.members(0)
		switch {
		case isList:
		case arg.Unknown() && (arg.shape == nil || arg.shape.choices != nil || arg.shape.decoded != nil):
			members = []Member{rest(arg)}
		default:
			return Value{}, false
		}
		if len(all)+len(members) > maxParts {
			return unknownValue(r, "it is too large"), true
		}
		all = append(all, members...)
		loose = loose || unordered
	}
	return listOf(all, loose, r), true
}

// flatten joins the lists in a list. What may be a list of any length leaves a gap.
func flatten(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	f := flattener{}
	if !f.add(args[0], True, 0) {
		return Value{}, false
	}
	if len(f.members) > maxParts {
		return unknownValue(r, "it is too large"), true
	}
	return listOf(f.members, f.loose, r), true
}

type flattener struct {
	members []Member
	loose   bool
}

// add is false for what is no list.
func (f *flattener) add(v Value, exists Truth, depth int) bool {
	members, loose, isList := v.members(0)
	if !isList || depth > maxDepth || len(f.members) > maxParts {
		return false
	}
	f.loose = f.loose || loose
	for _, m := range members {
		m.Exists = All(m.Exists, exists)
		switch {
		case m.Rest:
			f.members = append(f.members, m)
		case f.add(m.Value, m.Exists, depth+1):
		case m.Unknown() && !m.single():
			f.members = append(f.members, rest(m.Value)) // it may be a list of any length
		default:
			f.members = append(f.members, m)
		}
	}
	return true
}

// single tells that an unknown value is certainly no list.
func (v Value) single() bool {
	if choices, ok := v.Choices(); ok {
		return !slices.ContainsFunc(choices, func(choice Value) bool { return choice.Unknown() && !choice.single() || choice.isList() })
	}
	if v.shape != nil {
		return v.shape.decoded == nil
	}
	return v.Reference != nil && !v.Reference.Each
}

func (v Value) isList() bool {
	_, _, ok := v.members(0)
	return ok
}

// compact drops what is null or the empty text.
func compact(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	members, loose, isList := args[0].members(0)
	if !isList {
		return Value{}, false
	}
	var kept []Member
	for _, m := range members {
		if m, keep := m.filled(); keep {
			kept = append(kept, m)
		}
	}
	return listOf(kept, loose, r), true
}

// filled is what is left of a text if the empty one counts for nothing; keep is false where that is nothing.
func (m Member) filled() (kept Member, keep bool) {
	if m.Rest {
		return m, true
	}
	switch m.blank() {
	case True:
		return m, false
	case False:
		return m, true
	case Undecided:
	}
	m.Exists = Undecided
	if choices, ok := m.Choices(); ok {
		choices = slices.DeleteFunc(slices.Clone(choices), func(v Value) bool { return v.blank() == True })
		if len(choices) == 0 {
			return m, false
		}
		reason := m.Reason
		m.Value = choose(choices, m.Range, reason)
		m.Reason = orElse(m.Reason, reason)
	}
	return m, true
}

// blank tells whether a text is null or empty.
func (v Value) blank() Truth {
	text, isText := v.Text()
	switch {
	case v.Absent():
		return True
	case isText:
		return truth(text == "")
	case v.Known():
		return False
	case v.Reference != nil && v.Set() == True, v.shape != nil && v.shape.encoded != nil:
		return False // what AWS names is not empty, nor is any JSON
	}
	if segments, ok := v.Segments(); ok {
		for _, segment := range segments {
			if segment.blank() == False {
				return False
			}
		}
		return Undecided
	}
	return v.all(Value.blank)
}

// distinct drops what is in a list already: toset does the same but for the order.
func distinct(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	members, loose, isList := args[0].members(0)
	if !isList {
		if args[0].Known() {
			return Value{}, false
		}
		v := args[0].at(r)
		v.name, v.value = nil, cty.NilVal // the order is another
		return v, true
	}
	kept, differ := different(members)
	return listOf(kept, loose || !differ, r), true
}

// asSet is toset.
func asSet(r hcl.Range, args []Value) (Value, bool) {
	v, ok := distinct(r, args)
	return v.ofSet(), ok
}

func (v Value) ofSet() Value {
	if v.shape != nil && (v.shape.members != nil || v.shape.elements != nil) {
		set := *v.shape
		set.set = true
		v.shape = &set
	}
	return v
}

// different drops members that are certainly there already; differ tells that all others are certainly different.
func different(members []Member) (kept []Member, differ bool) {
	unknowns := 0
	seen := nameSet{}
	for _, m := range members {
		name, named := m.nameOf()
		if !m.Rest && named && seen[name] {
			continue
		}
		if named && m.certain() {
			seen[name] = true
		}
		if !m.Known() {
			unknowns++
		}
		kept = append(kept, m)
	}
	return kept, unknowns == 0 || len(kept) < 2
}

func reverse(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	members, loose, isList := args[0].members(0)
	members = slices.Clone(members)
	slices.Reverse(members)
	return listOf(members, loose, r), isList
}

// sorted has the members, in an order that is not known where one of them is not.
func sorted(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	members, _, isList := args[0].members(0)
	return listOf(members, len(members) > 1, r), isList
}

// has is contains.
func has(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	members, _, isList := args[0].members(0)
	if !isList || args[1].Absent() {
		return Value{}, false
	}
	switch among(args[1], members, true) {
	case True:
		return Value{state: known, value: cty.True, Range: r}, true
	case False:
		return Value{state: known, value: cty.False, Range: r}, true
	default:
		return unknownValue(r, "%s", orElse(args[0].Reason, args[1].Reason)), true
	}
}

// length has a lower bound where not all is known: enough to tell a list that is not empty.
func length(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	n, exact := 0, true
	if members, loose, isList := args[0].members(0); isList {
		for _, m := range members {
			exact = exact && m.certain()
			if m.certain() && (!loose || n == 0) {
				n++
			}
		}
		exact = exact && !loose
	} else if fields, others, isObject := args[0].Entries(); isObject {
		for _, m := range fields {
			exact = exact && m.certain()
			if m.certain() {
				n++
			}
		}
		exact = exact && len(others) == 0
	} else {
		return Value{}, false
	}
	if exact {
		return Value{state: known, value: cty.NumberIntVal(int64(n)), Range: r}, true
	}
	v := unknownValue(r, "%s", args[0].Reason)
	v.value = cty.UnknownVal(cty.Number).Refine().NotNull().NumberRangeLowerBound(cty.NumberIntVal(int64(n)), true).NewValue()
	return v, true
}

// one gives the element of a list of one, and null for none.
func one(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	if ref := args[0].Reference; ref != nil && ref.Each {
		return args[0].only().at(r), true // of a splat over a resource
	}
	members, loose, isList := args[0].members(0)
	if !isList || loose && len(members) > 1 {
		return Value{}, false
	}
	var candidates []Value
	certainly := 0
	for _, m := range members {
		switch {
		case m.certain():
			certainly++
			candidates = append(candidates, m.Value)
		case m.Rest && m.Reference != nil && m.Reference.Each:
			candidates = append(candidates, m.only())
		case m.Rest:
			candidates = append(candidates, unknownValue(r, "%s", m.Reason))
		default:
			candidates = append(candidates, m.Value)
		}
	}
	switch {
	case certainly > 1:
		return failure(r, "the list has more than one element"), true
	case certainly == 1:
		for _, m := range members {
			if m.certain() {
				return m.at(r), true // any other would be one too many
			}
		}
	}
	return choose(append(candidates, Value{state: absent, Range: r}), r, args[0].Reason), true
}

// element counts round: behind the last is the first.
func element(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	if ref := args[0].Reference; ref != nil && ref.Each {
		return args[0].nth(unknownValue(r, "")).at(r), true // an instance of the resource
	}
	if out, ok := args[0].anyOf(args[1], r); ok {
		return out, true
	}
	i, known := args[1].Int()
	members, loose, isList := args[0].members(0)
	if !known || !isList || loose || i < 0 || len(members) == 0 {
		return Value{}, false
	}
	if certain(members) {
		return members[i%int64(len(members))].at(r), true
	}
	return nth(members, false, i, r, args[0].Reason), i < int64(len(members))
}

func slice(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 3 {
		return Value{}, false
	}
	from, fromKnown := args[1].Int()
	to, toKnown := args[2].Int()
	elements, isList := args[0].Elements()
	if !isList || !fromKnown || !toKnown || from < 0 || to < from || to > int64(len(elements)) {
		return Value{}, false
	}
	return list(slices.Clone(elements[from:to]), r), true
}

// asList is tolist. Of a set that is not known as a whole, the order is not known.
func asList(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 || args[0].Known() {
		return Value{}, false
	}
	members, loose, isList := args[0].members(0)
	if !isList {
		return args[0].at(r), true
	}
	return listOf(members, loose || args[0].isSet() && len(members) > 1, r), true
}

// coalesceList takes the first list that is not empty.
func coalesceList(r hcl.Range, args []Value) (Value, bool) {
	var candidates []Value
	for _, arg := range args {
		members, _, isList := arg.members(0)
		switch {
		case isList && len(members) == 0 || arg.Absent():
			continue
		case isList && slices.ContainsFunc(members, Member.certain):
			return choose(append(candidates, arg), r, arg.Reason), true
		}
		candidates = append(candidates, arg)
	}
	if len(candidates) == 0 {
		return Value{}, false
	}
	return choose(candidates, r, candidates[0].Reason), true
}
