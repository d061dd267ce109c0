package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// logical tells that an error in an expression may be without effect: later versions of Terraform do not look at what
// stands behind a false && or a true ||.
func logical(expr hcl.Expression) bool {
	return anyNode(expr, func(n hclsyntax.Node) bool {
		op, isOp := n.(*hclsyntax.BinaryOpExpr)
		return isOp && (op.Op == hclsyntax.OpLogicalAnd || op.Op == hclsyntax.OpLogicalOr)
	})
}

// compute evaluates an expression as a whole with what is known of its references.
func (e evaluator) compute(expr hcl.Expression) Value {
	references := map[string]map[string]cty.Value{}
	variables := map[string]cty.Value{}
	reason, whole := "", true
	for _, traversal := range expr.Variables() {
		root := traversal.RootName()
		if bound, exists := e.env.lookup(root); exists {
			variables[root] = bound.cty()
			if bound.Unknown() {
				reason, whole = orElse(reason, bound.Reason), false
			}
			continue
		}
		members := references[root]
		if members == nil {
			members = map[string]cty.Value{}
			references[root] = members
		}
		var step hcl.TraverseAttr
		named := false
		if len(traversal) > 1 {
			step, named = traversal[1].(hcl.TraverseAttr)
		}
		if !named || !(root == "var" || root == "local" || root == "path") {
			variables[root], whole = cty.DynamicVal, false
			continue
		}
		v := e.follow(hcl.Traversal{traversal[0], step}, expr.Range())
		if v.Unknown() {
			reason, whole = orElse(reason, v.Reason), false
		}
		members[step.Name] = v.cty()
	}
	for root, members := range references {
		if _, whole := variables[root]; !whole {
			variables[root] = cty.ObjectVal(members)
		}
	}
	if !evaluable(e.scope.file(expr.Range()), expr, references, variables) {
		return unknownValue(expr.Range(), "it takes too long to evaluate")
	}
	value, diags := e.scope.language().evaluate(e.scope.file(expr.Range()), expr, variables)
	if diags.HasErrors() {
		v := unknownValue(expr.Range(), "%s", diags[0].Summary)
		v.failed = whole && !functions.Undecided(diags) && !logical(expr) // cty is not exact about types that it is not told
		return v
	}
	v := valueOf(value, expr.Range())
	if !whole && !v.Absent() && makesSet(expr) {
		return unknownValue(expr.Range(), "%s", reason) // cty goes over a set with unknown elements as if they were in order
	}
	if v.Unknown() && reason != "" {
		v.Reason = reason
	}
	return v
}

func makesSet(expr hcl.Expression) bool {
	return anyNode(expr, func(n hclsyntax.Node) bool {
		call, isCall := n.(*hclsyntax.FunctionCallExpr)
		return isCall && (strings.HasPrefix(call.Name, "set") || call.Name == "toset")
	})
}

func anyNode(expr hcl.Expression, is func(hclsyntax.Node) bool) bool {
	found := false
	if node, native := expr.(hclsyntax.Node); native {
		_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
			found = found || is(n)
			return nil
		})
	}
	return found
}
