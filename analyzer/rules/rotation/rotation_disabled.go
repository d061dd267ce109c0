package rotation

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed rotation_disabled.txtar
var rotationDisabledSpec string

// RotationDisabled reports a key that could rotate and does not.
var RotationDisabled = rule.Rule{
	ID: "KMS101", Name: "rotation-disabled",
	Title:      "Customer managed key has automatic rotation off",
	Severity:   finding.High,
	References: []string{rotateGuide, keyResource + "#enable_key_rotation-1"},
	Compliance: []string{"CIS AWS 5.0 3.6", "CIS AWS 7.0 4.6", "Security Hub KMS.4", "Control Tower CT.KMS.PR.1",
		"PCI DSS 4 3.7.4", "NIST 800-53 SC-12", "ISO 27001 A.8.24", "Well-Architected SEC08-BP01"},
	Spec:  rotationDisabledSpec,
	Check: checkRotationDisabled,
}

func checkRotationDisabled(p *rule.Pass) {
	for _, key := range keysOf(p.Head) {
		rotation := key.Attr(attrRotation)
		conditions := append(rotatable(key), managed(key, attrRotation), off(attrRotation, rotation))
		if !p.Decide(key.Resource, conditions...) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrRotation, Range: rotation.Range,
			Message: fmt.Sprintf("`%s` is never rotated: %s. Whoever gets hold of its key material can read all that it "+
				"ever encrypts; switching rotation on keeps the ARN and re-encrypts nothing.", key.Address, state(attrRotation, rotation)),
			Evidence: evidence(rotation, "the value comes from here"),
		})
	}
}
