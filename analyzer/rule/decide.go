package rule

import "github.com/kms-review/kms-review/analyzer/terraform"

// Condition is one of the things that must hold for a rule to fire, and the value that it hangs on.
type Condition struct {
	Attribute string // path of the argument
	Value     terraform.Value
	Holds     terraform.Truth
}

// Decide tells that all conditions certainly hold. Where that hangs on a value that the configuration does not
// decide, it notes the first such value as the reason and stays with no: a rule fires on certainty alone.
func (p *Pass) Decide(r *terraform.Resource, conditions ...Condition) bool {
	truths := make([]terraform.Truth, len(conditions))
	for i, c := range conditions {
		truths[i] = c.Holds
	}
	if verdict := terraform.All(truths...); verdict != terraform.Undecided {
		return verdict == terraform.True
	}
	for _, c := range conditions {
		if c.Holds == terraform.Undecided {
			if c.Value.Reason == "" {
				c.Value.Reason = "its value is not of the expected type"
			}
			p.Undecided(r, c.Attribute, c.Value)
			return false
		}
	}
	return false
}
