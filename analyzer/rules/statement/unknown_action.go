package statement

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed unknown_action.txtar
var unknownActionSpec string

const (
	actionsPage = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html"
	grantsGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"
)

// UnknownAction reports an action that KMS does not have: the policy is accepted, and permits or denies nothing by it.
var UnknownAction = rule.Rule{
	ID: "KMS206", Name: "unknown-action",
	Title:      "Action that does not exist in AWS KMS",
	Severity:   finding.High,
	References: []string{actionsPage, grantsGuide},
	Compliance: []string{"AWS Well-Architected SEC03-BP02"},
	Spec:       unknownActionSpec,
	Check:      checkUnknownAction,
}

func checkUnknownAction(p *rule.Pass) {
	u := unknownActions{newReporter(p)}
	for _, w := range p.Head.KeyDocuments() {
		u.document(w, true)
	}
	for _, w := range p.Head.IAMDocuments() {
		u.document(w, false)
	}
	for _, grant := range p.Head.OfType("aws_kms_grant") {
		u.grant(grant)
	}
}

type unknownActions struct{ reporter }

// document looks at the actions of a policy. In an identity policy only those of KMS are our business.
func (u unknownActions) document(w kms.Written, ofKey bool) {
	for _, d := range alternatives(w.Document) {
		for i := range d.Statements {
			u.each(judged{statement: &d.Statements[i]}, func() { u.statement(w, d.Statements[i], ofKey) })
		}
	}
}

func (u unknownActions) statement(w kms.Written, s policy.Statement, ofKey bool) {
	var strange, conditions []policy.Text
	for _, item := range slices.Concat(s.Actions.Items, s.NotActions.Items) {
		text, _ := item.Known() // nothing, where a variable makes it
		suggestion, suggested := action.Suggest(text)
		switch {
		case action.Match(text) != 0 || !ofKMS(text) && !(ofKey && bare(text)):
		case suggested:
			u.misspelt(w, s, item, suggestion)
		case conditionKeys[strings.ToLower(text)]:
			conditions = append(conditions, item)
		default:
			strange = append(strange, item)
		}
	}
	u.strange(w, s, strange)
	u.conditions(w, s, conditions)
}

func ofKMS(text string) bool { return strings.HasPrefix(strings.ToLower(text), "kms:") }

// bare tells an action without the prefix of a service.
func bare(text string) bool { return text != "" && !strings.Contains(text, ":") }

// misspelt reports a name that is nearly one of KMS.
func (u unknownActions) misspelt(w kms.Written, s policy.Statement, item policy.Text, suggestion string) {
	text, _ := item.Known()
	what := "is no action of KMS"
	if bare(text) {
		what = "has no prefix of a service"
	}
	u.report(w, s.Range, rule.Problem{
		Discriminator: text + "\x00" + subject(s), Range: item.Range, Severity: severity(s, finding.High),
		Message: fmt.Sprintf("%s in %s of `%s` %s: `%s` is. %s", finding.Code(text), name(s), w.Address, what, suggestion, consequence(s, item)),
		Fix:     func() []finding.Edit { return u.respell(item, text, suggestion) },
	})
}

// strange reports the names of a statement that are like none of KMS. They are one mistake: of a generator, or of a
// reader of another page.
func (u unknownActions) strange(w kms.Written, s policy.Statement, items []policy.Text) {
	if len(items) == 0 {
		return
	}
	what := "is no action of KMS"
	if text, _ := items[0].Known(); bare(text) {
		what = "has no prefix of a service"
	}
	grade := severity(s, finding.High)
	if outdated(u.Now) {
		grade = finding.Low
	}
	u.together(w, s, items, rule.Problem{
		Severity: grade,
		Message:  fmt.Sprintf("%s of `%s` %s. %s", name(s), w.Address, what, consequence(s, items[0])),
	})
}

// conditions reports names of condition keys, which stand beside the actions on AWS's page.
func (u unknownActions) conditions(w kms.Written, s policy.Statement, items []policy.Text) {
	if len(items) == 0 {
		return
	}
	u.together(w, s, items, rule.Problem{
		Severity: finding.Low,
		Message:  fmt.Sprintf("%s of `%s` is a condition key of KMS and no action. AWS accepts the policy, in which the name means nothing.", name(s), w.Address),
	})
}

