package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed policy_lockout.txtar
var policyLockoutSpec string

const (
	defaultPolicy = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
	safetyCheck   = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-BypassPolicyLockoutSafetyCheck"
	bypass        = "bypass_policy_lockout_safety_check"
)

// PolicyLockout reports a policy that lets nobody change it again, and by itself the flag that keeps AWS from looking.
// AWS looks at its caller only, whom the configuration does not know.
var PolicyLockout = rule.Rule{
	ID: "KMS203", Name: "policy-lockout",
	Title:      "Key policy locks everyone out",
	Severity:   finding.Critical,
	Supersedes: []string{"KMS805"},
	References: []string{defaultPolicy, safetyCheck},
	Compliance: []string{controlKeyStore, "NIST SP 800-53 SC-12(1)"},
	Spec:       policyLockoutSpec,
	Check: func(p *rule.Pass) {
		everyPolicy(p, findLockout)
		checkBypass(p)
	},
}

func findLockout(j *judged) []rule.Problem {
	if slices.ContainsFunc(j.document.Faults, func(f policy.Fault) bool { return f.Kind == policy.Refused }) {
		return nil // it never gets in place
	}
	for _, s := range j.document.Statements {
		if j.deniesAll(s) {
			return []rule.Problem{j.problem(s, s.Range, "", fmt.Sprintf(
				"The policy of `%s` denies everyone `kms:PutKeyPolicy`, so nobody can change it again. Only AWS Support can make such a key manageable.",
				j.resource.Address), rule.Evidence{Range: actionsAt(s), Note: "the denied actions"})}
		}
	}
	if j.lasting(action.PutKeyPolicy) {
		return nil // whatever else is not known of the policy
	}
	if complete, why := access.Complete(j.document, j.owner, action.PutKeyPolicy); complete != terraform.True {
		j.undecided(j.document.Range, why)
		return nil
	}
	if j.keeps(action.PutKeyPolicy) {
		return nil
	}
	problem := j.whole(fmt.Sprintf("Nobody whom the policy of `%s` names keeps `kms:PutKeyPolicy`. Once it is in place nobody can change it, "+
		"and only AWS Support can make such a key manageable: put a statement first that allows the account's root `kms:*`.", j.resource.Address))
	problem.Fix = j.delegate
	return []rule.Problem{problem}
}

// deniesAll tells a statement that certainly denies everyone to change the policy.
func (j *judged) deniesAll(s policy.Statement) bool {
	effective, _ := access.Effective(s, j.owner)
	certain, _ := access.Actions(s)
	everyone := func(p access.Principal) bool { return p.Kind == access.Everyone }
	list, _ := access.Principals(s, j.owner)
	return s.Effect.Is("Deny") == terraform.True && effective == terraform.True &&
		len(s.Conditions.Items) == 0 && !s.Conditions.Open && certain&action.PutKeyPolicy != 0 && slices.ContainsFunc(list, everyone)
}

// keeps tells that somebody who may exist is allowed an action, which nothing certainly denies.
func (j *judged) keeps(wanted action.Set) bool {
	return slices.ContainsFunc(j.allows(), func(a allow) bool {
		return a.actions&wanted != 0 && a.NotPrincipals.Present == terraform.True || slices.ContainsFunc(j.able(a, wanted), func(p access.Principal) bool {
			denied, _ := access.Denied(j.document, p, j.owner)
			return denied&wanted == 0
		})
	})
}

// lasting tells that somebody who may exist is allowed an action, which nothing may deny.
func (j *judged) lasting(wanted action.Set) bool {
	return slices.ContainsFunc(j.allows(), func(a allow) bool {
		return slices.ContainsFunc(j.able(a, wanted), func(p access.Principal) bool {
			_, denied := access.Denied(j.document, p, j.owner)
			return denied&wanted == 0
		})
	})
}

// able lists whom a statement allows an action that they can call. Another account's principals can only do what works
// across accounts, and a service administers no key of ours. An ARN that AWS refuses means somebody, and keeps the policy
// from being put in place; the id of a deleted role means nobody.
func (j *judged) able(a allow, wanted action.Set) []access.Principal {
	if a.actions&wanted == 0 {
		return nil
	}
	list, _ := access.Principals(a.Statement, j.owner)
	return slices.DeleteFunc(list, func(p access.Principal) bool {
		text, _ := p.Text.Symbol()
		return p.Kind == access.Invalid && !strings.HasPrefix(text, "arn:") || p.Kind == access.Service || p.Own == terraform.False
	})
}

// checkBypass reports the flag by itself.
func checkBypass(p *rule.Pass) {
	for _, typ := range []string{"aws_kms_external_key", "aws_kms_key", "aws_kms_key_policy", "aws_kms_replica_external_key", "aws_kms_replica_key"} {
		for _, r := range p.Head.OfType(typ) {
			v := r.Attr(bypass)
			if !p.Decide(r, rule.Condition{Attribute: bypass, Value: v, Holds: v.IsTrue()}) {
				continue
			}
			p.Report(rule.Problem{
				Resource: r, Attribute: bypass, Severity: finding.Medium, Range: v.Range, Part: v.Range,
				Message: fmt.Sprintf("`%s` tells KMS not to check that whoever applies its policy can change it again. A policy that "+
					"locks everyone out is then accepted, and only AWS Support can make the key manageable.", r.Address),
				Fix: func() []finding.Edit { return fix.Remove(r, bypass) },
			})
		}
	}
}
