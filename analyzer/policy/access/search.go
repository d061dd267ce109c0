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
