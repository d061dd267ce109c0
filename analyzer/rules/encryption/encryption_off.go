package encryption

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed encryption_off.txtar
var encryptionOffSpec string

// EncryptionOff reports storage that AWS leaves unencrypted. A volume is medium, because its account may
// encrypt by default without the repository saying so.
var EncryptionOff = rule.Rule{
	ID: "KMS502", Name: "encryption-off",
	Title:    "Storage encryption off where AWS really stores data unencrypted",
	Severity: finding.High,
	References: []string{
		"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",
		"https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-3"},
	Compliance: storageControls,
	Spec:       encryptionOffSpec,
	Check:      checkEncryptionOff,
}

func checkEncryptionOff(p *rule.Pass) {
	for _, row := range kms.Encryptions() {
		for _, r := range p.Head.OfType(row.Type) {
			switch row.Fallback {
			case kms.AccountDefault:
				checkAccountDefault(p, r, row)
			case kms.Unencrypted:
				checkPlain(p, r, row)
			}
		}
	}
}

// checkPlain judges a service that stores plain data unless it is told otherwise.
func checkPlain(p *rule.Pass, r *terraform.Resource, row kms.Encryption) {
	if !p.Decide(r, append(flagOff(r, row), plainEngine(r))...) {
		return
	}
	report(p, r, row, rule.Problem{
		Message: fmt.Sprintf("`%s` stores its data unencrypted: %s. Encryption cannot be switched on later without replacing it.",
			r.Address, state(r, row)),
	})
}

// checkAccountDefault judges a service whose account decides. Only a written false is reported: an argument that
// is left out may well rely on the account's default.
func checkAccountDefault(p *rule.Pass, r *terraform.Resource, row kms.Encryption) {
	flag := r.Attr(row.Flag)
	if flag.Absent() || p.Head.EncryptedByDefault() || !p.Decide(r, flagOff(r, row)...) {
		return
	}
	report(p, r, row, rule.Problem{
		Severity: finding.Medium,
		Message: fmt.Sprintf("`%s` does not ask for encryption: %s, and the provider sends nothing for it. The account's default "+
			"for the Region decides, and that is off unless somebody switched it on.", r.Address, state(r, row)),
	})
}

func report(p *rule.Pass, r *terraform.Resource, row kms.Encryption, problem rule.Problem) {
	problem.Resource, problem.Attribute, problem.Fix = r, row.Flag, func() []finding.Edit { return switchOn(p, r, row) }
	place(&problem, r, row)
	p.Report(problem)
}
