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

// difference is a change with what tells whether another one implies it.
type difference struct {
	Change
	cause    cause
	allowing *clause
	whom     *subject // of the allowing statement; nil for one that names whom it is not about
}

// changed notes a difference; the request that shows it is chosen in the question.
func (c *comparer) changed(allows side, q *question, r *requester, group action.Set) {
	allowing := q.allowing(allows)
	why, other, keys := q.cause(1 - allows)
	kept := allowing.hasCondition(keys)
	d := difference{cause: why, allowing: allowing.clause, whom: c.widest(allowing, r)}
	d.Actions = group
	if why != denied && d.whom != nil {
		d.By, d.ByOwn = d.whom.Kind, c.isOwn(*d.whom)
	}
	switch {
	case why == denied && !r.elsewhere:
		c.concern(&d, nil, r)
	case why != unmentioned && !c.narrower(allowing, other, r):
		c.concern(&d, other, r)
	default:
		c.concern(&d, allowing, r)
	}
	if why == denied {
		keys = q.exempting(allows)
		kept = len(keys) > 0
	}
	d.Words = words(allows, why, d.Principal, keys, kept)
	statements := [2]*policy.Statement{}
	statements[allows] = allowing.statement
	if other != nil {
		statements[1-allows] = other.statement
	}
	d.Base, d.Head = statements[base], statements[head]
	for i, known := range c.changes[allows] {
		if known.Words == d.Words && known.allowing == d.allowing {
			c.changes[allows][i].Actions |= group
			return
		}
	}
	c.changes[allows] = append(c.changes[allows], d)
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

// concern notes the principal of a statement that stands for the requester, or the requester itself.
func (c *comparer) concern(d *difference, a *asked, r *requester) {
	if p := c.widest(a, r); p != nil {
		d.Principal, d.Kind, d.Own = c.label(p), p.Kind, c.isOwn(*p)
		return
	}
	d.Principal, d.Kind, d.Own = c.caller(r), r.Kind, r.own
}

// narrower tells that a statement allows something to fewer than another one with conditions does: to say that the
// conditions no longer hold for all of those would be wrong.
func (c *comparer) narrower(allowing, other *asked, r *requester) bool {
	who, all := c.widest(allowing, r), c.widest(other, r)
	return who != nil && all != nil && who.Kind > all.Kind
}

// widest is the principal of a statement that stands for the requester, the widest where there are several; nil
// where none is known to.
func (c *comparer) widest(a *asked, r *requester) *subject {
	var widest *subject
	if a == nil {
		return nil
	}
	for i := range a.principals {
		p := &a.principals[i]
		if p.Kind != Unknown && (widest == nil || p.Kind < widest.Kind) && c.means(p, r) == yes {
			widest = p
		}
	}
	return widest
}

// implies tells that whoever reads of one difference knows of another: what a statement newly allows to everyone, it
// allows to each.
func (d *difference) implies(other *difference) bool {
	if d == other || d.allowing != other.allowing || d.cause != unmentioned || d.whom == nil || other.whom == nil || other.Actions&^d.Actions != 0 {
		return false
	}
	return d.whom == other.whom && (d.cause != other.cause || d.Words != other.Words)
}

// words is a change in words. The actions, which are complete only in the end, come later.
func words(allows side, why cause, whom string, keys []string, kept bool) string {
	conditions, s := "the condition on `"+strings.Join(keys, "`, `")+"`", "s "
	if len(keys) > 1 {
		conditions, s = "the conditions on `"+strings.Join(keys, "`, `")+"`", " "
	}
	switch {
	case allows == head && why == denied && kept:
		return conditions + " now exempt" + s + whom + " from a Deny of " + actionsHere
	case why == denied && kept:
		return conditions + " no longer exempt" + s + whom + " from a Deny of " + actionsHere
	case allows == head && why == denied:
		return whom + " is no longer denied " + actionsHere
	case allows == head && why == limited && kept:
		return conditions + " now limit" + s + actionsHere + " less for " + whom
	case allows == head && why == limited:
		return conditions + " no longer limit" + s + actionsHere + " for " + whom
	case allows == head:
		return whom + " may now " + actionsHere
	case why == denied:
		return whom + " is now denied " + actionsHere
	case why == limited && kept:
		return conditions + " now limit" + s + actionsHere + " more for " + whom
	case why == limited:
		return conditions + " now limit" + s + actionsHere + " for " + whom
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

// sorted completes the changes of a direction and puts them in the order of the statements.
func (c *comparer) sorted(allows side) []Change {
	var list []*difference
	for i := range c.changes[allows] {
		d := &c.changes[allows][i]
		d.Words = strings.ReplaceAll(d.Words, actionsHere, listed(d.Actions))
		implied := false
		for j := range c.changes[allows] {
			implied = implied || c.changes[allows][j].implies(d)
		}
		if !implied {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b *difference) int {
		return cmp.Or(cmp.Compare(a.allowing.place, b.allowing.place), cmp.Compare(a.Words, b.Words))
	})
	var changes []Change
	for _, d := range list {
		changes = append(changes, d.Change)
	}
	return changes
}
