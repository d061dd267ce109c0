package keypolicy

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed root_delegation_missing.txtar
var rootDelegationMissingSpec string

// RootDelegationMissing reports a policy that does not let the account's IAM policies administer the key. AWS
// recommends that statement, and does not require it.
var RootDelegationMissing = rule.Rule{
	ID: "KMS204", Name: "root-delegation-missing",
	Title:      "No statement for the account's root: the key depends on the named principals",
	Severity:   finding.Medium,
	References: []string{defaultPolicy + "#key-policy-default-allow-root-enable-iam"},
	Compliance: []string{controlKeyStore},
	Spec:       rootDelegationMissingSpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findUndelegated) },
}

func findUndelegated(j *judged) []rule.Problem {
	if j.delegated() {
		return nil
	}
	if complete, why := access.Complete(j.document, j.owner, action.PutKeyPolicy); complete != terraform.True {
		if j.lasting(action.PutKeyPolicy) { // or else KMS203 says why
			j.undecided(j.document.Range, why)
		}
		return nil
	}
	var keepers []string
	for _, a := range j.allows() {
		if _, everyone := j.everyone(a); everyone && a.actions&action.PutKeyPolicy != 0 {
			if !namesIdentities(a.Conditions) {
				return nil // it may stand for the root, or KMS201 speaks of it
			}
			keepers = append(keepers, "those whom a condition names")
			continue
		}
		list, _ := access.Principals(a.Statement, j.owner)
		for _, p := range list {
			switch {
			case p.Kind == access.Account && p.Own == terraform.Undecided && a.actions&action.PutKeyPolicy != 0:
				j.undecided(p.Range, "it is not known whether "+symbol(p.Text)+" is the key's own account")
				return nil
			case a.actions&action.PutKeyPolicy != 0 && p.Own != terraform.False && p.Kind != access.Service && !slices.Contains(keepers, symbol(p.Text)):
				keepers = append(keepers, symbol(p.Text))
			}
		}
	}
	if !j.keeps(action.PutKeyPolicy) {
		return nil
	}
	problem := j.whole(fmt.Sprintf("The policy of `%s` has no statement that lets the account's root administer the key, so IAM policies "+
		"cannot grant that, and everything depends on %s. If they are deleted, only AWS Support can make the key manageable again: put a statement first that allows the root `kms:*`.",
		j.resource.Address, listed(keepers)))
	problem.Fix = j.delegate
	return []rule.Problem{problem}
}

// delegated tells that a statement certainly lets the root of the key's account administer the key.
func (j *judged) delegated() bool {
	return slices.ContainsFunc(j.allows(), func(a allow) bool {
		list, _ := access.Principals(a.Statement, j.owner)
		return a.actions&action.PutKeyPolicy != 0 && slices.ContainsFunc(list, func(p access.Principal) bool {
			return p.Kind == access.Account && p.Own == terraform.True
		})
	})
}

// namesIdentities tells that conditions limit a statement for everyone to roles and users by their ARNs, which the
// account's root is none of: it delegates nothing to IAM policies.
func namesIdentities(conditions policy.Conditions) bool {
	for _, c := range conditions.Merged() {
		key, _ := c.Key.Known()
		test, _ := c.Test.Known()
		positive := slices.Contains([]string{"arnequals", "arnlike", "stringequals", "stringlike"}, strings.ToLower(test))
		if !positive || !strings.EqualFold(key, "aws:PrincipalArn") || c.Values.Open {
			continue
		}
		if !slices.ContainsFunc(c.Values.Items, func(v policy.Text) bool { return !identityARN.MatchString(symbol(v)) }) {
			return true
		}
	}
	return false
}

var identityARN = regexp.MustCompile(`:(role|user|assumed-role)/`)
