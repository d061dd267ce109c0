package terraform

// Truth is a verdict in Kleene's three-valued logic. The zero value is Undecided, so a verdict that nobody
// reached cannot pass for one.
type Truth int8

// The verdicts.
const (
	Undecided Truth = iota
	False
	True
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Not is the negation; what is undecided stays so.
func (t Truth) Not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	default:
		return Undecided
	}
}

// All is the conjunction: one False decides it.
func All(operands ...Truth) Truth {
	result := True
	for _, t := range operands {
		if t == False {
			return False
		}
		if t == Undecided {
			result = Undecided
		}
	}
	return result
}

// Any is the disjunction: one True decides it.
func Any(operands ...Truth) Truth {
	result := False
	for _, t := range operands {
		if t == True {
			return True
		}
		if t == Undecided {
			result = Undecided
		}
	}
	return result
}
