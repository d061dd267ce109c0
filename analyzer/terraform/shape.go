package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// shape keeps the structure of a value, so that one unknown part does not hide the rest. Exactly one of the first
// group is set.
type shape struct {
	fields   map[string]Value // an object or a map
	elements []Value          // a list, a tuple or a set
	members  []Member         // a list, a tuple or a set of which there may be more, or fewer
	entries  *entries         // an object or a map of which there may be more, or fewer
	segments []Value          // a text put together from parts
	encoded  *Value           // a text that jsonencode made of this
	decoded  *decoded         // what jsondecode makes of a text that is not known
	choices  []Value          // one of these, by a condition that is not known

	set    bool // members or elements are those of a set, whose keys are the values
	loose  bool // members are certain, but not their number or order: a set in which some may be equal
	weight int  // of all parts together, against maxWeight
}

// decoded is a part of what jsondecode gives.
type decoded struct {
	text  Value
	steps []string // attributes and indexes on the way to the part
}

// maxParts bounds how large a structure is kept in parts.
const maxParts = 10_000

// Fields are the members of an object or map; ok is false for any other value, and where not even the names are
// known.
func (v Value) Fields() (fields map[string]Value, ok bool) {
	if v.shape != nil {
		return v.shape.fields, v.shape.fields != nil
	}
	if !v.iterable() || !(v.value.Type().IsObjectType() || v.value.Type().IsMapType()) {
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
	if !v.iterable() || !(v.value.Type().IsTupleType() || v.value.Type().IsListType() || v.value.Type().IsSetType() && v.state == known) {
		return nil, false // of a set with unknown elements, some may be equal
	}
	elements = []Value{}
	for it := v.value.ElementIterator(); it.Next() && len(elements) < maxParts; {
		_, element := it.Element()
		elements = append(elements, v.part(element))
	}
	return elements, true
}

// iterable tells that a computed value has known members, be they known themselves or not.
func (v Value) iterable() bool {
	return v.state == known || v.state == unknown && v.value != cty.NilVal && v.value.IsKnown() && v.value.CanIterateElements()
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

// Decoded is the text that jsondecode was given to make this value, and the steps from the whole to it; ok is false
// where the value came about otherwise.
func (v Value) Decoded() (text Value, steps []string, ok bool) {
	if v.shape == nil || v.shape.decoded == nil {
		return Value{}, nil, false
	}
	return v.shape.decoded.text, v.shape.decoded.steps, true
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
	members := make(map[string]cty.Value, len(fields))
	weight := 1
	for name, field := range fields {
		members[name] = field.cty()
		weight += field.weight()
	}
	if weight > maxWeight {
		return unknownValue(r, "it is too large")
	}
	v := classified(cty.ObjectVal(members), r)
	v.shape = &shape{fields: fields, weight: weight}
	if v.state == unknown {
		for _, name := range sortedKeys(fields) {
			if v.explained(fields[name]) {
				break
			}
		}
	}
	return v
}

func list(elements []Value, r hcl.Range) Value {
	if len(elements) == 0 {
		elements = []Value{}
	}
	members := make([]cty.Value, len(elements))
	weight := 1
	for i, element := range elements {
		members[i] = element.cty()
		weight += element.weight()
	}
	if weight > maxWeight {
		return unknownValue(r, "it is too large")
	}
	v := classified(cty.TupleVal(members), r)
	v.shape = &shape{elements: elements, weight: weight}
	for i := 0; v.state == unknown && i < len(elements) && !v.explained(elements[i]); i++ {
	}
	return v
}

func text(segments []Value, r hcl.Range) Value {
	if len(segments) > maxParts {
		return unknownValue(r, "it is too large")
	}
	var whole strings.Builder
	weight := 1
	var first *Value
	for i, segment := range segments {
		weight += segment.weight()
		part, ok := segment.Text()
		if !ok && first == nil {
			first = &segments[i]
		}
		if whole.WriteString(part); whole.Len() > maxWeight*64 || weight > maxWeight {
			return unknownValue(r, "it is too large")
		}
	}
	v := Value{state: known, value: cty.StringVal(whole.String()), Range: r}
	if first != nil {
		v = unknownValue(r, "a part of its value is known only after apply")
		v.explained(*first)
	}
	v.shape = &shape{segments: segments, weight: weight}
	return v
}

// Joined is the text that texts make one behind the other.
func Joined(segments []Value) Value {
	var all []Value
	for _, segment := range segments {
		all = segment.appendTo(all)
	}
	var r hcl.Range
	if len(segments) > 0 {
		r = segments[0].Range
	}
	return text(all, r)
}

// explained gives an unknown whole the reason of an unknown part.
func (v *Value) explained(part Value) bool {
	if part.state != unknown || part.Reason == "" {
		return false
	}
	v.Reason = part.Reason
	return true
}

// member goes one step into a value: an attribute, a map key, a list index.
func (v Value) member(key cty.Value, r hcl.Range) Value {
	if v.Reference != nil && v.Reference.Attribute == "" && key.Type() == cty.String && key.IsKnown() {
		v = v.referring(func(ref *Reference) { ref.Attribute = key.AsString() }).at(r)
		if rendered, ok := v.Reference.rendered(r); ok {
			return rendered
		}
		if written, ok := v.Reference.written(); ok {
			written.Reference = v.Reference
			return written.at(r)
		}
		return v
	}
	if out, ok := v.each(r, func(choice Value) Value { return choice.member(key, r) }); ok {
		return out
	}
	if v.shape == nil || !key.IsKnown() || key.IsNull() {
		return v.ctyMember(key, r)
	}
	switch s := v.shape; {
	case s.fields != nil:
		if name, err := convert.Convert(key, cty.String); err == nil {
			if field, exists := s.fields[name.AsString()]; exists {
				return field.at(r)
			}
		}
		return failure(r, "the object has no such member")
	case s.entries != nil:
		return v.entry(key, r)
	case s.elements != nil || s.members != nil:
		return v.element(key, r)
	case s.decoded != nil:
		return v.decodedStep(key, r)
	default:
		return v.ctyMember(key, r)
	}
}

// element is what an index leads to.
func (v Value) element(key cty.Value, r hcl.Range) Value {
	index, err := convert.Convert(key, cty.Number)
	if err != nil {
		return failure(r, "the list has no such element")
	}
	i, accuracy := index.AsBigFloat().Int64()
	switch elements := v.shape.elements; {
	case accuracy != 0 || i < 0:
		return failure(r, "the list has no such element")
	case elements == nil:
		return nth(v.shape.members, v.shape.loose, i, r, v.Reason)
	case i < int64(len(elements)):
		return elements[i].at(r)
	default:
		return failure(r, "the list has no such element")
	}
}

// entry is what a name leads to in an object of which not all is known. One that may not be there is there where the
// expression has a value at all.
func (v Value) entry(key cty.Value, r hcl.Range) Value {
	name, err := convert.Convert(key, cty.String)
	if err != nil {
		return failure(r, "the object has no such member")
	}
	m, exists := v.shape.entries.known[name.AsString()]
	switch {
	case exists && m.Exists == True:
		return m.at(r)
	case exists && len(v.shape.entries.rest) == 0:
		out := unknownValue(r, "%s", orElse(m.Reason, v.Reason))
		out.shape = &shape{choices: []Value{m.Value}, weight: m.weight()}
		return out
	case !exists && len(v.shape.entries.rest) == 0:
		return failure(r, "the object has no such member")
	default:
		return unknownValue(r, "%s", v.Reason)
	}
}

func (v Value) decodedStep(key cty.Value, r hcl.Range) Value {
	from := v.shape.decoded
	name, err := convert.Convert(key, cty.String)
	if err != nil || len(from.steps) >= maxChoiceDepth {
		return unknownValue(r, "%s", v.Reason)
	}
	out := unknownValue(r, "%s", v.Reason)
	out.shape = &shape{decoded: &decoded{from.text, append(from.steps[:len(from.steps):len(from.steps)], name.AsString())}, weight: v.shape.weight}
	return out
}

func (v Value) ctyMember(key cty.Value, r hcl.Range) Value {
	if !key.IsKnown() || key.IsNull() {
		return unknownValue(r, "%s", orElse(v.Reason, "its index is not known"))
	}
	element, diags := hcl.Index(v.cty(), key, &r)
	if diags.HasErrors() {
		return failure(r, "%s", diags[0].Summary)
	}
	out := valueOf(element, r)
	if out.Unknown() {
		out.Reason = orElse(v.Reason, out.Reason)
		out.name = v.step(key)
	}
	return out
}

// at is the same value, used elsewhere. Where it was a literal, Origin still says where to change it.
func (v Value) at(r hcl.Range) Value {
	v.Range = r
	return v
}
