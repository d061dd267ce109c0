package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// clause is a statement in the spelling of both documents. What of it is not known is an expression.
type clause struct {
	statement *policy.Statement
	place     int
	exists    *expression
	denies    *expression // that it is a Deny
	ours      *expression // that the key is its resource

	principals, others       []subject   // Principal and NotPrincipal
	mayMean, mayExcept       *expression // that it names somebody else, who is not known
	hasPrincipal, hasExcepts bool

	certain, possible action.Set
	mayAct            func(action.Set) *expression // about an action that is possible and not certain
	conditions        []*comparison
}

func (n *names) clause(at side, s *policy.Statement, place int) *clause {
	o := n.owners[at]
	c := &clause{statement: s, place: place, exists: yes, denies: no, mayMean: no, mayExcept: no}
	if s.Exists != terraform.True || s.Open {
		c.exists = n.unknown()
	}
	n.effect = ""
	if effect, known := s.Effect.Known(); known {
		if effect == "Deny" {
			n.effect = effect
		}
		c.denies = constant(effect == "Deny")
	} else {
		c.denies = n.fact("deny\x01%s", spell(n.word(at, s.Effect)))
	}
	c.ours = n.ours(at, s)
	list, whole := Principals(*s, o)
	c.principals, c.hasPrincipal = n.subjects(at, list), s.Principals.Present != terraform.False
	if !whole {
		c.mayMean = n.unknown()
	}
	list, whole = NotPrincipals(*s, o)
	c.others, c.hasExcepts = n.subjects(at, list), s.NotPrincipals.Present != terraform.False
	if !whole {
		c.mayExcept = n.unknown()
	}
	c.certain, c.possible = Actions(*s)
	c.mayAct = n.mayAct(at, s)
	for _, condition := range s.Conditions.Merged() {
		c.conditions = append(c.conditions, n.comparison(at, condition))
	}
	if s.Conditions.Open {
		c.conditions = append(c.conditions, &comparison{never: n.unknown()})
	}
	return c
}

func (n *names) subjects(at side, list []Principal) []subject {
	var subjects []subject
	for _, p := range list {
		subjects = append(subjects, n.subject(at, p))
	}
	return subjects
}

// mayAct tells whether a statement is about an action. The same unknown item means the same actions.
func (n *names) mayAct(at side, s *policy.Statement) func(action.Set) *expression {
	more, moreNot := no, no
	if s.Actions.Open || s.Open || s.Actions.Present == terraform.Undecided {
		more = n.unknown()
	}
	if s.NotActions.Open || s.NotActions.Present == terraform.Undecided {
		moreNot = n.unknown()
	}
	items := func(list []policy.Text, one action.Set) *expression {
		any := no
		for _, item := range list {
			certain, possible := matched(item)
			switch {
			case certain&one != 0:
				return yes
			case possible&one != 0:
				any = or(any, n.fact("acts\x01%s\x01%d", spell(n.word(at, item)), one))
			}
		}
		return any
	}
	return func(one action.Set) *expression {
		acts := or(items(s.Actions.Items, one), more)
		if s.NotActions.Present != terraform.False {
			acts = or(acts, not(or(items(s.NotActions.Items, one), moreNot)))
		}
		return acts
	}
}

// ours tells whether the key is the resource. Where only AWS knows, the same list means the same.
func (n *names) ours(at side, s *policy.Statement) *expression {
	switch n.owners[at].ours(*s) {
	case terraform.True:
		return yes
	case terraform.False:
		return no
	default:
	}
	if s.Resources.Open || s.NotResources.Open || s.Resources.Present == terraform.Undecided || s.NotResources.Present == terraform.Undecided || s.Open {
		return n.unknown()
	}
	var words []string
	for _, item := range append(slices.Clone(s.Resources.Items), s.NotResources.Items...) {
		words = append(words, spell(n.word(at, item)))
	}
	slices.Sort(words)
	ours := n.fact("resource\x01%s", strings.Join(slices.Compact(words), "\x01"))
	if s.NotResources.Present == terraform.True {
		return not(ours)
	}
	return ours
}

// concerns tells whether the clause is about a requester.
func (n *names) concerns(c *clause, r *requester) *expression {
	var any []*expression
	if c.hasPrincipal {
		for i := range c.principals {
			any = append(any, n.means(&c.principals[i], r))
		}
		any = append(any, c.mayMean)
	}
	if c.hasExcepts {
		any = append(any, not(or(n.excepted(c.others, r), c.mayExcept)))
	}
	return and(c.exists, c.ours, or(any...))
}

