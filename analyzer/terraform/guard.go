package terraform

import (
	"math/big"
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// hugeExponent finds what may be a number with four or more digits in its exponent, or a thousand of them before it.
// cty keeps such a number in a few bytes, but writes it out in all its digits when it becomes a string: 1e99999999
// as a map key takes hours. It also reads binary exponents: 1p99999999.
var hugeExponent = regexp.MustCompile(`[0-9.][eEpP][+-]?[0-9]{4}|[0-9]{1000}`)

const (
	maxExponentBits = 1 << 13 // beyond float64's range, and still quick to write out
	maxProducts     = 64      // of one expression: exponents add up when numbers are multiplied
)

// evaluable refuses expressions that take more than a moment to evaluate. references and variables are the values
// that the expression reads; nil where it may read none.
func evaluable(file *File, expr hcl.Expression, references map[string]map[string]cty.Value, variables map[string]cty.Value) bool {
	r := expr.Range()
	if file == nil || !r.CanSliceBytes(file.Bytes) {
		return true
	}
	c := census{}
	node, native := expr.(hclsyntax.Node)
	if native {
		_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics { c.count(n); return nil })
		if c.arithmetic == 0 {
			return !c.huge
		}
	}
	return !c.huge && c.products <= maxProducts &&
		!hugeExponent.Match(r.SliceBytes(file.Bytes)) && !refersToHuge(references, variables)
}

func refersToHuge(references map[string]map[string]cty.Value, variables map[string]cty.Value) bool {
	for _, v := range variables {
		if hugeText(v) {
			return true
		}
	}
	for _, members := range references {
		for _, v := range members {
			if hugeText(v) {
				return true
			}
		}
	}
	return false
}

// hugeText looks at texts, and into structures as far as a person would write them.
func hugeText(v cty.Value) bool {
	found := false
	_ = cty.Walk(v, func(_ cty.Path, at cty.Value) (bool, error) {
		if at.IsKnown() && !at.IsNull() && at.Type() == cty.String && hugeExponent.MatchString(at.AsString()) {
			found = true
		}
		return !found, nil
	})
	return found
}

// census counts what makes an expression dear.
type census struct {
	arithmetic, products int
	huge                 bool
}

func (c *census) count(n hclsyntax.Node) {
	switch n := n.(type) {
	case *hclsyntax.LiteralValueExpr:
		c.huge = c.huge || huge(n.Val)
	case *hclsyntax.UnaryOpExpr:
		c.arithmetic++
	case *hclsyntax.BinaryOpExpr:
		c.arithmetic++
		if n.Op == hclsyntax.OpMultiply || n.Op == hclsyntax.OpDivide {
			c.products++
		}
	}
}

func huge(v cty.Value) bool {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return false
	}
	f := v.AsBigFloat()
	exponent := f.MantExp(new(big.Float))
	return exponent > maxExponentBits || exponent < -maxExponentBits
}

// maxWeight bounds a value: its leaves, and its text in pieces of 64 bytes. A value can be far larger than the
// expressions that make it, for each of these may use another one twice.
const maxWeight = 100_000

// heavy tells whether a value is over the bound, without looking at more of it than that.
func heavy(v cty.Value) bool { return weigh(v, maxWeight) > maxWeight }

func weigh(v cty.Value, room int) int {
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() {
		return 1
	}
	if v.Type() == cty.String {
		return 1 + len(v.AsString())/64
	}
	if !v.CanIterateElements() {
		return 1
	}
	weight := 1
	for it := v.ElementIterator(); weight <= room && it.Next(); {
		_, element := it.Element()
		weight += weigh(element, room-weight)
	}
	return weight
}
