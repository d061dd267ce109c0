package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
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
	if complete, _ := access.Complete(j.document, j.owner); complete != terraform.True {
		return nil // KMS203 says why
	}
	var keepers []string
	var root action.Set // what the root is allowed
	for _, a := range j.allows() {
		if _, everyone := j.everyone(a); everyone && a.actions&action.PutKeyPolicy != 0 {
			return nil // or KMS201
		}
		list, _ := access.Principals(a.Statement, j.owner)
		for _, p := range list {
			switch {
			case p.Kind == access.Account && p.Own == terraform.True:
				root |= a.actions
			case p.Kind == access.Account && p.Own == terraform.Undecided && a.actions&action.PutKeyPolicy != 0:
				j.undecided(p.Range, "it is not known whether "+symbol(p.Text)+" is the key's own account")
				return nil
			case a.actions&action.PutKeyPolicy != 0 && p.Own != terraform.False && p.Kind != access.Service && !slices.Contains(keepers, symbol(p.Text)):
				keepers = append(keepers, symbol(p.Text))
			}
		}
	}
	if root&action.PutKeyPolicy != 0 || !j.keeps(action.PutKeyPolicy) {
		return nil
	}
	problem := j.whole(fmt.Sprintf("The policy of `%s` has no statement that lets the account's root administer the key, so IAM policies "+
		"cannot grant that, and everything depends on %s. If they are deleted, only AWS Support can make the key manageable again: put a statement first that allows the root `kms:*`.",
		j.resource.Address, listed(keepers)))
	problem.Fix = j.delegate
	return []rule.Problem{problem}
}
