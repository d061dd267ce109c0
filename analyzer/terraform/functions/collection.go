package functions

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

func sequence(ty cty.Type) bool { return ty.IsListType() || ty.IsTupleType() || ty.IsSetType() }

// lengthFunc counts the characters of a string too, which go-cty's does not.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{
		Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true, AllowMarked: true,
	}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if ty == cty.String || ty == cty.DynamicPseudoType || ty.IsCollectionType() || ty.IsTupleType() || ty.IsObjectType() {
			return cty.Number, nil
		}
		return cty.NilType, function.NewArgErrorf(0, "a string, a collection or a structure is required")
	},
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		value, marks := args[0].Unmark()
		switch ty := value.Type(); {
		case ty == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number).WithMarks(marks), nil
		case ty.IsTupleType():
			return cty.NumberIntVal(int64(ty.Length())).WithMarks(marks), nil
		case ty.IsObjectType():
			return cty.NumberIntVal(int64(len(ty.AttributeTypes()))).WithMarks(marks), nil
		case ty == cty.String:
			n, err := stdlib.Strlen(value)
			if err != nil {
				return cty.NilVal, err
			}
			return n.WithMarks(marks), nil
		default:
			return value.Length().WithMarks(marks), nil
		}
	},
})

var indexFunc = function.New(&function.Spec{
	Params:       []function.Parameter{param("list", cty.DynamicPseudoType), param("value", cty.DynamicPseudoType)},
	Type:         function.StaticReturnType(cty.Number),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if ty := args[0].Type(); !ty.IsListType() && !ty.IsTupleType() {
			return cty.NilVal, function.NewArgErrorf(0, "a list or a tuple is required")
		}
		for it := args[0].ElementIterator(); it.Next(); {
			i, element := it.Element()
			same, err := stdlib.Equal(element, args[1])
			if err != nil {
				return cty.NilVal, err
			}
			if !same.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if same.True() {
				return i, nil
			}
		}
		return cty.NilVal, errors.New("the list does not have the value")
	},
})

var matchKeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		param("values", cty.List(cty.DynamicPseudoType)), param("keys", cty.List(cty.DynamicPseudoType)),
		param("searchset", cty.List(cty.DynamicPseudoType)),
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()})
		if ty == cty.NilType {
			return cty.NilType, errors.New("keys and searchset must be of one type")
		}
		return args[0].Type(), nil
	},
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		values, keys, wanted := args[0], args[1], args[2]
		if !values.IsWhollyKnown() || !keys.IsWhollyKnown() || !wanted.IsWhollyKnown() {
			return cty.UnknownVal(ty), nil
		}
		if values.LengthInt() != keys.LengthInt() {
			return cty.NilVal, errors.New("values and keys must have the same length")
		}
		var out []cty.Value
		names := keys.AsValueSlice()
		for i, value := range values.AsValueSlice() {
			found, err := among(names[i], wanted)
			if err != nil {
				return cty.NilVal, err
			}
			if found {
				out = append(out, value)
			}
		}
		if len(out) == 0 {
			return cty.ListValEmpty(ty.ElementType()), nil
		}
		return cty.ListVal(out), nil
	},
})

func among(key cty.Value, wanted cty.Value) (bool, error) {
	for it := wanted.ElementIterator(); it.Next(); {
		_, candidate := it.Element()
		a, b, err := unified(key, candidate)
		if err != nil {
			return false, err
		}
		same, err := stdlib.Equal(a, b)
		if err != nil {
			return false, err
		}
		if same.IsKnown() && same.True() {
			return true, nil
		}
	}
	return false, nil
}

func unified(a, b cty.Value) (cty.Value, cty.Value, error) {
	ty, _ := convert.UnifyUnsafe([]cty.Type{a.Type(), b.Type()})
	if ty == cty.NilType {
		return cty.NilVal, cty.NilVal, errors.New("keys and searchset must be of one type")
	}
	x, err := convert.Convert(a, ty)
	if err != nil {
		return cty.NilVal, cty.NilVal, err
	}
	y, err := convert.Convert(b, ty)
	return x, y, err
}

