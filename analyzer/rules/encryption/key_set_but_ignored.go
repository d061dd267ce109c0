package encryption

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_set_but_ignored.txtar
var keySetButIgnoredSpec string

// KeySetButIgnored reports a resource that names a key and does not switch encryption on.
var KeySetButIgnored = rule.Rule{
	ID: "KMS501", Name: "key-set-but-ignored",
	Title:      "A KMS key is configured but encryption with it is not switched on",
	Severity:   finding.High,
	Supersedes: []string{"KMS502"},
	References: []string{
		"https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html",
		"https://github.com/aquasecurity/tfsec/issues/495"},
	Compliance: storageControls,
	Spec:       keySetButIgnoredSpec,
	Check:      checkKeySetButIgnored,
}

// storageControls are the controls that ask for encrypted storage.
var storageControls = []string{"AWS Security Hub RDS.3, EC2.3", "CIS AWS Foundations 2.2.1 (RDS, v3), 5.1.1 (EBS, v5)",
	"PCI DSS v4 3.5.1", "NIST 800-53 SC-28", "HIPAA 164.312(a)(2)(iv)", "AWS Well-Architected SEC08-BP02"}

func checkKeySetButIgnored(p *rule.Pass) {
	for _, row := range kms.Encryptions() {
		if row.Fallback == kms.AccountDefault && p.Head.EncryptedByDefault() {
			continue
		}
		for _, r := range p.Head.OfType(row.Type) {
			checkKeyWithoutFlag(p, r, row)
		}
	}
}

func checkKeyWithoutFlag(p *rule.Pass, r *terraform.Resource, row kms.Encryption) {
	key := r.Attr(row.Key)
	conditions := append([]rule.Condition{{Attribute: row.Key, Value: key, Holds: key.Set()}}, flagOff(r, row)...)
	if !p.Decide(r, conditions...) {
		return
	}
	problem := rule.Problem{
		Resource: r, Attribute: row.Flag,
		Message: fmt.Sprintf("`%s` names a key in `%s`, but %s. The key needs `%s = true`: %s.",
			r.Address, row.Key, state(r, row), row.Flag, row.WithoutFlag),
		Evidence: []rule.Evidence{{Range: key.Range, Note: "the key that is not used"}},
		Fix:      func() []finding.Edit { return switchOn(p, r, row) },
	}
	place(&problem, r, row)
	if problem.Range.Filename == "" {
		problem.Range = key.Range
		problem.Evidence = nil
	}
	p.Report(problem)
}
