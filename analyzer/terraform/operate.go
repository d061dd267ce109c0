package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// maxOperands bounds how deep operators are followed one by one; what is longer is computed as a whole.
const maxOperands = 300

// binary applies an operator to what is known of its operands, which may be enough.
func (e evaluator) binary(expr *hclsyntax.BinaryOpExpr) Value {
	if e.depth > maxOperands {
		return e.compute(expr)
	}
	left, right := e.value(expr.LHS), e.value(expr.RHS)
	r := expr.Range()
	if left.failed || right.failed {
		out := failure(r, "%s", orElse(left.Reason, right.Reason))
		out.failed = expr.Op != hclsyntax.OpLogicalAnd && expr.Op != hclsyntax.OpLogicalOr // the other may do, in later versions
		return out
	}
	if compared := expr.Op == hclsyntax.OpEqual || expr.Op == hclsyntax.OpNotEqual; compared && (left.compound() || right.compound()) {
		if verdict := equal(left, right); verdict == Undecided || left.Known() && right.Known() {
			return e.compute(expr) // a list is never equal to a tuple, and structures are kept without telling them apart
		}
	}
	out := operate(expr, left, right)
	if out.Known() || out.failed {
		return out
	}
	if chosen, ok := left.each(r, func(left Value) Value { return operate(expr, left, right) }); ok {
		return chosen
	}
	if chosen, ok := right.each(r, func(right Value) Value { return operate(expr, left, right) }); ok {
		return chosen
	}
	return out
}

// compound tells a list, a set, an object or a map.
func (v Value) compound() bool {
	_, _, isList := v.members(0)
	_, _, isObject := v.Entries()
	return isList || isObject
}

func operate(expr *hclsyntax.BinaryOpExpr, left, right Value) Value {
	r := expr.Range()
	switch expr.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		if verdict := equal(left, right); verdict != Undecided {
			return Value{state: known, value: cty.BoolVal((verdict == True) == (expr.Op == hclsyntax.OpEqual)), Range: r}
		}
	case hclsyntax.OpLogicalAnd:
		if left.IsFalse() == True || right.IsFalse() == True {
			return Value{state: known, value: cty.False, Range: r}
		}
	case hclsyntax.OpLogicalOr:
		if left.IsTrue() == True || right.IsTrue() == True {
			return Value{state: known, value: cty.True, Range: r}
		}
	}
	return result(&hclsyntax.BinaryOpExpr{LHS: operand(left, expr.LHS), Op: expr.Op, RHS: operand(right, expr.RHS), SrcRange: r}, r, left, right)
}

func (e evaluator) unary(expr *hclsyntax.UnaryOpExpr) Value {
	r := expr.Range()
	v := e.value(expr.Val)
	if v.failed {
		return failure(r, "%s", v.Reason)
	}
	apply := func(v Value) Value {
		return result(&hclsyntax.UnaryOpExpr{Op: expr.Op, Val: operand(v, expr.Val), SrcRange: r, SymbolRange: expr.SymbolRange}, r, v)
	}
	if chosen, ok := v.each(r, apply); ok {
		return chosen
	}
	return apply(v)
}

func operand(v Value, expr hclsyntax.Expression) hclsyntax.Expression {
	return &hclsyntax.LiteralValueExpr{Val: v.cty(), SrcRange: expr.Range()}
}

// result evaluates an expression without references.
func result(expr hclsyntax.Expression, r hcl.Range, operands ...Value) Value {
	reason := ""
	op, binary := expr.(*hclsyntax.BinaryOpExpr)
	compares := binary && (op.Op == hclsyntax.OpEqual || op.Op == hclsyntax.OpNotEqual)
	for _, v := range operands {
		if !compares && hugeText(v.cty()) {
			return unknownValue(r, "it takes too long to evaluate")
		}
		if v.Unknown() {
			reason = orElse(reason, v.Reason)
		}
	}
	value, diags := expr.Value(nil)
	if diags.HasErrors() {
		return failure(r, "%s", diags[0].Summary)
	}
	out := valueOf(value, r)
	if out.Unknown() {
		out.Reason = orElse(reason, out.Reason)
	}
	return out
}

// equal decides what does not take both values: what is certainly set is not null, a text with a known beginning is
// not one that begins otherwise, and what has one name is the same.
func equal(a, b Value) Truth {
	switch {
	case a.Known() && b.Known():
		return Undecided // for cty to say
	case a.Absent() && b.Absent():
		return True
	case a.Absent():
		return b.Set().Not()
	case b.Absent():
		return a.Set().Not()
	case a.Known():
		return b.isText(a)
	case b.Known():
		return a.isText(b)
	case a.same(b):
		return True
	default:
		return Undecided
	}
}

// isText holds an unknown text against a known one.
func (v Value) isText(other Value) Truth {
	want, ok := other.Text()
	if !ok {
		return Undecided
	}
	if want == "" && v.Reference != nil && v.Set() == True {
		return False // what AWS names is not empty
	}
	segments, ok := v.Segments()
	if !ok || len(segments) == 0 {
		return Undecided
	}
	first, _ := segments[0].Text()
	last, _ := segments[len(segments)-1].Text()
	length := 0
	for _, segment := range segments {
		literal, _ := segment.Text()
		length += len(literal)
	}
	if length > len(want) || !strings.HasPrefix(want, first) || !strings.HasSuffix(want, last) {
		return False
	}
	return Undecided
}
