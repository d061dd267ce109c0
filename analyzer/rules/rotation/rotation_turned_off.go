package rotation

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed rotation_turned_off.txtar
var rotationTurnedOffSpec string

// RotationTurnedOff reports a change that stops the rotation of a key that rotates today.
var RotationTurnedOff = rule.Rule{
	ID: "KMS104", Name: "rotation-turned-off",
	Title:      "This change turns rotation off",
	Severity:   finding.High,
	Hazard:     true,
	Supersedes: []string{"KMS101"},
	References: []string{rotateGuide,
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html"},
	Compliance: rotationControls,
	Spec:       rotationTurnedOffSpec,
	Check:      checkRotationTurnedOff,
}

func checkRotationTurnedOff(p *rule.Pass) {
	for _, key := range keysOf(p.Head) {
		before := p.Before(key.Resource)
		if before == nil || !rotated(before) {
			continue
		}
		rotation := key.Attr(attrRotation)
		if !p.Decide(key.Resource, append(rotatable(key), managed(key), off(attrRotation, rotation))...) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrRotation, Range: rotation.Range,
			Message: fmt.Sprintf("`%s` rotated until now, and this change stops it: %s. The apply calls `DisableKeyRotation`; "+
				"from then on the key material stays the same for good.", key.Address, state(attrRotation, rotation)),
			Evidence: append(rule.Origin(rotation), rule.Evidence{
				Range: before.Attr(attrRotation).Range, Note: "before this change, `" + attrRotation + "` was `true` here", AtBase: true}),
			Fix: func() []finding.Edit { return fix.Set(key.Resource, attrRotation, rotation, "true") },
		})
	}
}

// rotated tells that a key certainly rotated, as it stood in the base.
func rotated(before *terraform.Resource) bool {
	return before.Attr(attrRotation).IsTrue() == terraform.True && certain(rotatable(&kms.Key{Resource: before}))
}
