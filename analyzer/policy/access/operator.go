package access

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
)

// family is a group of condition operators that compare alike.
type family int

const (
	otherFamily  family = iota // none that AWS knows, or not known
	stringEquals               // exact
	stringFold                 // exact, whatever the case
	stringLike                 // with * and ?
	arnLike                    // ARN by ARN, with * and ?; ArnEquals does the same
	boolean
	null
	numeric
	date
	ipAddress
	binary
)

// operator is a condition's operator, taken apart.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type operator struct {
	family   family
	negated  bool // StringNotEquals
	ifExists bool // true where the request does not have the key
	forAll   bool // ForAllValues: true where the request does not have the key
	forAny   bool // ForAnyValue: false where it does not, negated or not
}

var families = map[string]family{
	"stringequals": stringEquals, "stringequalsignorecase": stringFold, "stringlike": stringLike, "arnequals": arnLike,
	"arnlike": arnLike, "bool": boolean, "null": null, "ipaddress": ipAddress, "binaryequals": binary,
	"numericequals": numeric, "numericlessthan": numeric, "numericlessthanequals": numeric,
	"numericgreaterthan": numeric, "numericgreaterthanequals": numeric, "dateequals": date, "datelessthan": date,
	"datelessthanequals": date, "dategreaterthan": date, "dategreaterthanequals": date,
}

// operatorOf reads an operator. AWS writes it so, and takes it in any case.
func operatorOf(test policy.Text) operator {
	var op operator
	text, _ := test.Known()
	name := strings.ToLower(text)
	name, op.forAll = strings.CutPrefix(name, "forallvalues:")
	if !op.forAll {
		name, op.forAny = strings.CutPrefix(name, "foranyvalue:")
	}
	name, op.ifExists = strings.CutSuffix(name, "ifexists")
	if known, ok := families[name]; ok {
		op.family = known
		return op
	}
	for _, word := range []string{"string", "arn", "numeric", "date"} {
		if rest, ok := strings.CutPrefix(name, word+"not"); ok {
			op.family, op.negated = families[word+rest], true
			return op
		}
	}
	if name == "notipaddress" {
		op.family, op.negated = ipAddress, true
	}
	return op
}
