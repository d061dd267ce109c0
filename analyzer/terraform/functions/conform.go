package functions

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

const (
	pairWork  = 2  // steps to compare two types, when go-cty looks for one that all elements can have
	mixedWork = 16 // the same where they differ, since it then keeps each pair in memory
)

// Convert is convert.Convert for values of any size: those that would take long give a LimitError. go-cty takes time
// with the square of a tuple's length to find its elements a common type, minutes for what fits into a small file.
func Convert(v cty.Value, ty cty.Type) (cty.Value, error) {
	if err := CheckSize(v); err != nil {
		return cty.NilVal, err
	}
	return conform(v, ty, &Budget{})
}

// conform converts a value, of checked size, to the type of a parameter.
func conform(v cty.Value, ty cty.Type, b *Budget) (cty.Value, error) {
	if ty == cty.DynamicPseudoType || ty.IsCapsuleType() {
		return v, nil
	}
	if ty.HasDynamicTypes() {
		v = uniform(v, ty)
		if err := b.charge(unification(v)); err != nil {
			return cty.NilVal, err
		}
	}
	converted, err := convert.Convert(v, ty)
	if err == nil && ty == cty.Number && huge(numberOf(converted)) { // a string that says 1p2000000000
		return cty.NilVal, errHuge
	}
	return converted, err
}

// uniform makes a list of a tuple, and a map of an object, whose elements are all of one type, where the wanted type
// is such a collection. The conversion would give the same, in the time that it takes to compare each with each.
func uniform(v cty.Value, wanted cty.Type) cty.Value {
	plain, marks := v.Unmark()
	if !plain.IsKnown() || plain.IsNull() || !plain.CanIterateElements() || plain.LengthInt() == 0 {
		return v
	}
	from := plain.Type()
	if from.IsTupleType() && (wanted.IsListType() || wanted.IsSetType()) && one(plain) {
		return cty.ListVal(plain.AsValueSlice()).WithMarks(marks)
	}
	if from.IsObjectType() && wanted.IsMapType() && one(plain) {
		return cty.MapVal(plain.AsValueMap()).WithMarks(marks)
	}
	return v
}

// one tells whether all elements are of one type, and that a complete one.
func one(v cty.Value) bool {
	first := cty.NilType
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		ty := element.Type()
		if first == cty.NilType {
			first = ty
		}
		if ty.HasDynamicTypes() || !ty.Equals(first) {
			return false
		}
	}
	return true
}

// unification is the work of finding common types for the elements of tuples and objects in a value.
func unification(v cty.Value) float64 {
	v, _ = v.Unmark()
	ty := v.Type()
	if !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	work := 0.0
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		work += unification(element)
	}
	n := float64(v.LengthInt())
	switch {
	case !ty.IsTupleType() && !ty.IsObjectType():
		return work
	case one(v):
		return work + pairWork*n*n
	default:
		return work + mixedWork*n*n
	}
}
