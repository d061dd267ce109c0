package access

import (
	"cmp"
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Verdict is how two documents differ.
type Verdict int

// The verdicts.
const (
	// Incomparable means that what the configuration does not decide may matter; Reason says what.
	Incomparable Verdict = iota
	// Equal documents allow the same requests.
	Equal
	// Wider means that head allows requests which base does not, and refuses none that base allows.
	Wider
	// Narrower is the opposite.
	Narrower
	// Changed means both: some requests are newly allowed, others no longer.
	Changed
)

// Comparison is the difference between two documents. Wider and Narrower list what is certainly new and certainly
// gone, in the order of the statements; they do so whatever the verdict is.
type Comparison struct {
	Verdict  Verdict
	Reason   string // of Incomparable, in words for a reader
	Wider    []Change
	Narrower []Change
}

// Change is one difference.
type Change struct {
	Principal string          // in Markdown: "everyone", "the key's account", or a text as written in a code span
	Kind      Kind            // of the principal
	Own       terraform.Truth // whether its account is the key's, where it has one
	By        Kind            // of whom the statement names that allows it; Unknown where a Deny made the difference
	ByOwn     terraform.Truth // whether that one's account is the key's
	Actions   action.Set
	// Words is a sentence without its full stop, in Markdown: "`arn:aws:iam::111122223333:role/app` may now `kms:Decrypt`",
	// "the condition on `kms:ViaService` no longer limits `kms:Decrypt` for everyone".
	Words string
	// Base and Head are the statements that it comes from; nil where there is none in that document.
	Base, Head *policy.Statement
}

// Compare judges two policies of one key by the requests that they allow: callers, actions, and what conditions ask
// for. It is silent about order, Sids, and other ways to write the same. An account's number counts as the account:
// a role of it that base permits through the account, and head by name, has gained nothing.
//
// An absent document is AWS's default policy. A document with Alternatives is compared with each of them; where not
// all agree, the documents are Incomparable.
func Compare(baseDocument, headDocument policy.Document, baseOwner, headOwner Owner) Comparison {
	var result Comparison
	bases, heads := alternatives(baseDocument), alternatives(headDocument)
	for i, b := range bases {
		for j, h := range heads {
			one := compareOne(b, h, baseOwner, headOwner)
			if i+j > 0 && one.Verdict != result.Verdict {
				return Comparison{Reason: "it is not known which of several policies applies, and they do not agree"}
			}
			if i+j == 0 {
				result = one
			}
		}
	}
	return result
}

func alternatives(d policy.Document) []policy.Document {
	if len(d.Alternatives) == 0 {
		return []policy.Document{d}
	}
	return d.Alternatives
}

func compareOne(b, h policy.Document, baseOwner, headOwner Owner) Comparison {
	c := &comparer{names: newNames(baseOwner, headOwner, ownAccount(b, baseOwner))}
	for at, d := range []policy.Document{b, h} {
		c.read(side(at), d)
	}
	for _, r := range c.requesters(c.callers(), c.accounts) {
		c.requester(r)
	}
	return c.comparison(b, h)
}

// ownAccount is the key's account, where the configuration has its number; or it infers it from the policy in force: AWS
// accepts none that leaves nobody who may change it, and across accounts nobody may. Where the principals that may are of
// one account, it is the key's, be it written as a number or as a value that only AWS knows.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
func ownAccount(d policy.Document, o Owner) policy.Text {
	if number, known := o.number.Known(); known && number != "" {
		return o.number
	}
	if d.Absent || d.Open {
		return policy.Text{}
	}
	var account policy.Text
	for _, s := range d.Statements {
		_, possible := Actions(s)
		if possible&action.PutKeyPolicy == 0 || s.Effect.Is("Allow") == terraform.False {
			continue
		}
		list, whole := Principals(s, o)
		if !whole || s.NotPrincipals.Present != terraform.False {
			return policy.Text{}
		}
		for _, p := range list {
			switch {
			case p.Kind == Invalid || p.Kind == Service || p.Kind == Federated:
			case p.Own == terraform.True: // the value needs no guess
				return policy.Text{}
			case !tells(p.Account) || len(account.Parts) > 0 && account.Same(p.Account) != terraform.True:
				return policy.Text{}
			default:
				account = p.Account
			}
		}
	}
	return account
}

// tells whether a text is one account, by its number or by the one value that has it.
func tells(account policy.Text) bool {
	if number, known := account.Known(); known {
		return isAccount(number)
	}
	_, named := account.Symbol()
	return named && len(account.Parts) == 1
}

// comparer collects what differs.
type comparer struct {
	*names
	documents    [2][]*clause
	changes      [2][]difference // by the document that allows more
	possible     [2]bool
	tooMany      bool
	undetermined string
}

// read spells a document.
func (c *comparer) read(at side, d policy.Document) {
	if d.Absent {
		d.Statements = []policy.Statement{defaultStatement()}
	}
	for i := range d.Statements {
		c.documents[at] = append(c.documents[at], c.clause(at, &d.Statements[i], i))
	}
	if d.Absent {
		c.documents[at][0].principals = []subject{{Principal: Principal{Kind: Account, Own: terraform.True}, account: c.own}}
		c.documents[at][0].statement = nil
	}
	if d.Open && !d.Absent {
		more := &clause{exists: c.unknown(), denies: c.unknown(), ours: yes, mayMean: c.unknown(), mayExcept: no, hasPrincipal: true}
		more.possible, more.mayAct = action.All, func(action.Set) *expression { return yes }
		c.documents[at] = append(c.documents[at], more)
	}
}

// defaultStatement is the only one of AWS's default policy; whom it names, the account of the key, is added.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func defaultStatement() policy.Statement {
	list := func(s string) policy.List {
		return policy.List{Present: terraform.True, Items: []policy.Text{{Parts: []policy.Part{{Literal: s}}}}}
	}
	none := policy.List{Present: terraform.False}
	return policy.Statement{
		Exists: terraform.True, Effect: list("Allow").Items[0], Actions: list("kms:*"), Resources: list("*"),
		NotActions: none, NotResources: none,
		Principals: policy.Principals{Present: terraform.True}, NotPrincipals: policy.Principals{Present: terraform.False},
	}
}

