package functions

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Meter makes every loop and every piece of a template in an expression, or in a whole body, count against the
// budget: a loop within a loop within a loop cannot be told from a harmless one before it runs. It changes the
// expression in place, once, before its first use.
func Meter(node hclsyntax.Node, budget *Budget) { _ = hclsyntax.Walk(node, walker{budget}) }

// walker wraps on the way out, when what is within has been seen.
type walker struct{ budget *Budget }

func (w walker) Enter(hclsyntax.Node) hcl.Diagnostics { return nil }

func (w walker) Exit(node hclsyntax.Node) hcl.Diagnostics {
	switch e := node.(type) {
	case *hclsyntax.ForExpr:
		e.CollExpr, e.ValExpr = w.count(e.CollExpr), w.count(e.ValExpr)
		if e.KeyExpr != nil {
			e.KeyExpr = w.count(e.KeyExpr)
		}
		if e.CondExpr != nil {
			e.CondExpr = w.count(e.CondExpr)
		}
	case *hclsyntax.SplatExpr:
		e.Source = w.count(e.Source)
	case *hclsyntax.TemplateExpr:
		for i, part := range e.Parts {
			if _, literal := part.(*hclsyntax.LiteralValueExpr); !literal {
				e.Parts[i] = w.count(part)
			}
		}
	}
	return nil
}

func (w walker) count(expr hclsyntax.Expression) hclsyntax.Expression {
	return counted{&hclsyntax.ParenthesesExpr{Expression: expr, SrcRange: expr.Range()}, w.budget}
}

// counted is an expression whose every evaluation costs what it gives: its strings and elements. To
// all who look at the syntax it is in parentheses, so that they find the variables in it.
type counted struct {
	*hclsyntax.ParenthesesExpr
	budget *Budget
}

// Inner is the expression itself, for who evaluates it by its kind.
func (c counted) Inner() hclsyntax.Expression { return c.Expression }

// Value is the expression's, or an error where the budget is spent.
func (c counted) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if err := c.budget.charge(loopWork); err != nil {
		return cty.DynamicVal, c.exhausted(err)
	}
	value, diags := c.Expression.Value(ctx)
	if err := weigh(c.budget, value); err != nil {
		return cty.DynamicVal, c.exhausted(err)
	}
	return value, diags
}

func (c counted) exhausted(err error) hcl.Diagnostics {
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Expression takes too long", Detail: err.Error(),
		Subject: c.Range().Ptr(), Extra: exhaustion{err},
	}}
}

// exhaustion lets try and can recognise a spent budget as they recognise a call that gave up.
type exhaustion struct{ err error }

// CalledFunctionName is empty: no call failed.
func (exhaustion) CalledFunctionName() string { return "" }

// FunctionCallError is the LimitError.
func (e exhaustion) FunctionCallError() error { return e.err }

func lineOf(r *hcl.Range) string { return strconv.Itoa(r.Start.Line) }