var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{param("list", cty.DynamicPseudoType)},
	Type: func(args []cty.Value) (cty.Type, error) {
		switch ty := args[0].Type(); {
		case ty.IsListType() || ty.IsSetType():
			return ty.ElementType(), nil
		case ty.IsTupleType() && ty.Length() == 0:
			return cty.DynamicPseudoType, nil
		case ty.IsTupleType() && ty.Length() == 1:
			return ty.TupleElementType(0), nil
		default:
			return cty.NilType, function.NewArgErrorf(0, "a list, a set or a tuple with no or one element is required")
		}
	},
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		list := args[0]
		if length := list.Length(); !length.IsKnown() {
			return cty.UnknownVal(ty), nil
		}
		switch list.LengthInt() {
		case 0:
			return cty.NullVal(ty), nil
		case 1:
			it := list.ElementIterator()
			it.Next()
			_, element := it.Element()
			return element, nil
		default:
			return cty.NilVal, function.NewArgErrorf(0, "a list, a set or a tuple with no or one element is required")
		}
	},
})

var sumFunc = function.New(&function.Spec{
	Params:       []function.Parameter{param("list", cty.DynamicPseudoType)},
	Type:         function.StaticReturnType(cty.Number),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list := args[0]
		if !sequence(list.Type()) {
			return cty.NilVal, function.NewArgErrorf(0, "a list, a set or a tuple is required")
		}
		if length := list.Length(); length.IsKnown() && list.LengthInt() == 0 {
			return cty.NilVal, function.NewArgErrorf(0, "an empty list has no sum")
		}
		if !list.IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		total := cty.Zero
		for it := list.ElementIterator(); it.Next(); {
			_, element := it.Element()
			n, err := convert.Convert(element, cty.Number)
			if err != nil || n.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "the elements must be numbers")
			}
			total = total.Add(n)
		}
		return total, nil
	},
})

var allTrueFunc = every(cty.True)

var anyTrueFunc = every(cty.False)

// every is alltrue, or anytrue, which is the same the other way round: without is what an empty list gives.
func every(without cty.Value) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{param("list", cty.List(cty.Bool))},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: refineNotNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result := without
			for it := args[0].ElementIterator(); it.Next(); {
				_, element := it.Element()
				switch {
				case !element.IsKnown():
					if without.True() {
						return cty.UnknownVal(cty.Bool), nil // a false that follows would decide, but Terraform does not look
					}
					result = cty.UnknownVal(cty.Bool)
				case element.IsNull():
					if without.True() {
						return cty.False, nil
					}
				case element.True() != without.True():
					return element, nil
				}
			}
			return result, nil
		},
	})
}

var transposeFunc = function.New(&function.Spec{
	Params:       []function.Parameter{param("values", cty.Map(cty.List(cty.String)))},
	Type:         function.StaticReturnType(cty.Map(cty.List(cty.String))),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(ty), nil
		}
		turned := map[string][]cty.Value{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, errors.New("a list of the map is null")
			}
			for inner := list.ElementIterator(); inner.Next(); {
				_, element := inner.Element()
				if element.IsNull() {
					return cty.NilVal, errors.New("a list of the map has a null in it")
				}
				turned[element.AsString()] = append(turned[element.AsString()], key)
			}
		}
		if len(turned) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		out := make(map[string]cty.Value, len(turned))
		for name, keys := range turned {
			out[name] = cty.ListVal(keys)
		}
		return cty.MapVal(out), nil
	},
})

// removed is a function that Terraform keeps only to say what to write instead.
func removed(name, instead string) function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{
			Name: "vals", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true,
		},
		Type: func([]cty.Value) (cty.Type, error) {
			return cty.NilType, fmt.Errorf("%s was removed from Terraform; use %s", name, instead)
		},
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			return cty.NilVal, fmt.Errorf("%s was removed from Terraform; use %s", name, instead)
		},
	})
}
