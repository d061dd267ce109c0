package access

import (
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// requester is a class of callers that both documents treat alike: everyone who is named, anybody else in each
// account that is named, and anybody else in the world.
type requester struct {
	subject        // of those who are named, and Account for anybody else in an account
	elsewhere bool // anybody in an account that neither document names
	own       terraform.Truth
}

// in tells whether the caller is one of an account, and of which.
func (r *requester) in() (account pattern.Word, ok bool) {
	return r.account, r.Kind == Account || r.Kind == Identity
}

// effective is what the requester may do at all; unsure is the part of it that only a principal of the key's own
// account may do, where it is not known whether it is one.
func (r *requester) effective() (actions, unsure action.Set) {
	switch {
	case r.elsewhere || r.own == terraform.False:
		return action.CrossAccount, 0
	case r.own == terraform.Undecided && (r.Kind == Account || r.Kind == Identity):
		return action.Effective, action.Effective &^ action.CrossAccount
	default:
		return action.Effective, 0
	}
}

func (n *names) caller(r *requester) string {
	if r.elsewhere {
		return "everyone"
	}
	if r.Kind == Unknown {
		return "anybody else"
	}
	return n.label(&r.subject)
}

// requesters lists the classes: callers has whom the documents name, accounts which others they name.
func (n *names) requesters(callers []subject, accounts []pattern.Word) []*requester {
	list := []*requester{{subject: subject{Principal: Principal{Kind: Everyone}}, elsewhere: true}}
	seen := map[string]bool{}
	add := func(s subject, key pattern.Word) {
		if name := fmt.Sprint(s.Kind, spell(key)); !seen[name] {
			seen[name] = true
			list = append(list, &requester{subject: s, own: n.isOwn(s)})
		}
	}
	for _, w := range append([]pattern.Word{n.own}, accounts...) {
		add(subject{Principal: Principal{Kind: Account, Own: n.isOwn(subject{account: w})}, account: w}, w)
	}
	for _, s := range callers {
		switch s.Kind {
		case Account:
			add(s, s.account)
		case Identity:
			add(s, append(s.key(), pattern.Text(s.managed)...))
			add(subject{Principal: Principal{Kind: Account, Account: s.Account, Text: s.Text, Own: s.Own}, account: s.account}, s.account)
		case Service, Federated, Canonical:
			add(s, s.name)
		case Everyone, Invalid, Unknown:
		}
	}
	return list
}

// own tells whether a subject's account is the key's.
func (n *names) isOwn(s subject) terraform.Truth {
	switch {
	case len(s.account) == 0:
		return terraform.Undecided
	case slices.Equal(s.account, n.own):
		return terraform.True
	case n.same("account", s.account, n.own) == no:
		return terraform.False
	}
	return s.Own
}

// names tells whether a principal of a statement means the requester.
func (n *names) means(p *subject, r *requester) *expression {
	switch p.Kind {
	case Everyone:
		return yes
	case Unknown:
		is := n.fact("principal\x01%s\x01%s", spell(p.name), n.caller(r))
		n.meanings[is.atom] = "who " + quoted(p.Text) + " is"
		return is
	case Account:
		if account, ok := r.in(); ok {
			return n.same("account", p.account, account)
		}
		return no
	case Identity:
		if r.Kind != Identity {
			return no
		}
		if r.role != nil && p.role == nil {
			return n.sameIdentity(p, r.role)
		}
		if r.role == nil && p.role != nil {
			return no
		}
		return n.sameIdentity(p, &r.subject)
	case Service, Federated, Canonical:
		if r.Kind == p.Kind {
			return n.same("text", p.name, r.name)
		}
	case Invalid:
	}
	return no
}

// excepted tells whether a NotPrincipal leaves the requester out: it has to list all that the requester is, the
// account, the user or role, and of a role the session, too. A role calls through sessions, of which those that no
// document names are not listed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (n *names) excepted(list []subject, r *requester) *expression {
	listed := func(is func(*subject) *expression) *expression {
		var any []*expression
		for i := range list {
			if list[i].Kind == Everyone {
				return yes
			}
			any = append(any, is(&list[i]))
		}
		return or(any...)
	}
	switch {
	case slices.ContainsFunc(list, func(p subject) bool { return p.Kind == Everyone }):
		return yes
	case r.elsewhere || r.Kind == Account:
		return listed(func(p *subject) *expression {
			if p.Kind == Unknown {
				return n.means(p, r)
			}
			return no
		})
	case r.Kind != Identity:
		return listed(func(p *subject) *expression { return n.means(p, r) })
	}
	account := &requester{subject: subject{Principal: Principal{Kind: Account}, account: r.account}}
	all := []*expression{listed(func(p *subject) *expression { return n.means(p, account) })}
	switch {
	case r.role != nil:
		role := &requester{subject: *r.role}
		all = append(all, listed(func(p *subject) *expression { return n.exactly(p, role) }), listed(func(p *subject) *expression { return n.exactly(p, r) }))
	case r.kind == "user" || r.kind == "federated-user":
		all = append(all, listed(func(p *subject) *expression { return n.exactly(p, r) }))
	case r.kind == "role":
		return no
	default:
		return n.fact("excepted\x01%s", spell(r.key()))
	}
	return and(all...)
}

// exactly is means without the accounts that hold an identity.
func (n *names) exactly(p *subject, r *requester) *expression {
	if p.Kind == Account {
		return no
	}
	if p.Kind == Identity && (p.role == nil) != (r.role == nil) {
		return no
	}
	return n.means(p, r)
}