// together reports several names of a statement at the first of them. The problem's message goes on behind it.
func (u unknownActions) together(w kms.Written, s policy.Statement, items []policy.Text, problem rule.Problem) {
	var names []string
	for i, item := range items {
		text, _ := item.Known()
		names = append(names, text)
		if i > 0 && i <= maxEvidence {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: item.Range, Note: "so is " + finding.Code(text)})
		}
	}
	others := ""
	if n := len(names) - 1; n > 0 {
		others = fmt.Sprintf(", like %d more,", n)
	}
	problem.Range = items[0].Range
	problem.Message = finding.Code(names[0]) + others + " in " + problem.Message
	slices.Sort(names)
	problem.Discriminator = strings.Join(names, " ") + "\x00" + subject(s)
	u.report(w, s.Range, problem)
}

// maxEvidence bounds the places that a finding names.
const maxEvidence = 10

// conditionKeys are those of KMS, in lower case.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html#awskeymanagementservice-policy-keys
var conditionKeys = func() map[string]bool {
	keys := map[string]bool{}
	for _, key := range []string{
		"BypassPolicyLockoutSafetyCheck", "CallerAccount", "CustomerMasterKeySpec", "CustomerMasterKeyUsage", "DataKeyPairSpec",
		"EncryptionAlgorithm", "EncryptionContextKeys", "ExpirationModel", "GrantConstraintType", "GrantIsForAWSResource",
		"GrantOperations", "GranteePrincipal", "KeyAgreementAlgorithm", "KeyOrigin", "KeySpec", "KeyUsage", "MacAlgorithm",
		"MessageType", "MultiRegion", "MultiRegionKeyType", "PrimaryRegion", "ReEncryptOnSameKey", "ReplicaRegion", "RequestAlias",
		"ResourceAliases", "RetiringPrincipal", "RotationPeriodInDays", "ScheduleKeyDeletionPendingWindowInDays",
		"SigningAlgorithm", "ValidTo", "ViaService", "WrappingAlgorithm", "WrappingKeySpec",
	} {
		keys[strings.ToLower("kms:"+key)] = true
	}
	return keys
}()

// consequence completes the message: what a policy with an action that does not exist does.
func consequence(s policy.Statement, item policy.Text) string {
	denies := s.Effect.Is("Deny") == terraform.True
	if text, _ := item.Known(); bare(text) {
		return "Without one it permits and denies nothing, where AWS takes the policy at all."
	}
	switch excepted := len(s.NotActions.Items) > 0; {
	case excepted && denies:
		return "AWS accepts the policy and denies what was meant to be left out."
	case excepted:
		return "AWS accepts the policy and permits what was meant to be left out."
	case denies:
		return "AWS accepts the policy and does not deny what was meant to be denied."
	default:
		return "AWS accepts the policy, and the permission is missing when somebody needs it."
	}
}

// outdated tells that AWS may have added actions to those of the list, which is half a year old then.
func outdated(now time.Time) bool {
	return now.After(time.Date(2027, time.February, 18, 0, 0, 0, 0, time.UTC))
}

// severity is lower for a Deny, which only fails to forbid.
func severity(s policy.Statement, of finding.Severity) finding.Severity {
	if s.Effect.Is("Deny") == terraform.True {
		return finding.Medium
	}
	return of
}

// respell writes the right action in the place of the wrong one.
func (u unknownActions) respell(item policy.Text, wrong, right string) []finding.Edit {
	return fix.Rewrite(u.source(item.Range.Filename), item.Range, func(text string) string {
		if strings.Trim(text, `"\`) != wrong {
			return text // an expression that makes it
		}
		return strings.Replace(text, wrong, right, 1)
	})
}

// grant looks at the operations of a grant, which have names of their own and no wildcards.
func (u unknownActions) grant(r *terraform.Resource) {
	operations, _ := r.Attr("operations").Elements()
	for _, operation := range operations {
		text, known := operation.Text()
		if !known || slices.Contains(action.GrantOperations(), text) {
			continue
		}
		what, cure := "", func() []finding.Edit { return nil }
		if right := operationFor(text); right != "" {
			what = ": `" + right + "` is"
			cure = func() []finding.Edit { return u.respell(policy.Text{Range: operation.Range}, text, right) }
		}
		u.Report(rule.Problem{
			Resource: r, Attribute: "operations", Discriminator: text, Range: u.visible(operation.Range), Fix: cure,
			Message: fmt.Sprintf("%s in `%s` is no operation of a grant%s. Terraform's validation refuses it.", finding.Code(text), r.Address, what),
		})
	}
}

// operationFor is the operation that is written in another case or like an action.
func operationFor(text string) string {
	for _, operation := range action.GrantOperations() {
		if strings.EqualFold(operation, text) || strings.EqualFold("kms:"+operation, text) {
			return operation
		}
	}
	return ""
}
