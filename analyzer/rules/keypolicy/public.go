package keypolicy

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// public is a statement that allows everyone something.
type public struct {
	allow
	at      hcl.Range // where it says everyone
	actions action.Set
	limit   access.Limit
	why     []access.Reasoned
}

// publics lists the statements for everyone, limited or not. What another statement may deny is no part of them.
func (j *judged) publics() []public {
	var list []public
	for _, a := range j.allows() {
		at, everyone := j.everyone(a)
		if !everyone {
			continue
		}
		one := public{allow: a, at: at}
		one.limit, one.why = access.CallerLimit(a.Statement)
		certain, possible := access.Denied(j.document, access.Principal{Kind: access.Everyone}, j.owner)
		one.actions = a.actions &^ possible
		if one.actions == 0 && a.actions&^certain != 0 && one.limit == access.NoLimit {
			j.undecided(at, "a statement that denies may take away what this one allows everyone")
		}
		if one.actions != 0 {
			list = append(list, one)
		}
	}
	return list
}

// everyone tells a statement for everyone: with the principal "*", or by NotPrincipal for all but a few.
func (j *judged) everyone(a allow) (at hcl.Range, ok bool) {
	isEveryone := func(p access.Principal) bool { return p.Kind == access.Everyone }
	if a.NotPrincipals.Present == terraform.True {
		except, _ := access.NotPrincipals(a.Statement, j.owner)
		return a.NotPrincipals.Range, !slices.ContainsFunc(except, isEveryone)
	}
	list, _ := access.Principals(a.Statement, j.owner)
	if i := slices.IndexFunc(list, isEveryone); i >= 0 {
		return list[i].Range, true
	}
	return hcl.Range{}, false
}

// who says whom a statement for everyone lets in, and what they may: other accounts can call only some operations.
func (p public) who() (who string, actions action.Set) {
	if abroad := p.actions & action.CrossAccount; abroad != 0 {
		return "any AWS account in the world", abroad
	}
	return "every principal of its account, whatever the IAM policies say,", p.actions
}
