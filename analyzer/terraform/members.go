package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Member is what is known of one place in a list, set, tuple, map or object.
type Member struct {
	Value

	// Exists is Undecided for a member that may not be there.
	Exists Truth
	// Rest tells that it stands for any number of members, perhaps none: Value is then not one of them, but what
	// they come from, such as the variable that concat was given.
	Rest bool
}

func sure(v Value) Member { return Member{Value: v, Exists: True} }

func rest(v Value) Member { return Member{Value: v, Exists: Undecided, Rest: true} }

// entries is a map or an object of which there may be more than what is known, or less.
type entries struct {
	known map[string]Member
	rest  []Value // what others may come from
}

// Members are what is known of a list, tuple or set, whether that is all (as for Elements) or not; ok is false for
// any other value, and where nothing is known. The order is that of the list up to the first that is not certain.
func (v Value) Members() (members []Member, ok bool) {
	members, _, ok = v.members(0)
	return members, ok
}

// members tells with loose that the members are certain, but not their number or order.
func (v Value) members(depth int) (members []Member, loose, ok bool) {
	if v.shape != nil && v.shape.members != nil {
		return v.shape.members, v.shape.loose, true
	}
	if choices, chosen := v.Choices(); chosen && depth < maxChoiceDepth {
		members, loose, ok = anyList(choices, depth+1)
		for i := range members {
			members[i] = members[i].because(v.Reason)
		}
		return members, loose, ok
	}
	elements, ok := v.Elements()
	for _, element := range elements {
		members = append(members, sure(element))
	}
	return members, false, ok
}

// anyList is one of several lists.
func anyList(choices []Value, depth int) (members []Member, loose, ok bool) {
	first := true
	for _, choice := range choices {
		other, otherLoose, isList := choice.members(depth)
		switch {
		case isList:
			ok = true
		case choice.Absent():
		case choice.Known() && choice.shape == nil || choice.shape != nil && choice.shape.choices == nil:
			return nil, false, false // an object, or a text
		default:
			other = []Member{rest(choice)}
		}
		if first {
			members, loose, first = other, otherLoose, false
			continue
		}
		members, loose = either(members, other, loose || otherLoose)
		if len(members) > maxParts {
			return nil, false, false
		}
	}
	return members, loose, ok
}

// either is one of two lists: what both begin with, in this order; then what one of them has.
func either(a, b []Member, loose bool) (members []Member, unordered bool) {
	if !loose && parallel(a, b) {
		for i := range a {
			members = append(members, sure(choose([]Value{a[i].Value, b[i].Value}, a[i].Range, a[i].Reason)))
		}
		return members, false
	}
	n := 0
	for n < min(len(a), len(b)) && a[n].certain() && b[n].certain() && a[n].same(b[n].Value) {
		n++
	}
	members = slices.Clone(a[:n])
	inA, inB := names(a[n:]), names(b[n:])
	var both []Member
	for _, m := range a[n:] {
		if m.certain() && inB.has(m.Value) {
			both = append(both, m)
		} else {
			m.Exists = Undecided
			members = append(members, m)
		}
	}
	for _, m := range b[n:] {
		if m.Rest || !inA.has(m.Value) {
			m.Exists = Undecided
			members = append(members, m)
		}
	}
	return append(members, both...), true
}

// nameSet are the names of members that are certainly there, to find one without comparing each with each.
type nameSet map[string]bool

func names(members []Member) nameSet {
	set := nameSet{}
	for _, m := range members {
		if name, ok := m.nameOf(); ok && m.certain() {
			set[name] = true
		}
	}
	return set
}

func (set nameSet) has(v Value) bool {
	name, ok := v.nameOf()
	return ok && set[name]
}

// nameOf is the same for equal values; ok is false for one without a name, or whose name takes long to find.
func (v Value) nameOf() (name string, ok bool) {
	if text, isText := v.Text(); isText {
		return quoted(text), true // numbers and bools among texts are texts
	}
	if v.weight() > maxNamed {
		return "", false
	}
	return v.Symbol()
}

