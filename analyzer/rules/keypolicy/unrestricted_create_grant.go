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

//go:embed unrestricted_create_grant.txtar
var unrestrictedCreateGrantSpec string

// UnrestrictedCreateGrant reports a user of a key who can pass its use on to anyone.
var UnrestrictedCreateGrant = rule.Rule{
	ID: "KMS209", Name: "unrestricted-create-grant",
	Title:    "CreateGrant without kms:GrantIsForAWSResource or another constraint",
	Severity: finding.Medium,
	References: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource",
		defaultPolicy + "#key-policy-service-integration",
	},
	Compliance: []string{"AWS Control Tower CT.KMS.PR.3", controlGrants, controlLeast},
	Spec:       unrestrictedCreateGrantSpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findFreeGrants) },
}

func findFreeGrants(j *judged) []rule.Problem {
	var problems []rule.Problem
	for _, a := range j.allows() {
		grant, listed := grantItem(a.Statement)
		if !listed || j.constrained(a) {
			continue
		}
		grantors := j.grantors(a)
		if len(grantors) == 0 {
			continue
		}
		problem := j.problem(a.Statement, grant.Range, identity(a.Statement), message(j, grantors),
			rule.Evidence{Range: grantors[0].Range, Note: "whom the statement is for"})
		problem.Fix = func() []finding.Edit { return j.separate(a.Statement) }
		problems = append(problems, problem)
	}
	return problems
}

func message(j *judged, grantors []access.Principal) string {
	var names []string
	for _, p := range grantors {
		names = append(names, symbol(p.Text))
	}
	return fmt.Sprintf("The policy of `%s` lets %s create any grant on the key. With a grant they can let anyone use it, outside of the policy and "+
		"invisible to Terraform: where grants are only for AWS services, the condition `kms:GrantIsForAWSResource` says so.", j.resource.Address, listed(names))
}

// grantItem is the item of Action by which a statement allows CreateGrant. One that means everything is not about
// grants.
func grantItem(s policy.Statement) (item policy.Text, ok bool) {
	for _, item := range s.Actions.Items {
		text, _ := item.Known()
		if text != "*" && !strings.EqualFold(text, "kms:*") && action.Match(text)&action.CreateGrant != 0 {
			return item, true
		}
	}
	return policy.Text{}, false
}

// grantors are the roles and users who use the key or are of another account, and may create grants. An administrator
// who may is AWS's default; a service-linked role needs it in other accounts, too.
func (j *judged) grantors(a allow) []access.Principal {
	var list []access.Principal
	principals, _ := access.Principals(a.Statement, j.owner)
	for _, p := range principals {
		user := a.actions&action.Use != 0 || p.Own == terraform.False
		if p.Kind == access.Identity && user && !serviceLinked(p) && j.left(a, p)&action.CreateGrant != 0 {
			list = append(list, p)
		}
	}
	return list
}

// serviceLinked tells a role that AWS makes for a service.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
func serviceLinked(p access.Principal) bool {
	text, _ := p.Text.Symbol()
	return strings.Contains(text, "aws-service-role/") || strings.Contains(text, "aws_iam_service_linked_role.")
}

// free are the condition keys that say nothing of what a grant may be. Any other may.
var free = []string{
	"kms:calleraccount", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn",
	"aws:sourcevpce", "aws:sourcevpc", "aws:sourceip", "aws:securetransport", "aws:multifactorauthpresent",
}

// constrained tells that a condition limits which grants can be created, or may.
func (j *judged) constrained(a allow) bool {
	if a.Conditions.Open {
		j.undecided(a.Conditions.Range, "the conditions on `kms:CreateGrant` are not known")
		return true
	}
	return slices.ContainsFunc(a.Conditions.Items, func(c policy.Condition) bool {
		key, known := c.Key.Known()
		if !known {
			j.undecided(c.Range, "a condition on `kms:CreateGrant` is not known")
		}
		return !slices.Contains(free, strings.ToLower(key))
	})
}

// grantActions are those that have the condition key kms:GrantIsForAWSResource.
var grantActions = []string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}

// separate writes AWS's default statement for grants: those that services make for their resources.
func (j *judged) separate(s policy.Statement) []finding.Edit {
	var moved []policy.Text
	for _, item := range s.Actions.Items {
		text, _ := item.Known()
		if slices.ContainsFunc(grantActions, func(name string) bool { return strings.EqualFold(name, text) }) {
			moved = append(moved, item)
		}
	}
	return j.editor().Separate(s, moved, fix.Statement{
		Sid:        j.free("AllowGrantsForAWSResources"),
		Conditions: []fix.Condition{{Test: "Bool", Key: "kms:GrantIsForAWSResource", Value: "true"}},
	})
}
