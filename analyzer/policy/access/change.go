package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// cause is why a request that one document allows is not allowed by the other.
type cause int

const (
	unmentioned cause = iota // no statement allows such a thing
	denied                   // a statement denies it
	limited                  // conditions do not hold
)

// changed notes a difference; the request that shows it is chosen in the question.
func (c *comparer) changed(allows side, q *question, r *requester, group action.Set) {
	allowing := q.allowing(allows)
	change := Change{Principal: c.whom(allowing, r), Actions: group}
	why, other, keys := q.cause(1 - allows)
	if why == denied {
		change.Principal = c.whom(other, r)
		if r.Kind != Everyone && !r.elsewhere {
			change.Principal = c.caller(r)
		}
	}
	kept := allowing.hasCondition(keys)
	if why == denied {
		keys = q.exempting(allows)
		kept = len(keys) > 0
	}
	change.Words = words(allows, why, change.Principal, keys, kept)
	statements := [2]*policy.Statement{}
	statements[allows] = allowing.statement
	if other != nil {
		statements[1-allows] = other.statement
	}
	change.Base, change.Head = statements[base], statements[head]
	for i, known := range c.changes[allows] {
		if known.Words == change.Words && known.Base == change.Base && known.Head == change.Head {
			c.changes[allows][i].Actions |= group
			return
		}
	}
	c.changes[allows] = append(c.changes[allows], change)
}

// allowing is the first statement that allows the request.
func (q *question) allowing(at side) *asked {
	for _, a := range q.clauses[at] {
		if q.holds(a) == terraform.True && a.denies.truth(q.assumed) == terraform.False {
			return a
		}
	}
	return nil // a request that is certainly allowed has one
}

// cause finds why a document does not allow the request: the statement that denies it, or the one that comes
// nearest to allowing it, and the keys of the conditions that do not hold.
func (q *question) cause(at side) (why cause, nearest *asked, keys []string) {
	for _, a := range q.clauses[at] {
		denies := a.denies.truth(q.assumed) == terraform.True
		if denies {
			continue
		}
		var failing []string
		for _, l := range a.conditions {
			if q.condition(l) != terraform.True && !slices.Contains(failing, l.comparisonKey()) {
				failing = append(failing, l.comparisonKey())
			}
		}
		if len(failing) == 0 {
			if a.concerned.truth(q.assumed) == terraform.True {
				return denied, q.denying(at), nil
			}
			continue
		}
		if nearest == nil || len(failing) < len(keys) {
			why, nearest, keys = limited, a, failing
		}
	}
	return why, nearest, keys
}

func (q *question) denying(at side) *asked {
	for _, a := range q.clauses[at] {
		if q.holds(a) == terraform.True && a.denies.truth(q.assumed) == terraform.True {
			return a
		}
	}
	return nil
}

// exempting lists the keys of the conditions by which a document that denies the like lets the request pass.
func (q *question) exempting(at side) (keys []string) {
	for _, a := range q.clauses[at] {
		if a.denies.truth(q.assumed) != terraform.True || a.concerned.truth(q.assumed) != terraform.True {
			continue
		}
		for _, l := range a.conditions {
			if q.condition(l) != terraform.True && !slices.Contains(keys, l.comparisonKey()) {
				keys = append(keys, l.comparisonKey())
			}
		}
	}
	return keys
}

// hasCondition tells that a statement has conditions on one of the keys.
func (a *asked) hasCondition(keys []string) bool {
	return slices.ContainsFunc(a.conditions, func(l *limit) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, l.written) })
	})
}

// comparisonKey is the key as written.
func (l *limit) comparisonKey() string {
	if l.written == "" {
		return "?"
	}
	return l.written
}

// whom names the principal of a statement that stands for the requester, the widest where there are several.
func (c *comparer) whom(a *asked, r *requester) string {
	if a == nil || !a.hasPrincipal {
		return c.caller(r)
	}
	label, widest := c.caller(r), Invalid
	for i := range a.principals {
		p := &a.principals[i]
		if p.Kind < widest && p.Kind != Unknown && c.means(p, r) == yes {
			label, widest = c.label(p), p.Kind
		}
	}
	return label
}

// words is a change in words. The actions, which are complete only in the end, come later.
func words(allows side, why cause, whom string, keys []string, kept bool) string {
	conditions := "the condition on `" + strings.Join(keys, "`, `") + "`"
	limits := "limits "
	if len(keys) > 1 {
		conditions, limits = "the conditions on `"+strings.Join(keys, "`, `")+"`", "limit "
	}
	switch {
	case allows == head && why == denied && kept:
		return conditions + " now exempts " + whom + " from a Deny of " + actionsHere
	case why == denied && kept:
		return conditions + " no longer exempts " + whom + " from a Deny of " + actionsHere
	case allows == head && why == denied:
		return whom + " is no longer denied " + actionsHere
	case allows == head && why == limited && kept:
		return conditions + " now " + limits + actionsHere + " less for " + whom
	case allows == head && why == limited:
		return conditions + " no longer " + limits + actionsHere + " for " + whom
	case allows == head:
		return whom + " may now " + actionsHere
	case why == denied:
		return whom + " is now denied " + actionsHere
	case why == limited && kept:
		return conditions + " now " + limits + actionsHere + " more for " + whom
	case why == limited:
		return conditions + " now " + limits + actionsHere + " for " + whom
	default:
		return whom + " may no longer " + actionsHere
	}
}

// actionsHere is where the words have the actions.
const actionsHere = "\x00"

// listed writes actions for a reader.
func listed(actions action.Set) string {
	if actions == action.CrossAccount {
		return "`kms:*` (as far as it works across accounts)"
	}
	return "`" + actions.String() + "`"
}

// sorted completes the changes of a direction and puts them in the order of the statements. What everyone gains by
// a statement, those who are named by others gain by it, too, and it is said once.
func (c *comparer) sorted(allows side) []Change {
	list := c.changes[allows]
	for i := range list {
		list[i].Words = strings.ReplaceAll(list[i].Words, actionsHere, listed(list[i].Actions))
	}
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(place(c.documents[allows], allowingOf(a, allows)), place(c.documents[allows], allowingOf(b, allows))),
			cmp.Compare(a.Words, b.Words),
		)
	})
	return list
}

func allowingOf(change Change, allows side) *policy.Statement {
	if allows == head {
		return change.Head
	}
	return change.Base
}

func place(clauses []*clause, s *policy.Statement) int {
	return slices.IndexFunc(clauses, func(c *clause) bool { return c.statement == s })
}
