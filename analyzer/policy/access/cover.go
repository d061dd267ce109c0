package access

import (
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// covers tells whether a statement's Principal or NotPrincipal is about a principal.
func (o Owner) covers(s policy.Statement, p Principal) terraform.Truth {
	n := newNames(o, o, o.number)
	who := &requester{subject: n.subject(head, p), elsewhere: p.Kind == Everyone}
	match := terraform.False
	if s.Principals.Present != terraform.False {
		list, whole := Principals(s, o)
		match = n.includes(list, whole, who)
	}
	if s.NotPrincipals.Present != terraform.False {
		list, whole := NotPrincipals(s, o)
		match = terraform.Any(match, n.exempt(list, whole, who).Not())
	}
	if s.Open {
		match = terraform.Any(match, terraform.Undecided)
	}
	return match
}

// exempt tells whether NotPrincipal leaves a principal out. Of an identity it has to list all that it is: the user or
// role, its account, and of a role the session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (n *names) exempt(list []Principal, whole bool, who *requester) terraform.Truth {
	listed := n.includes(list, whole, who)
	if listed == terraform.True && who.Kind == Identity {
		return terraform.Undecided
	}
	return listed
}

// includes tells whether one of a list is the principal, or holds it. That somebody is named does not make everyone
// named.
func (n *names) includes(list []Principal, whole bool, who *requester) terraform.Truth {
	match := terraform.False
	if !whole {
		match = terraform.Undecided
	}
	for _, one := range list {
		match = terraform.Any(match, n.includesIn(one, who))
	}
	return match
}

func (n *names) includesIn(one Principal, who *requester) terraform.Truth {
	if who.Kind == Unknown && one.Kind != Everyone && one.Kind != Invalid {
		return terraform.Undecided
	}
	p := n.subject(base, one)
	switch means := n.means(&p, who); {
	case means == yes:
		return terraform.True
	case means != no:
		return terraform.Undecided
	case one.Kind == Identity && who.Kind == Identity && p.role != nil && who.role == nil && n.sameIdentity(p.role, &who.subject) != no:
		return terraform.Undecided // one of its sessions
	default:
		return terraform.False
	}
}
