package access

import "github.com/kms-review/kms-review/analyzer/terraform"

// expression is a formula over atoms: facts that the configuration does not decide, such as whether two unknown
// texts are the same. The same atom has the same truth in both documents.
type expression struct {
	op    connective
	atom  int
	terms []*expression
}

type connective uint8

const (
	never connective = iota
	always
	fact
	negation
	conjunction
	disjunction
)

var (
	no  = &expression{op: never}
	yes = &expression{op: always}
)

func constant(b bool) *expression {
	if b {
		return yes
	}
	return no
}

func not(e *expression) *expression {
	switch e.op {
	case never:
		return yes
	case always:
		return no
	default:
		return &expression{op: negation, terms: []*expression{e}}
	}
}

func and(terms ...*expression) *expression { return join(conjunction, yes, no, terms) }

func or(terms ...*expression) *expression { return join(disjunction, no, yes, terms) }

// join leaves out the neutral terms; one that decides is the result.
func join(op connective, neutral, decisive *expression, terms []*expression) *expression {
	var kept []*expression
	for _, t := range terms {
		if t.op == decisive.op {
			return decisive
		}
		if t.op != neutral.op {
			kept = append(kept, t)
		}
	}
	switch len(kept) {
	case 0:
		return neutral
	case 1:
		return kept[0]
	default:
		return &expression{op: op, terms: kept}
	}
}

// truth evaluates the formula; atoms that nobody assumed anything of are undecided.
func (e *expression) truth(assumed []terraform.Truth) terraform.Truth {
	switch e.op {
	case never:
		return terraform.False
	case always:
		return terraform.True
	case fact:
		return assumed[e.atom]
	case negation:
		return e.terms[0].truth(assumed).Not()
	default:
		return e.joined(assumed)
	}
}

// joined evaluates a conjunction or a disjunction: one term may decide it.
func (e *expression) joined(assumed []terraform.Truth) terraform.Truth {
	decisive, result := terraform.False, terraform.True
	if e.op == disjunction {
		decisive, result = terraform.True, terraform.False
	}
	for _, t := range e.terms {
		switch v := t.truth(assumed); v {
		case decisive:
			return v
		case terraform.Undecided:
			result = v
		default:
		}
	}
	return result
}

// undecided finds an atom that the truth of the formula hangs on; -1 where there is none.
func (e *expression) undecided(assumed []terraform.Truth) int {
	if e.op == fact {
		if assumed[e.atom] == terraform.Undecided {
			return e.atom
		}
		return -1
	}
	for _, t := range e.terms {
		if t.truth(assumed) == terraform.Undecided {
			if at := t.undecided(assumed); at >= 0 {
				return at
			}
		}
	}
	return -1
}
