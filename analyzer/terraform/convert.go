package terraform

import (
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// shaped gives a value, whose structure is kept, the type of a variable: with the defaults of optional attributes, and
// without the attributes that the type does not have. Leaves may keep their types, for Is compares across primitive
// ones.
// https://developer.hashicorp.com/terraform/language/expressions/type-constraints#optional-object-type-attributes
func shaped(v Value, typ cty.Type, defaults *typeexpr.Defaults, depth int) Value {
	if depth > maxDepth || v.Absent() {
		return v
	}
	if out, ok := v.each(v.Range, func(choice Value) Value { return shaped(choice, typ, defaults, depth+1) }); ok {
		out.name = v.name
		return out
	}
	switch {
	case typ.IsObjectType():
		return shapedObject(v, typ, defaults, depth)
	case typ.IsMapType():
		return shapedMap(v, typ.ElementType(), inside(defaults, ""), depth)
	case typ.IsListType() || typ.IsSetType():
		return shapedList(v, typ, inside(defaults, ""), depth)
	case typ.IsTupleType():
		return v
	case v.Known() && typ.IsPrimitiveType() && !v.value.Type().Equals(typ):
		if converted, err := functions.Convert(v.value, typ); err == nil {
			v.value, v.shape = converted, nil
		}
	}
	return v
}

func inside(defaults *typeexpr.Defaults, name string) *typeexpr.Defaults {
	if defaults == nil {
		return nil
	}
	return defaults.Children[name]
}

func shapedObject(v Value, typ cty.Type, defaults *typeexpr.Defaults, depth int) Value {
	known, others, ok := v.Entries()
	if !ok {
		return v
	}
	fields := map[string]Member{}
	for name, attribute := range typ.AttributeTypes() {
		m, written := known[name]
		switch {
		case written:
			m.Value = shaped(m.Value, attribute, inside(defaults, name), depth+1)
		case len(others) > 0:
			m = sure(unknownValue(v.Range, "%s", others[0].Reason))
		default:
			m = sure(absentValue())
		}
		if m.Absent() && defaults != nil {
			if standard, exists := defaults.DefaultValues[name]; exists {
				m.Value = shaped(valueOf(standard, v.Range), attribute, inside(defaults, name), depth+1)
			}
		}
		if m.Exists != True { // where it is not there, the default or null is
			m = sure(choose([]Value{m.Value, unknownValue(v.Range, "%s", m.Reason)}, v.Range, m.Reason))
		}
		fields[name] = m
	}
	out := objectOf(fields, nil, v.Range)
	out.Origin, out.Via, out.name = v.Origin, v.Via, v.name
	return out
}

func shapedMap(v Value, typ cty.Type, defaults *typeexpr.Defaults, depth int) Value {
	known, others, ok := v.Entries()
	if !ok {
		return v
	}
	fields := map[string]Member{}
	for name, m := range known {
		m.Value = shaped(m.Value, typ, defaults, depth+1)
		fields[name] = m
	}
	out := objectOf(fields, others, v.Range)
	out.Origin, out.Via, out.name = v.Origin, v.Via, v.name
	return out
}

func shapedList(v Value, typ cty.Type, defaults *typeexpr.Defaults, depth int) Value {
	members, loose, ok := v.members(0)
	if !ok {
		return v
	}
	converted := make([]Member, len(members))
	for i, m := range members {
		if !m.Rest {
			m.Value = shaped(m.Value, typ.ElementType(), defaults, depth+1)
		}
		converted[i] = m
	}
	if typ.IsSetType() {
		var differ bool
		converted, differ = different(converted)
		loose = loose || !differ
	}
	out := listOf(converted, loose, v.Range)
	if typ.IsSetType() {
		out = out.ofSet()
	}
	out.Origin, out.Via, out.name = v.Origin, v.Via, v.name
	return out
}