// because says why a member may not be there.
func (m Member) because(reason string) Member {
	if !m.certain() {
		m.Reason = orElse(m.Reason, reason)
	}
	return m
}

// parallel tells that two lists are of the same length, and have nothing in common but in the same places.
func parallel(a, b []Member) bool {
	if len(a) != len(b) || !certain(a) || !certain(b) {
		return false
	}
	inA, inB := names(a), names(b)
	for i := range a {
		if !a[i].same(b[i].Value) && (inB.has(a[i].Value) || inA.has(b[i].Value)) {
			return false
		}
	}
	return true
}

func (m Member) certain() bool { return m.Exists == True && !m.Rest }

func certain(members []Member) bool {
	return !slices.ContainsFunc(members, func(m Member) bool { return !m.certain() })
}

// maxNamed is the weight of a value up to which its name is looked at to compare it.
const maxNamed = 100

// maxPairs bounds how many pairs of members are compared.
const maxPairs = 10_000

// Entries are what is known of an object or a map, whether that is all (as for Fields) or not; ok is false for any
// other value, and where nothing is known. rest are the values that further members may come from.
func (v Value) Entries() (known map[string]Member, rest []Value, ok bool) { return v.entries(0) }

func (v Value) entries(depth int) (known map[string]Member, rest []Value, ok bool) {
	if v.shape != nil && v.shape.entries != nil {
		return v.shape.entries.known, v.shape.entries.rest, true
	}
	if choices, chosen := v.Choices(); chosen && depth < maxChoiceDepth {
		known, rest, ok = anyObject(choices, depth+1)
		for name, m := range known {
			known[name] = m.because(v.Reason)
		}
		return known, rest, ok
	}
	fields, ok := v.Fields()
	if !ok {
		return nil, nil, false
	}
	known = make(map[string]Member, len(fields))
	for name, field := range fields {
		known[name] = sure(field)
	}
	return known, nil, true
}

// anyObject is one of several objects: a member that not all have may not be there.
func anyObject(choices []Value, depth int) (known map[string]Member, rest []Value, ok bool) {
	variants := map[string][]Value{}
	certain := map[string]int{}
	for _, choice := range choices {
		other, otherRest, isObject := choice.entries(depth)
		switch {
		case isObject:
			ok = true
		case choice.Absent():
		case choice.Known() || choice.shape != nil && choice.shape.choices == nil:
			return nil, nil, false
		default:
			otherRest = []Value{choice}
		}
		rest = append(rest, otherRest...)
		for name, m := range other {
			variants[name] = append(variants[name], m.Value)
			if m.Exists == True {
				certain[name]++
			}
		}
	}
	known = map[string]Member{}
	for name, values := range variants {
		m := Member{Value: choose(values, values[0].Range, values[0].Reason), Exists: Undecided}
		if certain[name] == len(choices) {
			m.Exists = True
		}
		known[name] = m
	}
	return known, rest, ok && len(known) <= maxParts
}

// listOf puts a list together of what may be in it. Where that is certain, it is a list like any other.
func listOf(members []Member, loose bool, r hcl.Range) Value {
	if !loose && certain(members) {
		elements := make([]Value, len(members))
		for i, m := range members {
			elements[i] = m.Value
		}
		return list(elements, r)
	}
	weight := 1
	reason := ""
	for _, m := range members {
		weight += m.weight()
		if reason == "" && (m.Unknown() || !m.certain()) {
			reason = m.Reason
		}
	}
	if weight > maxWeight || len(members) > maxParts {
		return unknownValue(r, "it is too large")
	}
	v := unknownValue(r, "%s", orElse(reason, "it is not known what is in the list"))
	v.shape = &shape{members: nonNilMembers(members), loose: loose, weight: weight}
	return v
}

func nonNilMembers(members []Member) []Member {
	if members == nil {
		return []Member{}
	}
	return members
}

