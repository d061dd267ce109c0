package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed weak_limiting_condition.txtar
var weakLimitingConditionSpec string

// WeakLimitingCondition reports a statement for everyone whose conditions do not say who everyone is.
var WeakLimitingCondition = rule.Rule{
	ID: "KMS202", Name: "weak-limiting-condition",
	Title:      "Wildcard principal limited only by a condition that does not limit callers",
	Severity:   finding.High,
	Supersedes: []string{"KMS804"},
	References: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
	},
	Compliance: []string{controlKMS5, controlCIS, controlPublic, controlAccess, controlLeast, controlSOC2},
	Spec:       weakLimitingConditionSpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findWeak) },
}

func findWeak(j *judged) []rule.Problem {
	var problems []rule.Problem
	for _, s := range j.publics() {
		if s.limit == access.LimitUnknown {
			j.undecided(s.at, "it is not known whether the conditions of this statement for everyone limit who can call")
		}
		if s.limit != access.NoLimit || len(s.why) == 0 {
			continue
		}
		who, actions := s.who()
		problem := j.problem(s.Statement, s.Conditions.Items[0].Range, identity(s.Statement), fmt.Sprintf(
			"The policy of `%s` lets %s call %s: the condition %s. %s", j.resource.Address, who, named(actions), reasons(s.why), advice(s.why)),
			rule.Evidence{Range: s.at, Note: "the statement is for everyone"})
		if actions&action.CrossAccount == 0 {
			problem.Severity = finding.Medium
		}
		if onlyViaService(s.why) {
			problem.Fix = func() []finding.Edit {
				number, _, ok := j.account(s.Statement.Range.Filename)
				if !ok {
					return nil
				}
				return j.editor().Restrict(s.Statement, fix.Condition{Test: "StringEquals", Key: "kms:CallerAccount", Value: number})
			}
		}
		problems = append(problems, problem)
	}
	return problems
}

// reasons says of each condition why it limits nobody.
func reasons(why []access.Reasoned) string {
	var all []string
	for _, r := range why {
		test := r.Condition.Test.Words()
		all = append(all, finding.Code(test)+" "+r.Why)
	}
	return strings.Join(all[:min(len(all), maxListed)], "; the condition ")
}

func advice(why []access.Reasoned) string {
	const add = "Add `kms:CallerAccount`, or another condition that names the callers' account or organization."
	if slices.ContainsFunc(why, isViaService) {
		return "`kms:ViaService` says which service relays the call, and any account can call through it: add `kms:CallerAccount`."
	}
	return add
}

func isViaService(r access.Reasoned) bool {
	key, _ := r.Condition.Key.Known()
	return strings.EqualFold(key, "kms:ViaService")
}

// onlyViaService tells AWS's pattern for its own keys, without its other half. With other conditions the statement may
// be meant otherwise.
func onlyViaService(why []access.Reasoned) bool {
	return !slices.ContainsFunc(why, func(r access.Reasoned) bool { return !isViaService(r) })
}
