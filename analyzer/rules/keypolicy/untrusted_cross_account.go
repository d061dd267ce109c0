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

//go:embed untrusted_cross_account.txtar
var untrustedCrossAccountSpec string

// UntrustedCrossAccount reports an account that may use the key although the settings do not list it.
var UntrustedCrossAccount = rule.Rule{
	ID: "KMS211", Name: "untrusted-cross-account",
	Title:      "Key shared with an account that the settings do not trust",
	Severity:   finding.Medium,
	References: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"},
	Compliance: []string{controlPublic, "AWS Well-Architected SEC03-BP08", controlAccess, "NIST SP 800-53 SA-9(6)"},
	Spec:       untrustedCrossAccountSpec,
	Check: func(p *rule.Pass) {
		if p.Options.TrustedAccounts != nil {
			everyPolicy(p, findUntrusted)
		}
	},
}

func findUntrusted(j *judged) []rule.Problem {
	trusted := j.Options.TrustedAccounts
	if slices.ContainsFunc(trusted, isOrganization) {
		return j.organizations(trusted)
	}
	var problems []rule.Problem
	for _, a := range j.allows() {
		said := map[string]bool{}
		list, _ := access.Principals(a.Statement, j.owner)
		for _, p := range list {
			number, _ := p.Account.Known()
			actions := j.left(a, p) & action.CrossAccount
			if len(number) != 12 || actions == 0 || said[number] {
				continue
			}
			if p.Own == terraform.Undecided && !slices.Contains(trusted, number) {
				j.undecided(p.Range, "it is not known whether "+finding.Code(number)+" is the key's own account")
			}
			if p.Own != terraform.False || slices.Contains(trusted, number) || slices.Contains(loadBalancing, number) {
				continue
			}
			said[number] = true
			problems = append(problems, j.problem(a.Statement, p.Range, number+"\x00"+identity(a.Statement), fmt.Sprintf(
				"The policy of `%s` lets the account %s call %s, and `trusted_accounts` of the settings does not list it. %s",
				j.resource.Address, finding.Code(number), named(actions), consequence(actions)),
				rule.Evidence{Range: actionsAt(a.Statement), Note: "the actions"}))
		}
	}
	return problems
}

func consequence(actions action.Set) string {
	if actions&action.CreateGrant != 0 {
		return "Its IAM policies decide who there can use the key, and with `kms:CreateGrant` it can let in others."
	}
	return "Its IAM policies decide who there can use the key."
}

func isOrganization(id string) bool { return strings.HasPrefix(id, "o-") }

// organizations judges by the condition on the caller's organization: which accounts are in one nobody can tell, but an
// organization that is not listed is another one.
func (j *judged) organizations(trusted []string) []rule.Problem {
	var problems []rule.Problem
	for _, a := range j.allows() {
		_, everyone := j.everyone(a)
		for _, c := range a.Conditions.Merged() {
			key, _ := c.Key.Known()
			if !everyone || !strings.EqualFold(key, "aws:PrincipalOrgID") || c.Test.Is("StringEquals") != terraform.True || c.Values.Open {
				continue
			}
			actions := j.left(a, access.Principal{Kind: access.Everyone}) & action.CrossAccount
			if other := untrusted(c.Values.Items, trusted); len(other) > 0 && actions != 0 {
				problems = append(problems, j.problem(a.Statement, c.Range, other[0]+"\x00"+identity(a.Statement), fmt.Sprintf(
					"The policy of `%s` lets every account of the organization %s call %s, and `trusted_accounts` of the settings does not list it. "+
						"Each of these accounts decides who there can use the key.", j.resource.Address, listed(other), named(actions)),
					rule.Evidence{Range: actionsAt(a.Statement), Note: "the actions"}))
			}
		}
	}
	return problems
}

// untrusted lists the organizations that are certainly none of the trusted ones.
func untrusted(values []policy.Text, trusted []string) []string {
	var other []string
	for _, value := range values {
		if id, _ := value.Known(); isOrganization(id) && !slices.Contains(trusted, id) {
			other = append(other, finding.Code(id))
		}
	}
	return other
}

// loadBalancing are AWS's own accounts that write access logs.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-access-logs.html
var loadBalancing = []string{
	"009996457667", "027434742980", "033677994240", "048591011584", "054676820928", "076674570225", "098369216593", "114774131450",
	"127311923021", "156460612806", "190560391635", "383597477331", "507241528517", "582318560864", "589379963580", "600734575887",
	"635631232127", "638102146993", "652711504416", "718504428378", "754344448648", "783225319266", "797873946194", "897822967062",
	"985666609251",
}
