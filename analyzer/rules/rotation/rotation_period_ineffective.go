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

//go:embed rotation_period_ineffective.txtar
var rotationPeriodIneffectiveSpec string

// RotationPeriodIneffective reports a rotation period that the provider refuses or never sends.
var RotationPeriodIneffective = rule.Rule{
	ID: "KMS103", Name: "rotation-period-ineffective",
	Title:      "rotation_period_in_days has no effect, or is out of range",
	Severity:   finding.Medium,
	Everywhere: true,
	References: []string{keyResource + "#rotation_period_in_days-1",
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"},
	Compliance: rotationControls,
	Spec:       rotationPeriodIneffectiveSpec,
	Check:      checkRotationPeriodIneffective,
}

// The period that AWS accepts, in days.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
const (
	minPeriod = 90
	maxPeriod = 2560
)

// The first version of the provider that has the argument.
// https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md
const (
	sinceMajor = 5
	sinceMinor = 49
)

func checkRotationPeriodIneffective(p *rule.Pass) {
	for _, key := range keysOf(p.Head) {
		period, rotation := key.Attr(attrPeriod), key.Attr(attrRotation)
		version := key.Scope.ProviderVersion()
		switch {
		case period.Range.Filename != "" && version.Below(sinceMajor, sinceMinor) == terraform.True:
			reportUnsupported(p, key, period, version)
		case outOfRange(period) == terraform.True:
			reportOutOfRange(p, key, period)
		case p.Decide(key.Resource, off(attrRotation, rotation), managed(key),
			rule.Condition{Attribute: attrPeriod, Value: period, Holds: period.Set()}):
			reportIgnored(p, key, period, rotation)
		case rotation.IsTrue() == terraform.True:
			p.Decide(key.Resource, rule.Condition{Attribute: attrPeriod, Value: period, Holds: outOfRange(period)})
		}
	}
}

func outOfRange(period terraform.Value) terraform.Truth {
	days, ok := period.Int()
	switch {
	case period.Absent():
		return terraform.False
	case !ok:
		return terraform.Undecided
	case days < minPeriod || days > maxPeriod:
		return terraform.True
	default:
		return terraform.False
	}
}

// reportUnsupported is about the argument itself: even a null is refused.
func reportUnsupported(p *rule.Pass, key *kms.Key, period terraform.Value, version terraform.ProviderVersion) {
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrPeriod, Range: period.Range,
		Message: fmt.Sprintf("`%s` sets `%s`, and the AWS provider's version is %s. The argument came with %d.%d.0, so "+
			"`terraform validate` and every plan fail.", key.Address, attrPeriod, version.Words(), sinceMajor, sinceMinor),
		Evidence: []rule.Evidence{{Range: version.Pin, Note: "the provider's version is limited here"}},
	})
}

func reportOutOfRange(p *rule.Pass, key *kms.Key, period terraform.Value) {
	days, _ := period.Int()
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrPeriod, Range: period.Range,
		Message: fmt.Sprintf("`%s` sets `%s` to %d, and KMS accepts %d to %d days. The provider refuses the value, so "+
			"`terraform validate` and every plan fail.", key.Address, attrPeriod, days, minPeriod, maxPeriod),
		Evidence: rule.Origin(period),
	})
}

func reportIgnored(p *rule.Pass, key *kms.Key, period, rotation terraform.Value) {
	problem := rule.Problem{
		Resource: key.Resource, Attribute: attrPeriod, Range: period.Range,
		Message: fmt.Sprintf("`%s` sets `%s`, but `%s` is `false`. The provider never sends the period, and the key is not "+
			"rotated at all.", key.Address, attrPeriod, attrRotation),
		Evidence: []rule.Evidence{{Range: rotation.Range, Note: "rotation is off here"}},
	}
	if rotation.Absent() {
		problem.Message = fmt.Sprintf("`%s` sets `%s` without `%s`. The provider requires both together, so `terraform validate` "+
			"and every plan fail.", key.Address, attrPeriod, attrRotation)
		problem.Evidence = nil
	}
	if certain(rotatable(key)) {
		problem.Fix = func() []finding.Edit { return fix.Set(key.Resource, attrRotation, rotation, "true") }
	}
	p.Report(problem)
}
