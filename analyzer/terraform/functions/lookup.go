package functions

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// lookupFunc differs from go-cty's in that the default may be left out, and that a known key of a map with unknown
// elements is looked up.
var lookupFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "inputMap", Type: cty.DynamicPseudoType, AllowMarked: true},
		{Name: "key", Type: cty.String, AllowMarked: true},
	},
	VarParam: &function.Parameter{
		Name: "default", Type: cty.DynamicPseudoType,
		AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true,
	},
	Type: lookupType,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		from, fromMarks := args[0].Unmark()
		keyVal, keyMarks := args[1].Unmark()
		key := keyVal.AsString()
		switch {
		case from.Type().IsObjectType():
			if from.Type().HasAttribute(key) {
				return from.GetAttr(key).WithMarks(fromMarks, keyMarks), nil
			}
		case from.HasIndex(keyVal).IsKnown() && from.HasIndex(keyVal).True():
			return from.Index(keyVal).WithMarks(fromMarks, keyMarks), nil
		}
		if len(args) < 3 {
			return cty.NilVal, function.NewArgErrorf(1, "the map has no element with this key, and there is no default")
		}
		value, err := convert.Convert(args[2], ty)
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(2, "the default is not of the type of the map's elements: %s", err)
		}
		return value.WithMarks(fromMarks, keyMarks), nil
	},
})

func lookupType(args []cty.Value) (cty.Type, error) {
	if len(args) > 3 {
		return cty.NilType, function.NewArgErrorf(3, "there can be only one default")
	}
	switch ty := args[0].Type(); {
	case ty.IsObjectType():
		key, _ := args[1].Unmark()
		switch {
		case !key.IsKnown():
			return cty.DynamicPseudoType, nil
		case ty.HasAttribute(key.AsString()):
			return ty.AttributeType(key.AsString()), nil
		case len(args) == 3:
			return args[2].Type(), nil
		default:
			return cty.NilType, function.NewArgErrorf(0, "the object has no attribute of this name")
		}
	case ty.IsMapType():
		if len(args) == 3 {
			if _, err := convert.Convert(args[2], ty.ElementType()); err != nil {
				return cty.NilType, function.NewArgErrorf(2, "the default is not of the type of the map's elements")
			}
		}
		return ty.ElementType(), nil
	default:
		return cty.NilType, function.NewArgErrorf(0, "a map or an object is required")
	}
}