// objectOf puts an object together of what may be in it.
func objectOf(known map[string]Member, rest []Value, r hcl.Range) Value {
	fields := make(map[string]Value, len(known))
	weight, reason := 1+len(rest), ""
	closed := len(rest) == 0
	for _, name := range sortedKeys(known) {
		m := known[name]
		fields[name] = m.Value
		weight += m.weight()
		closed = closed && m.Exists == True
		if reason == "" && (m.Unknown() || !m.certain()) {
			reason = m.Reason
		}
	}
	if closed {
		return object(fields, r)
	}
	if weight > maxWeight || len(known) > maxParts || len(rest) > maxParts {
		return unknownValue(r, "it is too large")
	}
	for _, other := range rest {
		reason = orElse(reason, other.Reason)
	}
	v := unknownValue(r, "%s", orElse(reason, "it is not known what is in the object"))
	v.shape = &shape{entries: &entries{known: known, rest: rest}, weight: weight}
	return v
}

// nth is the member at an index of a list of which not all is known.
func nth(members []Member, loose bool, index int64, r hcl.Range, reason string) Value {
	for i, m := range members {
		if loose || !m.certain() {
			return unknownValue(r, "%s", orElse(reason, m.Reason))
		}
		if int64(i) == index {
			return m.at(r)
		}
	}
	return failure(r, "the list has no such element")
}

// weight is what a value counts towards maxWeight.
func (v Value) weight() int {
	switch {
	case v.shape != nil && v.shape.weight > 0:
		return v.shape.weight
	case v.value == cty.NilVal:
		return 1
	default:
		return weigh(v.value, maxWeight)
	}
}

const (
	maxChoices     = 16 // values that one of which is meant
	maxChoiceDepth = 8  // of choices between what is itself chosen
)

// choose is one of several values, which one is not known. What they agree on is decided.
func choose(choices []Value, r hcl.Range, reason string) Value {
	var flat []Value
	weight := 1
	for _, choice := range choices {
		inner, chosen := choice.Choices()
		if !chosen {
			inner = []Value{choice}
		}
		for _, one := range inner {
			if !slices.ContainsFunc(flat, one.plainlySame) {
				flat = append(flat, one)
				weight += one.weight()
			}
		}
	}
	if len(flat) == 1 {
		return computed(flat[0], r)
	}
	v := unknownValue(r, "%s", orElse(reason, "which of several values it has is not known"))
	if len(flat) <= maxChoices && weight <= maxWeight {
		v.shape = &shape{choices: flat, weight: weight}
	}
	return v
}

// plainlySame compares without looking for names.
func (v Value) plainlySame(other Value) bool {
	switch {
	case v.Absent() || other.Absent():
		return v.Absent() && other.Absent()
	case v.Known() && other.Known():
		return v.value.Type().Equals(other.value.Type()) && v.value.RawEquals(other.value)
	case v.Known() || other.Known() || v.Reference == nil || other.Reference == nil:
		return false
	default:
		a, named := v.Symbol()
		b, _ := other.Symbol()
		return named && a == b
	}
}

// same tells that two values of one root module are certainly equal.
func (v Value) same(other Value) bool {
	if v.Known() && other.Known() {
		return v.Is(other.value) == True
	}
	if v.Known() || other.Known() || v.weight() > maxNamed || other.weight() > maxNamed {
		return false
	}
	a, named := v.Symbol()
	b, otherNamed := other.Symbol()
	return named && otherNamed && a == b
}

// each does with every value that an unknown one may be, what else would be done with the one.
func (v Value) each(r hcl.Range, do func(Value) Value) (out Value, ok bool) {
	choices, ok := v.Choices()
	if !ok {
		return Value{}, false
	}
	results := make([]Value, 0, len(choices))
	for _, choice := range choices {
		if result := do(choice); !result.failed {
			results = append(results, result)
		}
	}
	if len(results) == 0 {
		return failure(r, "none of its values allows this"), true
	}
	return choose(results, r, v.Reason), true
}
