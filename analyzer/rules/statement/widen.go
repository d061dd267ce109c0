package statement

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// comparison is how a positive operator compares, as far as it matters for two lists of values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type comparison struct {
	patterns bool // values have wildcards
	arns     bool // ... which stay within a part of the ARN
	many     bool // ForAnyValue or ForAllValues: a request may have several values
}

// compares reads an operator; ok is false for negated ones, of which a list means all, and for those that order.
func compares(test policy.Text) (c comparison, ok bool) {
	text, _ := test.Known()
	operator := strings.TrimSuffix(strings.ToLower(text), "ifexists")
	for _, quantifier := range []string{"foranyvalue:", "forallvalues:"} {
		if rest, quantified := strings.CutPrefix(operator, quantifier); quantified {
			operator, c.many = rest, true
		}
	}
	switch operator {
	case "stringequals":
	case "stringlike":
		c.patterns = true
	case "arnlike", "arnequals":
		c.patterns, c.arns = true, true
	default:
		return c, false
	}
	return c, true
}

// widens tells that the data source joins two conditions, that a request can satisfy both, and that each has a value
// which the other one does not cover. Two that exclude each other can only be meant as they come out: as alternatives.
func widens(a, b policy.Condition) bool {
	joined := terraform.All(a.Test.Same(b.Test), a.Key.Same(b.Key), a.Exists, b.Exists)
	c, ok := compares(a.Test)
	return joined == terraform.True && ok && c.adds(a.Values, b.Values) && c.adds(b.Values, a.Values) && c.meet(a.Values, b.Values)
}

// adds tells that a list certainly has a value that no value of another list covers.
func (c comparison) adds(list, other policy.List) bool {
	return !other.Open && slices.ContainsFunc(list.Items, func(value policy.Text) bool {
		return !slices.ContainsFunc(other.Items, func(cover policy.Text) bool {
			pattern, known := cover.Known()
			text, alsoKnown := value.Known()
			if c.patterns && known && alsoKnown {
				return action.Like(pattern, text)
			}
			return value.Same(cover) != terraform.False
		})
	})
}

// meet tells that a request can certainly satisfy both lists.
func (c comparison) meet(list, other policy.List) bool {
	return c.many || slices.ContainsFunc(list.Items, func(a policy.Text) bool {
		return slices.ContainsFunc(other.Items, func(b policy.Text) bool {
			one, known := a.Known()
			two, alsoKnown := b.Known()
			switch {
			case !c.patterns || !known || !alsoKnown:
				return a.Same(b) == terraform.True
			case !c.arns:
				return overlap(one, two)
			}
			parts, others := strings.SplitN(one, ":", 6), strings.SplitN(two, ":", 6)
			for i := range min(len(parts), len(others)) {
				if !overlap(parts[i], others[i]) {
					return false
				}
			}
			return len(parts) == 6 && len(others) == 6
		})
	})
}

// maxPattern bounds a comparison of two patterns, which takes time with the product of their lengths.
const maxPattern = 2048

// overlap tells whether a text exists that two patterns with * and ? match.
func overlap(a, b string) bool {
	if len(a) > maxPattern || len(b) > maxPattern {
		return false
	}
	row := make([]bool, len(b)+1) // whether a[i:] and b[j:] have a text in common
	for i := len(a); i >= 0; i-- {
		next := slices.Clone(row)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == '*':
				row[j] = next[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j] == '*':
				row[j] = row[j+1] || next[j]
			default:
				row[j] = i < len(a) && j < len(b) && (a[i] == b[j] || a[i] == '?' || b[j] == '?') && next[j+1]
			}
		}
	}
	return row[0]
}
