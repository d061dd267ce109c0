package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// addressOf writes a traversal the way Terraform writes addresses: module.a["x"].aws_kms_key.b[0].
func addressOf(expr hcl.Expression) string {
	traversal, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() {
		return ""
	}
	var out strings.Builder
	for _, step := range traversal {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			out.WriteString(step.Name)
		case hcl.TraverseAttr:
			out.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			out.WriteString(instanceKey(step.Key))
		default:
			return ""
		}
	}
	return out.String()
}

// instanceKey writes `[0]` or `["eu"]`; "" for a key of another type.
func instanceKey(key cty.Value) string {
	switch {
	case !key.IsKnown() || key.IsNull():
		return ""
	case key.Type() == cty.Number:
		return "[" + key.AsBigFloat().Text('f', 0) + "]"
	case key.Type() == cty.String:
		return `["` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key.AsString()) + `"]`
	default:
		return ""
	}
}

// reserved are the roots of references that are no resource types.
var reserved = map[string]bool{
	"var": true, "local": true, "module": true, "each": true, "count": true, "self": true, "path": true,
	"terraform": true, "provider": true, "ephemeral": true,
}
