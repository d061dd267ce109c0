package access

import "github.com/kms-review/kms-review/analyzer/terraform"

// find looks for a request that one document allows and the other one does not. Where sure is set it has to be one
// that exists whatever the unknown values are; else any that may exist. Undecided means that there are too many to
// look at.
func (q *question) find(allows, refuses side, sure bool) terraform.Truth {
	if q.steps--; q.steps < 0 {
		return terraform.Undecided
	}
	switch terraform.All(q.allowed(allows), q.allowed(refuses).Not()) {
	case terraform.False:
		return terraform.False
	case terraform.True:
		return terraform.True
	default:
	}
	if s := q.open(); s != nil {
		return q.each(s, allows, refuses, sure)
	}
	if sure {
		return terraform.False
	}
	return q.assume(allows, refuses)
}

// each tries the values of a key.
func (q *question) each(s *space, allows, refuses side, sure bool) terraform.Truth {
	result := terraform.False
	for i, c := range s.cells {
		if sure && !c.sure {
			continue
		}
		s.chosen = i
		found := q.find(allows, refuses, sure)
		if found == terraform.True {
			return found // the request stays chosen
		}
		result = terraform.Any(result, found)
	}
	s.chosen = -1
	return result
}

// assume tries both truths of an atom.
func (q *question) assume(allows, refuses side) terraform.Truth {
	at := q.atom()
	if at < 0 {
		return terraform.False
	}
	result := terraform.False
	for _, truth := range []terraform.Truth{terraform.True, terraform.False} {
		q.assumed[at] = truth
		found := q.find(allows, refuses, false)
		if found == terraform.True {
			return found
		}
		result = terraform.Any(result, found)
	}
	q.assumed[at] = terraform.Undecided
	return result
}

// forget takes back what the last search chose.
func (q *question) forget() {
	for _, s := range q.spaces {
		s.chosen = -1
	}
	clear(q.assumed)
}

// allowed is AWS's rule: some statement allows the request, and none denies it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (q *question) allowed(at side) terraform.Truth {
	allow, deny := terraform.False, terraform.False
	for _, a := range q.clauses[at] {
		holds := q.holds(a)
		if holds == terraform.False {
			continue
		}
		denies := a.denies.truth(q.assumed)
		allow = terraform.Any(allow, terraform.All(holds, denies.Not()))
		deny = terraform.Any(deny, terraform.All(holds, denies))
	}
	return terraform.All(allow, deny.Not())
}

func (q *question) holds(a *asked) terraform.Truth {
	result := a.concerned.truth(q.assumed)
	for _, l := range a.conditions {
		if result == terraform.False {
			return result
		}
		result = terraform.All(result, q.condition(l))
	}
	return result
}

func (q *question) condition(l *limit) terraform.Truth {
	switch {
	case l.space == nil:
		return l.never.truth(q.assumed)
	case l.space.chosen < 0:
		return terraform.Undecided
	default:
		return l.truth[l.space.chosen].truth(q.assumed)
	}
}

// open finds a key without a value that a clause hangs on.
func (q *question) open() *space {
	for _, clauses := range q.clauses {
		for _, a := range clauses {
			if q.holds(a) != terraform.Undecided {
				continue
			}
			for _, l := range a.conditions {
				if l.space != nil && l.space.chosen < 0 {
					return l.space
				}
			}
		}
	}
	return nil
}

// atom finds an atom that a clause hangs on.
func (q *question) atom() int {
	for _, clauses := range q.clauses {
		for _, a := range clauses {
			formulas := []*expression{a.concerned, a.denies}
			for _, l := range a.conditions {
				if l.space == nil {
					formulas = append(formulas, l.never)
				} else if l.space.chosen >= 0 {
					formulas = append(formulas, l.truth[l.space.chosen])
				}
			}
			for _, e := range formulas {
				if at := e.undecided(q.assumed); at >= 0 {
					return at
				}
			}
		}
	}
	return -1
}
