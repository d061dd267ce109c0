package rotation

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
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
	Compliance: rotationControls,
	Spec:       rotationDisabledSpec,
	Check:      checkRotationDisabled,
}

func checkRotationDisabled(p *rule.Pass) {
	for _, key := range keysOf(p.Head) {
		rotation := key.Attr(attrRotation)
		if !p.Decide(key.Resource, append(rotatable(key), managed(key), off(attrRotation, rotation))...) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrRotation, Range: rotation.Range,
			Message: fmt.Sprintf("`%s` never rotates its key material: %s. Switching rotation on changes no ARN and "+
				"re-encrypts nothing, because KMS keeps the old material for old data.", key.Address, state(attrRotation, rotation)),
			Evidence: rule.Origin(rotation),
			Fix:      func() []finding.Edit { return fix.Set(key.Resource, attrRotation, rotation, "true") },
		})
	}
}
