package statement

import (
	_ "embed"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed policy_document_merge_hazard.txtar
var policyDocumentMergeHazardSpec string

const policyDocument = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document"

// PolicyDocumentMergeHazard reports where aws_iam_policy_document writes another policy than the one that it is given.
var PolicyDocumentMergeHazard = rule.Rule{
	ID: "KMS214", Name: "policy-document-merge-hazard",
	Title:      "aws_iam_policy_document does not produce the policy you wrote",
	Severity:   finding.High,
	References: []string{policyDocument},
	Compliance: []string{"AWS Well-Architected SEC03-BP02"},
	Spec:       policyDocumentMergeHazardSpec,
	Check:      checkPolicyDocumentMergeHazard,
}

func checkPolicyDocumentMergeHazard(p *rule.Pass) {
	r := newReporter(p)
	for _, w := range p.Head.KeyDocuments() {
		for _, d := range alternatives(w.Document) {
			r.each(judged{source: d.Resource}, func() {
				for _, f := range d.Faults {
					reportChanged(r, w, f)
				}
			})
			for i := range d.Statements {
				r.each(judged{statement: &d.Statements[i]}, func() { reportMerged(r, w, d.Statements[i]) })
			}
		}
	}
}

// reportChanged reports what the data source drops or replaces, and what it crashes at.
func reportChanged(r reporter, w kms.Written, f policy.Fault) {
	effect := map[policy.FaultKind]string{
		policy.Dropped: "The policy that AWS gets lacks it, and may permit or deny more than the one that is written.",
		policy.Opened:  "The policy that AWS gets is for everybody.",
		policy.Crashed: "Terraform ends with the provider's stack trace, and changes nothing.",
	}[f.Kind]
	if effect == "" {
		return
	}
	r.report(w, hcl.Range{}, rule.Problem{
		Discriminator: f.What + "\x00" + r.words(f.Range), Range: f.Range,
		Message: fmt.Sprintf("In the key policy of `%s`, %s. %s", w.Address, f.What, effect),
		Fix:     func() []finding.Edit { return fix.Quote(r.source(f.Value.Filename), f.Value) },
	})
}

// reportMerged reports two condition blocks of which one was to narrow the other, and which the data source joins into
// one list of which any value will do.
func reportMerged(r reporter, w kms.Written, s policy.Statement) {
	for i, second := range s.Conditions.Items {
		for _, first := range s.Conditions.Items[:i] {
			if !widens(first, second) {
				continue
			}
			test, _ := second.Test.Known()
			key, _ := second.Key.Known()
			r.report(w, s.Range, rule.Problem{
				Discriminator: test + "\x00" + key + "\x00" + identity(s), Range: second.Range,
				Message: fmt.Sprintf("Two conditions with %s on %s in %s of `%s` become one, of which any value is enough. The "+
					"statement matches more requests than either of the two blocks, where both together were to narrow it.", finding.Code(test), finding.Code(key), name(s), w.Address),
				Evidence: []rule.Evidence{{Range: first.Range, Note: "the other condition"}},
			})
		}
	}
}
