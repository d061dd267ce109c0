package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed duties_not_separated.txtar
var dutiesNotSeparatedSpec string

// DutiesNotSeparated reports a statement that lets the same role or user administer the key and use it.
var DutiesNotSeparated = rule.Rule{
	ID: "KMS208", Name: "duties-not-separated",
	Title:    "One statement gives the same principal administration and use of the key",
	Severity: finding.Medium,
	References: []string{
		defaultPolicy + "#key-policy-default-allow-administrators",
		"https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html",
	},
	Compliance: []string{controlGrants, "NIST SP 800-53 AC-5", controlLeast, "SOC 2 CC6.3"},
	Spec:       dutiesNotSeparatedSpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findBothDuties) },
}

const (
	// rule are the actions that decide over a key: its policy, and whether it can be used at all.
	decides = action.PutKeyPolicy | action.ScheduleKeyDeletion | action.DisableKey
	// uses are the actions that read, write or sign with it.
	uses = action.Decrypt | action.Encrypt | action.ReEncryptFrom | action.GenerateDataKey | action.Sign
)

func findBothDuties(j *judged) []rule.Problem {
	var both []allow
	for _, a := range j.allows() {
		if a.actions&decides != 0 && a.actions&uses != 0 && j.identities(a) != nil && !j.narrowed(a) {
			both = append(both, a)
		}
	}
	if len(both) == 0 {
		return nil
	}
	if complete, why := access.Complete(j.document, j.owner, action.All); complete != terraform.True {
		j.undecided(j.document.Range, why)
		return nil
	}
	var problems []rule.Problem
	for _, a := range both {
		var names []string
		var actions action.Set
		list := j.identities(a)
		for _, p := range list {
			left := j.left(a, p)
			if p.Own != terraform.False && left&decides != 0 && left&uses != 0 { // of another account nobody can administer a key
				names, actions = append(names, symbol(p.Text)), actions|left
			}
		}
		if len(names) == 0 {
			continue
		}
		problem := j.problem(a.Statement, list[0].Range, identity(a.Statement), fmt.Sprintf(
			"One statement of the policy of `%s` lets %s both administer the key (%s) and use it (%s). Whoever takes over such a principal can "+
				"read all data and then cover it by changing the policy.",
			j.resource.Address, listed(names), finding.Code((actions&decides).String()), finding.Code((actions&uses).String())),
			rule.Evidence{Range: actionsAt(a.Statement), Note: "the actions"})
		if all(a.Statement) {
			problem.Severity = finding.Low
		}
		problems = append(problems, problem)
	}
	return problems
}

// identities lists the principals of a statement if all of them are roles, users or sessions; nil if they are not.
func (j *judged) identities(a allow) []access.Principal {
	list, whole := access.Principals(a.Statement, j.owner)
	if !whole || slices.ContainsFunc(list, func(p access.Principal) bool { return p.Kind != access.Identity }) {
		return nil
	}
	return list
}

// narrowed tells a condition that says more than who calls, such as kms:ViaService: what is left is not both duties
// at will.
func (j *judged) narrowed(a allow) bool {
	_, why := access.CallerLimit(a.Statement)
	return slices.ContainsFunc(why, func(r access.Reasoned) bool { return r.Limit != access.Limits })
}

// all tells a statement that gives everything by one wildcard.
func all(s policy.Statement) bool {
	return slices.ContainsFunc(s.Actions.Items, func(t policy.Text) bool {
		text, _ := t.Known()
		return text == "*" || strings.EqualFold(text, "kms:*")
	})
}
