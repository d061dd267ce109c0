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
		for _, s := range d.Statements {
			for _, item := range slices.Concat(s.Actions.Items, s.NotActions.Items) {
				text, known := item.Known()
				if !known || action.Match(text) != 0 || !ofKMS(text) && !(ofKey && bare(text)) {
					continue
				}
				u.unknown(w, s, item, text)
			}
		}
	}
}

func ofKMS(text string) bool { return len(text) >= 4 && strings.EqualFold(text[:4], "kms:") }

// bare tells an action without the prefix of a service.
func bare(text string) bool { return text != "" && !strings.Contains(text, ":") }

func (u unknownActions) unknown(w kms.Written, s policy.Statement, item policy.Text, text string) {
	suggestion, suggested := action.Suggest(text)
	what := fmt.Sprintf("%s in %s of `%s` is no action of KMS", code(text), name(s), w.Address)
	if bare(text) {
		what = fmt.Sprintf("%s in %s of `%s` has no prefix of a service", code(text), name(s), w.Address)
	}
	if suggested {
		what += ": `" + suggestion + "` is"
	}
	problem := rule.Problem{
		Discriminator: text + "\x00" + identity(s), Range: item.Range, Severity: u.severity(s, suggested),
		Message: what + ". " + consequence(s, item),
	}
	if suggested {
		problem.Fix = func() []finding.Edit { return u.respell(item, text, suggestion) }
	}
	u.report(w, s.Range, problem)
}

// consequence completes the message: what a policy with an action that does not exist does.
func consequence(s policy.Statement, item policy.Text) string {
	denies := s.Effect.Is("Deny") == terraform.True
	if text, _ := item.Known(); bare(text) {
		return "Without one it permits and denies nothing, where AWS takes the policy at all."
	}
	switch excepted := slices.ContainsFunc(s.NotActions.Items, func(t policy.Text) bool { return t.Range == item.Range }); {
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

// severity is lower for a Deny, which only fails to forbid, and for a name that may be younger than the list.
func (u unknownActions) severity(s policy.Statement, suggested bool) finding.Severity {
	switch {
	case !suggested && outdated(u.Now):
		return finding.Low
	case s.Effect.Is("Deny") == terraform.True:
		return finding.Medium
	default:
		return finding.High
	}
}

// respell writes the right action in the place of the wrong one.
func (u unknownActions) respell(item policy.Text, wrong, right string) []finding.Edit {
	return fix.Rewrite(u.Head.Config.Source(item.Range.Filename), item.Range, func(text string) string {
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
		what, right := "", operationFor(text)
		if right != "" {
			what = ": `" + right + "` is"
		}
		item := policy.Text{Range: operation.Range}
		u.Report(rule.Problem{
			Resource: r, Attribute: "operations", Discriminator: text, Range: u.visible(operation.Range),
			Message: fmt.Sprintf("%s in `%s` is no operation of a grant%s. Terraform's validation refuses it.", code(text), r.Address, what),
			Fix: func() []finding.Edit {
				if right == "" {
					return nil
				}
				return u.respell(item, text, right)
			},
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