func (c *comparer) callers() []subject {
	var all []subject
	for _, clauses := range c.documents {
		for _, one := range clauses {
			all = append(append(all, one.principals...), one.others...)
		}
	}
	return all
}

// requester compares what one requester may do.
func (c *comparer) requester(r *requester) {
	effective, unsure := r.effective()
	about := c.about(r)
	for _, group := range c.groups(about, effective, unsure) {
		q, ok := c.ask(about, r, group)
		switch {
		case !ok:
			c.tooMany = true
			c.possible = [2]bool{true, true}
		case !q.same():
			c.answer(q, r, group, group&unsure != 0)
		}
	}
}

// about picks the clauses that may be about a requester.
func (c *comparer) about(r *requester) (clauses [2][]*asked) {
	for at := range c.documents {
		for _, one := range c.documents[at] {
			if concerned := c.concerns(one, r); concerned != no {
				clauses[at] = append(clauses[at], &asked{clause: one, concerned: concerned})
			}
		}
	}
	return clauses
}

// groups puts actions together that no statement tells apart.
func (c *comparer) groups(about [2][]*asked, effective, unsure action.Set) []action.Set {
	groups := []action.Set{effective}
	split := func(by action.Set) {
		for i := range groups {
			if in, out := groups[i]&by, groups[i]&^by; in != 0 && out != 0 {
				groups[i] = in
				groups = append(groups, out)
			}
		}
	}
	split(unsure)
	split(action.TakesContext)
	split(action.TakesGrantResource)
	for _, clauses := range about {
		for _, a := range clauses {
			split(a.certain)
			for rest := a.possible &^ a.certain; rest != 0; rest &= rest - 1 {
				split(rest & -rest)
			}
		}
	}
	slices.SortFunc(groups, func(a, b action.Set) int { return cmp.Compare(a&-a, b&-b) })
	return groups
}

// answer looks for a request that head allows and base does not, and the other way round.
func (c *comparer) answer(q *question, r *requester, group action.Set, unsure bool) {
	for _, allows := range []side{head, base} {
		if !unsure {
			q.steps = maxRequests
			found := q.find(allows, 1-allows, true)
			if found == terraform.True {
				c.changed(allows, q, r, group)
			}
			q.forget()
			if found == terraform.True {
				continue
			}
		}
		q.steps = maxRequests
		switch found := q.find(allows, 1-allows, false); found {
		case terraform.True:
			c.possible[allows] = true
			c.undetermined = orElse(c.undetermined, c.why(q, r, group))
		case terraform.Undecided:
			c.possible[allows], c.tooMany = true, true
		default:
		}
		q.forget()
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// why says what the answer depends on: what the search had to assume.
func (c *comparer) why(q *question, r *requester, group action.Set) string {
	for atom, assumed := range q.assumed {
		if assumed != terraform.Undecided && c.meanings[atom] != "" {
			return "it is not known " + c.meanings[atom]
		}
	}
	return "whether " + c.caller(r) + " may " + listed(group) + " depends on values that are not known"
}

func (c *comparer) comparison(b, h policy.Document) Comparison {
	result := Comparison{Wider: c.sorted(head), Narrower: c.sorted(base)}
	wider, narrower := len(result.Wider) > 0, len(result.Narrower) > 0
	switch {
	case c.possible[head] && !wider || c.possible[base] && !narrower:
		result.Reason = c.reason(b, h)
	case wider && narrower:
		result.Verdict = Changed
	case wider:
		result.Verdict = Wider
	case narrower:
		result.Verdict = Narrower
	default:
		result.Verdict = Equal
	}
	return result
}

func (c *comparer) reason(b, h policy.Document) string {
	switch {
	case h.Open && h.Reason != "":
		return h.Reason
	case b.Open && b.Reason != "":
		return b.Reason
	case c.tooMany:
		return "the conditions have too many values to compare"
	default:
		return c.undetermined
	}
}
