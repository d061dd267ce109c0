package keypolicy

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/policy"
)

// unread finds a condition that stands in an object beside a principal and is not in the statement that a module makes of
// it: versions of a module read it under different names, and Terraform drops what an input's type does not have. Who
// wrote it takes it for effective.
func (j *judged) unread(s policy.Statement, principal hcl.Range) (name string, at hcl.Range) {
	if s.Notation != policy.Block || len(s.Conditions.Items) > 0 {
		return "", hcl.Range{}
	}
	file, _ := hclsyntax.ParseConfig(j.Head.Config.Source(principal.Filename), principal.Filename, hcl.InitialPos)
	body, _ := file.Body.(*hclsyntax.Body) // always; of a file that is none in this syntax, without the object
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		object, isObject := node.(*hclsyntax.ObjectConsExpr)
		if !isObject || !object.Range().Overlaps(principal) {
			return nil
		}
		for _, item := range object.Items {
			if key := hcl.ExprAsKeyword(item.KeyExpr); key == "condition" || key == "conditions" {
				name, at = key, item.KeyExpr.Range()
			}
		}
		return nil
	})
	return name, at
}
