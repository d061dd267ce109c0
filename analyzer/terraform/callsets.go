package terraform

import (
	"github.com/hashicorp/hcl/v2"
)

func union(r hcl.Range, args []Value) (Value, bool) {
	all, ok := concat(r, args)
	if !ok {
		return Value{}, false
	}
	return asSet(r, []Value{all})
}

// subtract is what is in the first set and not in the second.
func subtract(r hcl.Range, args []Value) (Value, bool) {
	return filter(r, args, func(m Member, others []Member, closed bool) Truth { return among(m.Value, others, closed).Not() })
}

// intersect is what is in both.
func intersect(r hcl.Range, args []Value) (Value, bool) {
	return filter(r, args, func(m Member, others []Member, closed bool) Truth { return among(m.Value, others, closed) })
}

func filter(r hcl.Range, args []Value, keep func(m Member, others []Member, closed bool) Truth) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	members, loose, isList := args[0].members(0)
	others, _, known := args[1].members(0)
	if !isList || len(members)*len(others) > maxPairs {
		return Value{}, false
	}
	var kept []Member
	for _, m := range members {
		switch keep(m, others, known && certain(others)) {
		case False:
			if m.Rest {
				kept = append(kept, m)
			}
			continue
		case Undecided:
			m.Exists = Undecided
		case True:
		}
		kept = append(kept, m)
	}
	return listOf(kept, loose || len(kept) > 1, r).ofSet(), true
}

// among tells whether a value is in a list, of which closed says that all is known.
func among(v Value, members []Member, closed bool) Truth {
	verdict := truth(false)
	if !closed {
		verdict = Undecided
	}
	for _, m := range members {
		switch {
		case m.Rest:
			verdict = Undecided
		case m.certain() && m.same(v):
			return True
		case m.Known() && v.Known() && m.Is(v.value) == False:
		case equal(v, m.Value) != False:
			verdict = Undecided
		}
	}
	return verdict
}
