package keypolicy

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed public_key_policy.txtar
var publicKeyPolicySpec string

const (
	policyOverview  = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"
	findingAccess   = "https://docs.aws.amazon.com/kms/latest/developerguide/determining-access-key-policy.html"
	notPrincipal    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"
	controlKMS5     = "AWS Security Hub KMS.5"
	controlCIS      = "CIS AWS Foundations 2.21 (v7)"
	controlPublic   = "AWS Well-Architected SEC03-BP07"
	controlAccess   = "NIST SP 800-53 AC-3"
	controlLeast    = "NIST SP 800-53 AC-6"
	controlSOC2     = "SOC 2 CC6.1"
	controlGrants   = "AWS Well-Architected SEC03-BP02"
	controlKeyStore = "AWS Well-Architected SEC08-BP01"
)

// PublicKeyPolicy reports a statement that allows everyone something, without any condition.
var PublicKeyPolicy = rule.Rule{
	ID: "KMS201", Name: "public-key-policy",
	Title:      "Key policy allows everyone",
	Severity:   finding.Critical,
	Supersedes: []string{"KMS209", "KMS211", "KMS804"},
	References: []string{policyOverview, findingAccess, notPrincipal},
	Compliance: []string{controlKMS5, controlCIS, controlPublic, controlAccess, controlLeast, controlSOC2},
	Spec:       publicKeyPolicySpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findPublic) },
}

func findPublic(j *judged) []rule.Problem {
	var problems []rule.Problem
	for _, s := range j.publics() {
		if s.limit != access.NoLimit || len(s.why) > 0 {
			continue // KMS202 judges conditions
		}
		who, actions := s.who()
		problem := j.problem(s.Statement, s.at, identity(s.Statement), fmt.Sprintf(
			"The policy of `%s` lets %s call %s. No condition limits who that is, and only a resource control policy of the "+
				"organization, which is not part of this configuration, could still keep them out%s.", j.resource.Address, who, named(actions), instead(s.Statement)),
			rule.Evidence{Range: actionsAt(s.Statement), Note: "what they may do"})
		if actions&action.CrossAccount == 0 {
			problem.Severity = finding.High
		}
		if everything(s.Statement) {
			problem.Fix = func() []finding.Edit {
				_, root, ok := j.account(s.at.Filename)
				if !ok {
					return nil
				}
				return j.editor().Replace(s.Statement, root)
			}
		}
		problems = append(problems, problem)
	}
	return problems
}

// instead says what such a statement should have been, where that is clear.
func instead(s policy.Statement) string {
	if everything(s) {
		return "; with the account's root as the principal, the account's IAM policies would decide"
	}
	return ""
}

// everything tells AWS's default statement, but for everyone: it is clear what it should have been.
func everything(s policy.Statement) bool {
	if len(s.Actions.Items) != 1 {
		return false
	}
	text, _ := s.Actions.Items[0].Known()
	return text == "kms:*"
}
