package rotation

import (
	_ "embed"
	"fmt"
	"regexp"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed rotation_unsupported.txtar
var rotationUnsupportedSpec string

// RotationUnsupported reports a key for which AWS refuses automatic rotation, after the key has been created.
var RotationUnsupported = rule.Rule{
	ID: "KMS102", Name: "rotation-unsupported",
	Title:      "Rotation requested on a key that cannot rotate automatically",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{rotateGuide,
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"},
	Spec:  rotationUnsupportedSpec,
	Check: checkRotationUnsupported,
}

func checkRotationUnsupported(p *rule.Pass) {
	for _, key := range keysOf(p.Head) {
		rotation := key.Attr(attrRotation)
		obstacle := fixedMaterial(key)
		if !p.Decide(key.Resource,
			rule.Condition{Attribute: attrRotation, Value: rotation, Holds: rotation.IsTrue()},
			managed(key), obstacle) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrRotation, Range: rotation.Range,
			Message: fmt.Sprintf("`%s` asks for automatic rotation, which KMS does not offer for %s. Plan and validate pass, "+
				"then the apply creates the key and fails with `UnsupportedOperationException`.", key.Address, kindOf(obstacle)),
			Evidence: append(rule.Origin(rotation), rule.Evidence{Range: obstacle.Value.Range, Note: "this key cannot rotate automatically"}),
			Fix:      func() []finding.Edit { return fix.Remove(key.Resource, attrRotation, attrPeriod) },
		})
	}
}

// fixedMaterial is the condition that rules rotation out: another spec than the symmetric one, or a custom key
// store. The condition that certainly holds goes first, then the one that may.
func fixedMaterial(key *kms.Key) rule.Condition {
	spec, store := key.Attr(attrSpec), key.Attr(attrStore)
	bySpec := rule.Condition{Attribute: attrSpec, Value: spec,
		Holds: terraform.Any(spec.IsAbsent(), spec.IsString("SYMMETRIC_DEFAULT")).Not()}
	byStore := rule.Condition{Attribute: attrStore, Value: store, Holds: store.Set()}
	for _, wanted := range []terraform.Truth{terraform.True, terraform.Undecided} {
		for _, c := range []rule.Condition{bySpec, byStore} {
			if c.Holds == wanted {
				return c
			}
		}
	}
	return bySpec
}

// specName is what KMS calls its specs; another text of the repository is not repeated in a message.
var specName = regexp.MustCompile(`^[A-Z0-9_]{1,40}$`)

func kindOf(obstacle rule.Condition) string {
	if obstacle.Attribute == attrStore {
		return "keys in a custom key store"
	}
	if text, _ := obstacle.Value.Text(); specName.MatchString(text) {
		return "`" + text + "` keys"
	}
	return "keys of this spec"
}
