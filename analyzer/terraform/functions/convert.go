package functions

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

type mark string

const (
	// Sensitive marks what must not be shown, as sensitive() and `sensitive = true` do.
	Sensitive mark = "sensitive"
	// Ephemeral marks what must not be kept, as `ephemeral = true` does.
	Ephemeral mark = "ephemeral"
)

// conversion differs from go-cty's in that a mark stays on the element that has it.
func conversion(ty cty.Type) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name: "v", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true, AllowMarked: true,
		}},
		Type: func(args []cty.Value) (cty.Type, error) {
			from := args[0].Type()
			if !args[0].IsKnown() && !from.Equals(ty) && convert.GetConversionUnsafe(from, ty) == nil {
				return cty.NilType, function.NewArgErrorf(0, "cannot convert %s to %s", from.FriendlyName(), ty.FriendlyNameForConstraint())
			}
			return ty, nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			value, err := convert.Convert(uniform(args[0], ty), ty)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "cannot convert %s to %s", args[0].Type().FriendlyName(), ty.FriendlyNameForConstraint())
			}
			return value, nil
		},
	})
}

var anything = function.Parameter{
	Name: "value", Type: cty.DynamicPseudoType,
	AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true,
}

func typeOfFirst(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil }

var sensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything}, Type: typeOfFirst,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0].Mark(Sensitive), nil },
})

var nonSensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything}, Type: typeOfFirst,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		value, marks := args[0].Unmark()
		delete(marks, Sensitive)
		return value.WithMarks(marks), nil
	},
})

var isSensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything}, Type: function.StaticReturnType(cty.Bool), RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch {
		case args[0].HasMark(Sensitive):
			return cty.True, nil
		case !args[0].IsKnown():
			return cty.UnknownVal(cty.Bool), nil
		default:
			return cty.False, nil
		}
	},
})

var ephemeralAsNullFunc = function.New(&function.Spec{
	Params: []function.Parameter{anything}, Type: typeOfFirst,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.Transform(args[0], func(_ cty.Path, v cty.Value) (cty.Value, error) {
			if !v.HasMark(Ephemeral) {
				return v, nil
			}
			_, marks := v.Unmark()
			delete(marks, Ephemeral)
			return cty.NullVal(v.Type()).WithMarks(marks), nil
		})
	},
})
