package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// jsonEncode writes a known value as Terraform's jsonencode does.
func jsonEncode(v cty.Value) (string, error) {
	out, err := stdlib.JSONEncode(v)
	if err != nil {
		return "", err
	}
	return out.AsString(), nil
}

// language is what all modules of a root may call, and what that may cost.
type language struct {
	table     map[string]function.Function
	budget    *functions.Budget
	steps     int              // expressions evaluated so far
	templates map[string]*File // read by templatefile, by path; nil for what is none
	depth     int              // definitions under evaluation, each for the one before
}

// maxChain bounds how many definitions are evaluated one within the other: each takes some kilobytes of stack, and Go
// cannot recover from a stack that is used up.
const maxChain = 1000

// maxSteps bounds the expressions that are evaluated for one root module. The largest one seen in public has
// sixty thousand.
const maxSteps = 1_000_000

func (s *Scope) top() *Scope {
	top := s
	for top.parent != nil {
		top = top.parent
	}
	return top
}

// language is made when a root first computes something.
func (s *Scope) language() *language {
	top := s.top()
	if top.lang == nil {
		budget := &functions.Budget{}
		top.lang = &language{
			table:  functions.Table(functions.Files{FS: s.config.fsys, Dir: top.Module.Dir, Budget: budget}),
			budget: budget,
		}
	}
	return top.lang
}

// step counts an expression; false where there were too many.
func (l *language) step() bool {
	l.steps++
	return l.steps <= maxSteps
}

// evaluate runs an expression that evaluable has let through.
func (l *language) evaluate(file *File, expr hcl.Expression, variables map[string]cty.Value) (cty.Value, hcl.Diagnostics) {
	l.budget.Reset()
	if node, native := expr.(hclsyntax.Node); native && file != nil {
		file.meter(node)
	}
	return expr.Value(&hcl.EvalContext{Variables: variables, Functions: l.table})
}

// meter lets the loops of an expression count, if it has nested ones.
func (f *File) meter(node hclsyntax.Node) {
	if f.loops == nil {
		f.loops = &functions.Budget{}
		f.metered = map[hclsyntax.Node]bool{}
	}
	f.loops.Reset()
	if f.metered[node] {
		return
	}
	f.metered[node] = true
	n := 0
	_ = hclsyntax.VisitAll(node, func(n2 hclsyntax.Node) hcl.Diagnostics {
		switch n2.(type) {
		case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
			n++
		}
		return nil
	})
	if n > 1 {
		functions.Meter(node, f.loops)
	}
}
