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

//go:embed confused_deputy.txtar
var confusedDeputySpec string

// ConfusedDeputy reports a service that can use the key for anybody's resources.
var ConfusedDeputy = rule.Rule{
	ID: "KMS210", Name: "confused-deputy",
	Title:    "Service principal without a condition on whom it acts for",
	Severity: finding.Medium,
	References: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
	},
	Compliance: []string{controlPublic, controlAccess},
	Spec:       confusedDeputySpec,
	Check:      func(p *rule.Pass) { everyPolicy(p, findDeputies) },
}

// deputy is a service whose documentation has a condition in the statement for it.
type deputy struct {
	with    string // the condition, for a reader
	account bool   // aws:SourceAccount alone is right
}

// deputies follows the statements in the services' guides. A service whose documented statement has no condition, such
// as EventBridge, is not in it.
var deputies = map[string]deputy{
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
	"cloudtrail.amazonaws.com": {with: "`aws:SourceArn` with the trail's ARN"},
	// https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
	"config.amazonaws.com": {with: "`aws:SourceAccount`", account: true},
	// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
	"guardduty.amazonaws.com": {with: "`aws:SourceAccount` and `aws:SourceArn`", account: true},
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
	"cloudfront.amazonaws.com": {with: "`aws:SourceArn` with the distribution's ARN"},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
	"delivery.logs.amazonaws.com": {with: "`aws:SourceAccount` and `aws:SourceArn`", account: true},
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
	"s3.amazonaws.com": {with: "`aws:SourceAccount` or `aws:SourceArn`", account: true},
	// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
	"cloudwatch.amazonaws.com": {with: "`aws:SourceAccount` or `aws:SourceArn`", account: true},
	// https://docs.aws.amazon.com/macie/latest/user/discovery-results-repository-s3.html
	"macie.amazonaws.com": {with: "`aws:SourceAccount` and `aws:SourceArn`"},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
	"logs.amazonaws.com": {with: "`kms:EncryptionContext:aws:logs:arn` with the log groups' ARN"},
}

func findDeputies(j *judged) []rule.Problem {
	var problems []rule.Problem
	for _, a := range j.allows() {
		found := j.deputies(a)
		if len(found) == 0 || j.sourced(a) {
			continue
		}
		evidence := []rule.Evidence{{Range: actionsAt(a.Statement), Note: "what the service may do"}}
		cure := j.cure(a, found)
		if name, at := j.unread(a.Statement, found[0].Range); name != "" {
			cure += fmt.Sprintf(", and the module does not read the one that is written there as `%s`", name)
			evidence = append(evidence, rule.Evidence{Range: at, Note: "the module has this input under another name"})
		}
		problem := j.problem(a.Statement, found[0].Range, identity(a.Statement), fmt.Sprintf(
			"The policy of `%s` lets %s use the key whoever it acts for, so that anybody who gets the service to work for them can have it used "+
				"(confused deputy). %s.", j.resource.Address, listed(serviceNames(found)), cure), evidence...)
		if j.ownOnly() && !slices.ContainsFunc(found, func(p access.Principal) bool { return !deputies[p.Service].account }) {
			problem.Fix = func() []finding.Edit {
				number, _, ok := j.account(a.Statement.Range.Filename)
				if !ok || j.sharedWith(a, found) {
					return nil // it is somebody else's statement, too
				}
				return j.editor().Restrict(a.Statement, fix.Condition{Test: "StringEquals", Key: "aws:SourceAccount", Value: number})
			}
		}
		problems = append(problems, problem)
	}
	return problems
}

// cure says what to write. Beside services that take no such condition, as EventBridge, it would keep those out.
func (j *judged) cure(a allow, found []access.Principal) string {
	first := found[0].Service
	if j.sharedWith(a, found) {
		return fmt.Sprintf("Its guide gives %s a statement of its own, with the condition %s", finding.Code(first), deputies[first].with)
	}
	return fmt.Sprintf("The guide of %s has the condition %s", finding.Code(first), deputies[first].with)
}

// sharedWith tells that a statement is for somebody else, too.
func (j *judged) sharedWith(a allow, found []access.Principal) bool {
	list, whole := access.Principals(a.Statement, j.owner)
	return !whole || len(list) != len(found)
}

// deputies lists the services of a statement that should have a condition: those that may use the key for data.
func (j *judged) deputies(a allow) []access.Principal {
	var list []access.Principal
	principals, _ := access.Principals(a.Statement, j.owner)
	for _, p := range principals {
		if _, ok := deputies[p.Service]; !ok || j.left(a, p)&action.Use == 0 {
			continue
		}
		if p.Service == "cloudtrail.amazonaws.com" && (j.eventDataStore() || reads(j.left(a, p))) {
			continue
		}
		list = append(list, p)
	}
	return list
}

// reads tells the two statements that CloudTrail documents without a condition: to decrypt a trail, and to notify an
// encrypted topic. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html
func reads(actions action.Set) bool {
	used := actions & action.Use
	return used&action.Decrypt != 0 && used&^(action.Decrypt|action.Match("kms:GenerateDataKey*")) == 0
}

// eventDataStore tells that the configuration has one: CloudTrail Lake cannot use a key with a condition on the source.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func (j *judged) eventDataStore() bool {
	return slices.ContainsFunc(j.Head.OfType("aws_cloudtrail_event_data_store"), func(r *terraform.Resource) bool {
		return r.Scope.Root == j.resource.Scope.Root
	})
}

func serviceNames(found []access.Principal) []string {
	var names []string
	for _, p := range found {
		if name := finding.Code(p.Service); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// sourced tells that a condition says whom the service acts for, or may.
func (j *judged) sourced(a allow) bool {
	limit, why := access.CallerLimit(a.Statement)
	if limit == access.LimitUnknown {
		j.undecided(a.Statement.Range, "it is not known whether the conditions say whom the service acts for")
	}
	return limit != access.NoLimit || slices.ContainsFunc(why, func(r access.Reasoned) bool {
		key, _ := r.Condition.Key.Known()
		key = strings.ToLower(key)
		return strings.HasPrefix(key, "kms:encryptioncontext") || key == "kms:viaservice" || key == "kms:grantisforawsresource" || strings.HasPrefix(key, "aws:source")
	})
}

// ownOnly tells that the policy names nobody of other accounts: a key that is shared serves their resources, too.
func (j *judged) ownOnly() bool {
	return !slices.ContainsFunc(j.document.Statements, func(s policy.Statement) bool {
		list, whole := access.Principals(s, j.owner)
		return !whole || slices.ContainsFunc(list, func(p access.Principal) bool {
			return p.Own == terraform.False || p.Kind == access.Unknown
		})
	})
}
