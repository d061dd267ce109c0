package terraform

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// shape keeps the structure of a value, so that one unknown part does not hide the rest. Exactly one field is
// set.
type shape struct {
	fields   map[string]Value // an object or a map
	elements []Value          // a list, a tuple or a set
	segments []Value          // a text put together from parts
	encoded  *Value           // a text that jsonencode made of this
	choices  []Value          // one of these, by a condition that is not known
}

// maxParts bounds how large a structure is kept in parts.
const maxParts = 10_000

// Fields are the members of an object or map; ok is false for any other value, and where not even the names are
// known.
func (v Value) Fields() (fields map[string]Value, ok bool) {
	if v.shape != nil {
		return v.shape.fields, v.shape.fields != nil
	}
	if v.state != known || !(v.value.Type().IsObjectType() || v.value.Type().IsMapType()) {
		return nil, false
	}
	fields = map[string]Value{}
	for it := v.value.ElementIterator(); it.Next() && len(fields) < maxParts; {
		key, element := it.Element()
		fields[key.AsString()] = v.part(element)
	}
	return fields, true
}

// Elements are the members of a list, tuple or set; ok is false for any other value, and where their number is
// not known.
func (v Value) Elements() (elements []Value, ok bool) {
	if v.shape != nil {
		return v.shape.elements, v.shape.elements != nil
	}
	if v.state != known || !(v.value.Type().IsTupleType() || v.value.Type().IsListType() || v.value.Type().IsSetType()) {
		return nil, false
	}
	elements = []Value{}
	for it := v.value.ElementIterator(); it.Next() && len(elements) < maxParts; {
		_, element := it.Element()
		elements = append(elements, v.part(element))
	}
	return elements, true
}

// part is a member of a value that has no structure of its own in the source.
func (v Value) part(element cty.Value) Value {
	out := valueOf(element, v.Range)
	if out.Unknown() && v.Reason != "" {
		out.Reason = v.Reason
	}
	return out
}

// Segments are the parts of a text, in their order: literal texts, and what stands between them. ok is false for
// what is no text.
func (v Value) Segments() (segments []Value, ok bool) {
	if v.shape != nil {
		return v.shape.segments, v.shape.segments != nil
	}
	if _, isText := v.Text(); isText {
		return []Value{v}, true
	}
	return nil, false
}

// Encoded is what jsonencode was given to make this text; ok is false where the text came about otherwise.
func (v Value) Encoded() (encoded Value, ok bool) {
	if v.shape == nil || v.shape.encoded == nil {
		return Value{}, false
	}
	return *v.shape.encoded, true
}

// Choices are the values that a condition chooses from, if the condition is not known.
func (v Value) Choices() (choices []Value, ok bool) {
	if v.shape == nil {
		return nil, false
	}
	return v.shape.choices, v.shape.choices != nil
}

// object, list and text put parts together. What is known in all parts is known as a whole.
func object(fields map[string]Value, r hcl.Range) Value {
	members := map[string]cty.Value{}
	for name, field := range fields {
		members[name] = field.cty()
	}
	whole := cty.ObjectVal(members)
	if heavy(whole) {
		return unknownValue(r, "it is too large")
	}
	v := valueOf(whole, r)
	v.shape = &shape{fields: fields}
	return v.explained(fields)
}

func list(elements []Value, r hcl.Range) Value {
	members := make([]cty.Value, len(elements))
	byName := map[string]Value{}
	for i, element := range elements {
		members[i] = element.cty()
		byName[strconv.Itoa(i)] = element
	}
	whole := cty.TupleVal(members)
	if heavy(whole) {
		return unknownValue(r, "it is too large")
	}
	v := valueOf(whole, r)
	v.shape = &shape{elements: elements}
	return v.explained(byName)
}

func text(segments []Value, r hcl.Range) Value {
	if len(segments) > maxParts {
		return unknownValue(r, "it is too large")
	}
	var whole strings.Builder
	for i, segment := range segments {
		part, ok := segment.Text()
		if !ok {
			v := unknownValue(r, "a part of its value is known only after apply")
			v.shape = &shape{segments: segments}
			return v.explained(map[string]Value{strconv.Itoa(i): segment})
		}
		if whole.WriteString(part); whole.Len() > maxWeight*64 {
			return unknownValue(r, "it is too large")
		}
	}
	v := valueOf(cty.StringVal(whole.String()), r)
	v.shape = &shape{segments: segments}
	return v
}

// explained gives an unknown whole the reason of its first unknown part.
func (v Value) explained(parts map[string]Value) Value {
	if v.state != unknown {
		return v
	}
	for _, name := range sortedKeys(parts) {
		if part := parts[name]; part.state == unknown && part.Reason != "" {
			v.Reason = part.Reason
			return v
		}
	}
	return v
}

// member goes one step into a value: an attribute, a map key, a list index.
func (v Value) member(key cty.Value, r hcl.Range) Value {
	if v.Reference != nil && v.Reference.Attribute == "" && key.Type() == cty.String && key.IsKnown() {
		v = v.referring(func(ref *Reference) { ref.Attribute = key.AsString() }).at(r)
		if written, ok := v.Reference.written(); ok {
			written.Reference = v.Reference
			return written.at(r)
		}
		return v
	}
	if v.shape == nil || !key.IsKnown() || key.IsNull() {
		return v.ctyMember(key, r)
	}
	if fields := v.shape.fields; fields != nil {
		name, err := convert.Convert(key, cty.String)
		if err == nil {
			if field, exists := fields[name.AsString()]; exists {
				return field.at(r)
			}
		}
		return unknownValue(r, "the object has no such member")
	}
	if elements := v.shape.elements; elements != nil {
		index, err := convert.Convert(key, cty.Number)
		if err == nil {
			if i, accuracy := index.AsBigFloat().Int64(); accuracy == 0 && i >= 0 && i < int64(len(elements)) {
				return elements[i].at(r)
			}
		}
		return unknownValue(r, "the list has no such element")
	}
	return v.ctyMember(key, r)
}

func (v Value) ctyMember(key cty.Value, r hcl.Range) Value {
	if !key.IsKnown() || key.IsNull() {
		return unknownValue(r, "%s", orElse(v.Reason, "its index is not known"))
	}
	element, diags := hcl.Index(v.cty(), key, &r)
	if diags.HasErrors() {
		return unknownValue(r, "%s", diags[0].Summary)
	}
	out := valueOf(element, r)
	if out.Unknown() && v.Reason != "" {
		out.Reason = v.Reason
	}
	return out
}

// at is the same value, used elsewhere. Where it was a literal, Origin still says where to change it.
func (v Value) at(r hcl.Range) Value {
	v.Range = r
	return v
}
