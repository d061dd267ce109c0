package policychange

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// named finds, in policies that the configuration decides only in part, what is new by the text alone: a statement that
// now names another account by its number, or everyone. It stays with nothing where a value that the base had is no
// longer there, for it may have named the same.
func (r revision) named(known []access.Change) []access.Change {
	base, head, _ := r.policies()
	had, all := unknowns(base, r.Base.Owner(r.old))
	has, _ := unknowns(head, r.Head.Owner(r.key))
	kept := func(symbol string) bool { return slices.Contains(has, symbol) }
	if len(base.Alternatives)+len(head.Alternatives) > 0 || base.Absent || !all || slices.ContainsFunc(had, func(s string) bool { return !kept(s) }) {
		return nil
	}
	said := mentioned(base, r.Base.Owner(r.old))
	var list []access.Change
	owner := r.Head.Owner(r.key)
	listed := head
	listed.Open = false // what is not listed may deny anything
	for i := range head.Statements {
		s := &head.Statements[i]
		if !allows(*s, owner) {
			continue
		}
		principals, _ := access.Principals(*s, owner)
		for _, p := range principals {
			who, word, foreign := stranger(*s, p)
			certain, _ := access.Actions(*s)
			_, denied := access.Denied(listed, p, owner)
			fresh := !slices.Contains(said, word) && !slices.ContainsFunc(known, func(c access.Change) bool { return strings.Contains(c.Principal, who) })
			if actions := certain &^ denied; foreign && fresh && actions != 0 {
				said = append(said, word)
				list = append(list, access.Change{
					Principal: who, Kind: p.Kind, Own: p.Own, Actions: actions, Head: s,
					Words: who + " may now `" + actions.String() + "`",
				})
			}
		}
	}
	return list
}

// stranger tells whom a statement lets in from outside: everyone without a condition, or an account that is certainly
// not the key's. word is what tells it from others.
func stranger(s policy.Statement, p access.Principal) (who, word string, foreign bool) {
	switch p.Kind {
	case access.Everyone:
		limit, _ := access.CallerLimit(s)
		return "everyone", "*", limit == access.NoLimit
	case access.Account, access.Identity:
		number, known := p.Account.Known()
		return finding.Code(p.Text.Words()), number, known && p.Own == terraform.False
	default:
		return "", "", false
	}
}

// mentioned lists the accounts that the statements of a document name, and "*" for everyone.
func mentioned(d policy.Document, o access.Owner) []string {
	var words []string
	for _, s := range d.Statements {
		if s.Effect.Is("Allow") == terraform.False {
			continue
		}
		principals, _ := access.Principals(s, o)
		for _, p := range principals {
			if number, known := p.Account.Known(); known {
				words = append(words, number)
			}
			if p.Kind == access.Everyone {
				words = append(words, "*")
			}
		}
	}
	return words
}

// unknowns lists by name what a document may get principals from; all is false where something has no name.
func unknowns(d policy.Document, o access.Owner) (names []string, all bool) {
	all = true
	add := func(open bool, list []policy.Text) {
		all = all && (!open || len(list) > 0)
		for _, t := range list {
			name, ok := t.Symbol()
			names, all = append(names, name), all && ok
		}
	}
	add(d.Open, d.Rest)
	for _, s := range d.Statements {
		add(s.Open, s.Rest)
		add(s.Principals.Open, s.Principals.Rest)
		for _, group := range s.Principals.Groups {
			var from []policy.Text
			for _, possible := range group.Identifiers.Possible {
				from = append(from, possible.Text)
			}
			add(group.Identifiers.Open, from)
		}
		principals, _ := access.Principals(s, o)
		for _, p := range principals {
			if p.Kind == access.Unknown {
				add(true, []policy.Text{p.Text})
			}
		}
	}
	return names, all
}

// rewritten tells that the change is about the policy: what cannot be judged otherwise was not judged before either.
func (r revision) rewritten() bool {
	base, head, ok := r.policies()
	if !ok {
		return false
	}
	if base.Resource != nil && head.Resource != nil && base.Resource.Digest() != head.Resource.Digest() {
		return true
	}
	was, now := written(r.old.Resource, base), written(r.key.Resource, head)
	return was != now || r.rechosen(base, head)
}

// rechosen tells of policies that an unknown condition chooses from that one of them says something else now, although
// the choice is written as before.
func (r revision) rechosen(base, head policy.Document) bool {
	olds, news := alternatives(base), alternatives(head)
	if len(olds) != len(news) {
		return true
	}
	was, is := r.Base.Owner(r.old), r.Head.Owner(r.key)
	for i, old := range olds {
		verdict := access.Compare(old, news[i], was, is).Verdict
		judged := access.Compare(old, old, was, was).Verdict == access.Equal
		if judged && verdict != access.Equal {
			return true
		}
	}
	return false
}

// written names what a policy is said to be: a symbol, or the text itself.
func written(key *terraform.Resource, d policy.Document) string {
	if symbol, ok := key.Attr(attrPolicy).Symbol(); ok {
		return symbol
	}
	if source := key.SourceOf(d.Range); source != nil && d.Range.CanSliceBytes(source) {
		return string(d.Range.SliceBytes(source))
	}
	return ""
}
