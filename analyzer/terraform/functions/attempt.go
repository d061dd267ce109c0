package functions

import (
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// tryFunc and canFunc differ from hcl's ext/tryfunc in two ways. What fails only here, because of a limit or of a
// function that only a provider has, is unknown: hcl's would go on to the next expression, and decide otherwise
// than Terraform does. And an argument is evaluated once: hcl's try evaluates it once more to learn its type, which
// doubles the work for each level of nesting.
var tryFunc = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "expressions", Type: customdecode.ExpressionClosureType},
	Type:     function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var failures []string
		for _, arg := range args {
			value, diags := customdecode.ExpressionClosureFromVal(arg).Value()
			switch {
			case Undecided(diags):
				return cty.DynamicVal, nil
			case diags.HasErrors():
				failures = append(failures, diags[0].Summary)
				continue
			case !value.IsWhollyKnown():
				return cty.DynamicVal, nil // once known, it may turn out to fail
			default:
				return value, nil
			}
		}
		return cty.NilVal, errors.New("no expression succeeded: " + strings.Join(failures, "; "))
	},
})

var canFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "expression", Type: customdecode.ExpressionClosureType}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		value, diags := customdecode.ExpressionClosureFromVal(args[0]).Value()
		switch {
		case Undecided(diags):
			return cty.UnknownVal(cty.Bool), nil
		case diags.HasErrors():
			return cty.False, nil
		case !value.IsWhollyKnown():
			return cty.UnknownVal(cty.Bool), nil
		default:
			return cty.True, nil
		}
	},
})

// GaveUp tells that a call failed because of a limit of ours.
func GaveUp(err error) bool {
	var limit *LimitError
	return errors.As(err, &limit)
}

// Undecided tells that an expression failed for a reason that Terraform need not share: a limit of ours, or a function
// that only a provider has.
func Undecided(diags hcl.Diagnostics) bool {
	for _, d := range diags {
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && GaveUp(call.FunctionCallError()) {
			return true
		}
		if _, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](d); ok {
			return true
		}
	}
	return false
}
