package access

import (
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// covers tells whether a statement's Principal or NotPrincipal is about a principal.
func (o Owner) covers(s policy.Statement, p Principal) terraform.Truth {
	match := terraform.False
	if s.Principals.Present != terraform.False {
		list, whole := Principals(s, o)
		match = includes(list, whole, p)
	}
	if s.NotPrincipals.Present != terraform.False {
		list, whole := NotPrincipals(s, o)
		match = terraform.Any(match, exempt(list, whole, p).Not())
	}
	if s.Open {
		match = terraform.Any(match, terraform.Undecided)
	}
	return match
}

// includes tells whether one of a list is the principal, or holds it. That somebody is named does not make everyone
// named.
func includes(list []Principal, whole bool, p Principal) terraform.Truth {
	match := terraform.False
	if !whole {
		match = terraform.Undecided
	}
	for _, one := range list {
		match = terraform.Any(match, one.holds(p))
	}
	return match
}

// exempt tells whether NotPrincipal leaves a principal out. Of an identity it has to list all that it is: the user or
// role, its account, and of a role the session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func exempt(list []Principal, whole bool, p Principal) terraform.Truth {
	listed := includes(list, whole, p)
	if listed == terraform.True && p.Kind == Identity {
		return terraform.Undecided
	}
	return listed
}

// holds tells whether what is said of one principal is said of another, too.
func (p Principal) holds(other Principal) terraform.Truth {
	switch {
	case p.Kind == Everyone && other.Kind != Invalid:
		return terraform.True
	case p.Kind == Unknown || other.Kind == Unknown:
		return terraform.Undecided
	case other.Kind == Everyone || p.Kind == Invalid || other.Kind == Invalid:
		return terraform.False
	case p.Kind == Account && other.Kind == Account:
		return sameAccount(p, other)
	case p.Kind == Account && other.Kind == Identity:
		return sameAccount(p, other) // a Deny for an account is one for all that is in it
	case p.Kind != other.Kind:
		return terraform.False
	case p.Kind == Identity && p.Text.Same(other.Text) == terraform.False && session(p) != session(other):
		return terraform.Undecided // the session may be one of the role
	}
	return p.Text.Same(other.Text)
}

// sameAccount compares the accounts of two principals.
func sameAccount(p, other Principal) terraform.Truth {
	switch {
	case p.Own == terraform.True && other.Own == terraform.True:
		return terraform.True
	case p.Own != terraform.Undecided && other.Own != terraform.Undecided && p.Own != other.Own:
		return terraform.False
	case len(p.Account.Parts) == 0 || len(other.Account.Parts) == 0:
		return terraform.Undecided
	}
	return p.Account.Same(other.Account)
}

// session tells a principal that is not a role or a user, but one of its sessions.
func session(p Principal) bool {
	return begins(p.Text, "arn:") && len(p.Text.Parts) > 0 && split(p.Text, ":", 6)[2].Is("sts") == terraform.True
}
