package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// question asks about the requests of one requester for actions that both documents treat alike: is there one that
// one document allows and the other does not?
type question struct {
	clauses [2][]*asked
	spaces  []*space
	assumed []terraform.Truth // of atoms
	steps   int               // left
}

// asked is a clause that may be about the requester and the actions.
type asked struct {
	*clause
	concerned  *expression // that it is about them
	conditions []*limit
}

// limit is a condition of a clause.
type limit struct {
	*comparison
	space *space // nil for one that only an atom stands for
	at    []int  // of its operands in the space
	truth []*expression
}

// space is what a request may have for one key.
type space struct {
	keyed
	cells  []cell
	chosen int // -1: none yet
}

// maxRequests bounds the requests that one question looks at.
const maxRequests = 20000

// ask collects the clauses that matter. ok is false where a key has too many values to tell apart.
func (n *names) ask(about [2][]*asked, r *requester, actions action.Set) (q *question, ok bool) {
	q = &question{steps: maxRequests}
	one := actions & -actions
	for at := range about {
		for _, a := range about[at] {
			concerned := and(a.concerned, n.acts(a.clause, one))
			if concerned == no {
				continue
			}
			c := &asked{clause: a.clause, concerned: concerned}
			for _, cmp := range a.clause.conditions {
				c.conditions = append(c.conditions, q.limit(cmp, r))
			}
			q.clauses[at] = append(q.clauses[at], c)
		}
	}
	if q.same() {
		return q, true
	}
	for _, s := range q.spaces {
		if s.cells, ok = n.spread(&s.keyed, r, one); !ok {
			return nil, false
		}
	}
	for at := range q.clauses {
		for _, a := range q.clauses[at] {
			for _, l := range a.conditions {
				n.evaluate(l)
			}
		}
	}
	q.assumed = make([]terraform.Truth, len(n.atoms))
	q.doubt()
	return q, true
}

func (n *names) acts(c *clause, one action.Set) *expression {
	switch {
	case c.certain&one != 0:
		return yes
	case c.possible&one != 0:
		return c.mayAct(one)
	default:
		return no
	}
}

// limit finds the space of a condition. The caller's account is one thing, whichever key asks for it.
func (q *question) limit(cmp *comparison, r *requester) *limit {
	l := &limit{comparison: cmp}
	if cmp.never != nil {
		return l
	}
	key := cmp.key
	if _, in := r.in(); key == "aws:principalaccount" && (in || r.elsewhere) {
		key = "kms:calleraccount"
	}
	i := slices.IndexFunc(q.spaces, func(s *space) bool { return s.name == key })
	if i < 0 {
		i = len(q.spaces)
		q.spaces = append(q.spaces, &space{keyed: keyed{name: key, caller: r, at: map[string]int{}, sets: map[string]bool{}}, chosen: -1})
	}
	l.space = q.spaces[i]
	l.space.add(cmp)
	for _, v := range cmp.values {
		l.at = append(l.at, l.space.at[v.name])
	}
	return l
}

// spread gives the values of a key. Requests for most actions cannot have an encryption context, nor be for a grant
// that a service makes.
func (n *names) spread(k *keyed, r *requester, one action.Set) ([]cell, bool) {
	context := strings.HasPrefix(k.name, "kms:encryptioncontext")
	if context && one&action.TakesContext == 0 || k.name == "kms:grantisforawsresource" && one&action.TakesGrantResource == 0 {
		return []cell{{sure: true}}, true
	}
	return n.cells(k, r)
}

// evaluate works out the condition for each cell.
func (n *names) evaluate(l *limit) {
	if l.space == nil {
		return
	}
	for _, c := range l.space.cells {
		holds := n.holds(l, c)
		if l.exists != yes {
			holds = or(not(l.exists), holds)
		}
		l.truth = append(l.truth, holds)
	}
}

// holds follows
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func (n *names) holds(l *limit, c cell) *expression {
	if l.op.family == null {
		return n.isMissing(l, len(c.elements) == 0)
	}
	if len(c.elements) == 0 {
		return constant(l.op.ifExists || l.op.forAll || l.op.negated && !l.op.forAny)
	}
	if len(c.elements) > 1 && !l.op.forAll && !l.op.forAny {
		return n.fact("several\x01%s", l.name)
	}
	var each []*expression
	for _, met := range c.elements {
		any := []*expression{l.more}
		for _, i := range l.at {
			any = append(any, met[i])
		}
		one := or(any...)
		if l.op.negated {
			one = not(one)
		}
		each = append(each, one)
	}
	if l.op.forAny {
		return or(each...)
	}
	return and(each...)
}

// isMissing is the operator Null: true asks that the key is missing.
func (n *names) isMissing(l *limit, missing bool) *expression {
	any := []*expression{l.more}
	for _, v := range l.values {
		switch text := strings.ToLower(v.text); {
		case v.known && text == "true":
			any = append(any, constant(missing))
		case v.known && text == "false":
			any = append(any, constant(!missing))
		default:
			any = append(any, n.fact("null\x01%s\x01%t", v.name, missing))
		}
	}
	return or(any...)
}

// related are keys of which one says something about the other: a request that has some value for both may not exist.
var related = [][]string{
	{"aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:vpcsourceip"},
	{"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"},
	{"aws:principalorgid", "aws:principalorgpaths"},
	{"aws:currenttime", "aws:epochtime"},
	{"aws:multifactorauthpresent", "aws:multifactorauthage"},
	{"aws:userid", "aws:username", "aws:principalarn", "aws:principaltype"},
	{"kms:requestalias", "kms:resourcealiases"},
}

// doubt makes requests unsure in which keys are related.
func (q *question) doubt() {
	for i, s := range q.spaces {
		for _, other := range q.spaces[:i] {
			if !areRelated(s.name, other.name) {
				continue
			}
			for j := range s.cells {
				s.cells[j].sure = false
			}
		}
	}
}

func areRelated(a, b string) bool {
	if strings.HasPrefix(a, "kms:encryptioncontext") && strings.HasPrefix(b, "kms:encryptioncontext") {
		return a == "kms:encryptioncontextkeys" || b == "kms:encryptioncontextkeys"
	}
	return slices.ContainsFunc(related, func(keys []string) bool { return slices.Contains(keys, a) && slices.Contains(keys, b) })
}

// same tells that both documents have the same clauses for the question, so that the answer is no.
func (q *question) same() bool {
	var ids [2][]string
	for at, clauses := range q.clauses {
		for _, a := range clauses {
			ids[at] = append(ids[at], a.id())
		}
		slices.Sort(ids[at])
		ids[at] = slices.Compact(ids[at])
	}
	return slices.Equal(ids[base], ids[head])
}

// id says all that a clause means for the question.
func (a *asked) id() string {
	var list []string
	for _, l := range a.conditions {
		id := fmt.Sprintf("%s\x02%s\x02%s\x02%s", l.name, l.more, l.exists, l.never)
		list = append(list, id)
	}
	slices.Sort(list)
	return fmt.Sprintf("%s\x03%s\x03%s", a.denies, a.concerned, strings.Join(list, "\x03"))
}

// String writes the formula, so that equal ones are written alike.
func (e *expression) String() string {
	if e == nil {
		return ""
	}
	var terms []string
	for _, t := range e.terms {
		terms = append(terms, t.String())
	}
	slices.Sort(terms)
	return fmt.Sprintf("%d.%d(%s)", e.op, e.atom, strings.Join(slices.Compact(terms), " "))
}
