package statement

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed statement_ineffective.txtar
var statementIneffectiveSpec string

const (
	policyElements   = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"
	externalAccounts = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
	permissionsTable = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html"
)

// StatementIneffective reports a statement of a key policy that AWS accepts and that permits or denies nothing.
var StatementIneffective = rule.Rule{
	ID: "KMS205", Name: "statement-ineffective",
	Title:      "Policy statement that silently does nothing",
	Severity:   finding.High,
	References: []string{policyElements, permissionsTable, externalAccounts},
	Compliance: []string{"AWS Well-Architected SEC03-BP02"},
	Spec:       statementIneffectiveSpec,
	Check:      checkStatementIneffective,
}

func checkStatementIneffective(p *rule.Pass) {
	r := newReporter(p)
	works := map[shared]bool{}
	found := map[shared]int{}
	var defects []defective
	for _, w := range p.Head.KeyDocuments() {
		for _, d := range alternatives(w.Document) {
			for _, s := range d.Statements {
				at := sharedOf(w, s)
				if works[at] {
					continue
				}
				defect := defectOf(w, r.asWritten(s))
				works[at] = defect.why == ""
				if found[at]++; found[at] <= maxSharing {
					defects = append(defects, defective{w, s, defect})
				}
			}
		}
	}
	for _, d := range defects {
		if !works[sharedOf(d.Written, d.Statement)] && r.visible(d.at).Filename != "" { // what a known module writes is no defect of its caller
			r.ineffective(d)
		}
	}
}

// defective is a statement of a resource's policy that does nothing.
type defective struct {
	kms.Written
	policy.Statement
	defect
}

func (r reporter) ineffective(d defective) {
	r.report(d.Written, d.Statement.Range, rule.Problem{
		Discriminator: d.clause + "\x00" + content(d.Statement), Range: d.at,
		Message: fmt.Sprintf("%s of the key policy of `%s` does nothing: %s. KMS accepts it all the same, and neither plan nor apply says so.",
			sentence(name(d.Statement)), d.Address, d.why),
		Fix: func() []finding.Edit {
			if d.clause != "resource" {
				return nil
			}
			return fix.Policies{Source: r.source}.Add(d.Statement, fix.Element{JSON: "Resource", Block: "resources", Text: "*"})
		},
	})
}

// shared identifies a statement that several keys may have: the work that it does for one of them is enough.
type shared struct {
	source *terraform.Resource
	scope  *terraform.Scope
	at     hcl.Range
}

func sharedOf(w kms.Written, s policy.Statement) shared {
	if s.Resource != nil {
		return shared{source: s.Resource, at: s.Range}
	}
	return shared{scope: w.Scope, at: s.Range}
}

// defect is why a statement does nothing.
type defect struct {
	clause string // part of the fingerprint
	why    string // completes "the statement does nothing: ..."; "" where it may do something
	at     hcl.Range
}

func defectOf(w kms.Written, s policy.Statement) defect {
	owner := access.Owner{} // of a key that is not known; its own ARN may be any
	if w.Key != nil {
		owner = access.OwnerOf(w.Key)
	}
	effective, _ := access.Effective(s, owner)
	_, actions := access.Actions(s)
	ineffective := effective == terraform.False
	switch {
	case s.Actions.Present == terraform.False && s.NotActions.Present == terraform.False &&
		s.Principals.Present == terraform.False && s.NotPrincipals.Present == terraform.False:
		return defect{} // KMS refuses it: its elements have other names than those that are read, and KMS207 says so
	case ineffective && s.Actions.Present == terraform.False && s.NotActions.Present == terraform.False:
		return defect{"action", "it has no action", s.Range}
	case ineffective && s.Resources.Present == terraform.False && s.NotResources.Present == terraform.False:
		return defect{"resource", "it has no resource, and in a key policy that is `*`", s.Range}
	case slices.ContainsFunc(s.Actions.Items, misnamed):
		return defect{} // the name is the mistake
	case actions == 0:
		return defect{"service", "none of its actions is one of KMS", s.Actions.Range}
	case actions&action.Effective == 0:
		return defect{"account", fmt.Sprintf("none of its actions (`%s`) works on a key, so only IAM policies can permit them", actions), s.Actions.Range}
	case ineffective:
		return defect{"other", "its resource is another one than this key, and in a key policy the key is `*`", place(s.Resources, s.NotResources)}
	case actions&action.CrossAccount == 0 && foreign(w, s):
		return defect{"foreign", fmt.Sprintf("none of its actions (`%s`) works for another account, and it names no other principals", actions), s.Actions.Range}
	}
	if c := contextual(s); c != nil && actions&action.TakesContext == 0 {
		key, _ := c.Key.Known()
		return defect{"context", fmt.Sprintf("none of its actions (`%s`) takes an encryption context, which the condition on %s asks for", actions, finding.Code(key)), c.Range}
	}
	return defect{}
}

// misnamed tells an action that is KMS206's business.
func misnamed(item policy.Text) bool {
	text, _ := item.Known()
	return (ofKMS(text) || bare(text)) && action.Match(text) == 0
}

// place is where an element is written.
func place(lists ...policy.List) hcl.Range {
	for _, list := range lists {
		if list.Range.Filename != "" {
			return list.Range
		}
	}
	return hcl.Range{}
}

// foreign tells that a statement allows something to principals of other accounts, and to nobody else.
func foreign(w kms.Written, s policy.Statement) bool {
	principals, whole := access.Principals(s, access.OwnerOf(w.Resource))
	if !whole || len(principals) == 0 || s.Effect.Is("Allow") != terraform.True {
		return false
	}
	return !slices.ContainsFunc(principals, func(p access.Principal) bool { return p.Own != terraform.False })
}

// contextual finds a condition that holds only for a request with an encryption context.
func contextual(s policy.Statement) *policy.Condition {
	for _, c := range s.Conditions.Items {
		key, _ := c.Key.Known()
		key = strings.ToLower(key)
		if c.Exists == terraform.True && (key == "kms:encryptioncontextkeys" || strings.HasPrefix(key, "kms:encryptioncontext:")) && asks(c.Test) {
			return &c
		}
	}
	return nil
}

// asks tells an operator that is false where the request does not have the key.
func asks(test policy.Text) bool {
	text, _ := test.Known()
	operator := strings.TrimPrefix(strings.ToLower(text), "foranyvalue:")
	switch operator {
	case "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike":
		return true
	default:
		return false
	}
}