// comparison is one condition of a clause.
type comparison struct {
	key     string // in small letters; "" for one that only an atom stands for
	written string
	op      operator
	test    string // the relation of numbers and dates: "lessthan"
	values  []*operand
	more    *expression // that a value which is not known matches
	exists  *expression
	never   *expression // where it is set, it alone is the condition
	name    string
}

// operand is one value of a condition.
type operand struct {
	family family
	test   string
	text   string // where it is known
	known  bool
	word   pattern.Word
	match  pattern.Pattern
	opaque bool // nothing is known about what it matches
	name   string
}

func (n *names) comparison(at side, c policy.Condition) *comparison {
	key, known := c.Key.Known()
	op := operatorOf(c.Test)
	test, _ := c.Test.Known()
	cmp := &comparison{key: strings.ToLower(key), written: key, op: op, more: no, exists: yes}
	if op.family == numeric || op.family == date {
		cmp.test = strings.TrimSuffix(strings.ToLower(test[strings.LastIndexByte(test, ':')+1:]), "ifexists")
		cmp.test = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(cmp.test, "numeric"), "date"), "not")
	}
	if c.Exists != terraform.True {
		cmp.exists = n.unknown()
	}
	empty := len(c.Values.Items) == 0 && !c.Values.Open && c.Values.Present != terraform.Undecided
	if !empty && (c.Values.Open || c.Values.Present != terraform.True) {
		cmp.more = n.unknown()
	}
	var list []string
	for _, item := range c.Values.Items {
		v := n.operand(at, item, op.family, cmp.test)
		cmp.values = append(cmp.values, v)
		list = append(list, v.name)
		n.mention(at, "value "+cmp.key, v.word)
		if account := accountIn(cmp.key, v.word); account != nil && !v.opaque {
			n.mention(at, "account", account)
			n.accounts = append(n.accounts, account)
		}
	}
	slices.Sort(list)
	cmp.name = fmt.Sprintf("%s\x01%s\x01%s", strings.ToLower(test), spell(n.word(at, c.Key)), strings.Join(slices.Compact(list), "\x01"))
	if !known || op.family == otherFamily || empty {
		cmp.key, cmp.never = "", n.fact("condition\x01%s", cmp.name)
	}
	return cmp
}

func (n *names) operand(at side, item policy.Text, f family, test string) *operand {
	v := &operand{family: f, test: test, word: n.word(at, item)}
	v.text, v.known = item.Known()
	v.name = fmt.Sprintf("%d %s %s", f, test, spell(v.word))
	wildcards := f == stringLike || f == arnLike
	switch {
	case literals(item, "$"), wildcards && mayBeWild(item):
		v.opaque = true // a variable of the policy, or a variable of Terraform that may hold a wildcard
	case f == stringFold || f == boolean:
		v.match = pattern.Fold(v.word)
	case f == stringLike:
		v.match = pattern.Like(v.word)
	case f == arnLike:
		var ok bool
		v.match, ok = pattern.ARN(v.word)
		v.opaque = !ok
	default:
		v.match = pattern.Exact(v.word)
	}
	return v
}

// mayBeWild tells a text of which a part that is not known may hold a wildcard: any but what AWS calls a resource.
func mayBeWild(t policy.Text) bool {
	return slices.ContainsFunc(t.Parts, func(p policy.Part) bool { return p.Unknown != nil && p.Unknown.Reference == nil })
}

// accountIn is the account that a value of a condition on the caller names, without wildcards; nil where it names none.
func accountIn(key string, w pattern.Word) pattern.Word {
	switch key {
	case "kms:calleraccount", "aws:principalaccount":
	case "aws:principalarn":
		w = field(w, 4)
	default:
		return nil
	}
	if len(w) == 12 && !pattern.Like(w).Wild() || len(w) == 1 && w.Symbolic() {
		return w
	}
	return nil
}

// field is a part of an ARN, counted from zero; 4 is the account. It is nil where the word has no such part.
func field(w pattern.Word, i int) pattern.Word {
	from := 0
	for at, l := range w {
		switch {
		case l != ':':
		case i == 0:
			return w[from:at]
		default:
			i, from = i-1, at+1
		}
	}
	return nil
}
