package terraform

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// encodeJSON keeps what it was given beside the text: cty's own jsonencode makes one unknown leaf a wholly
// unknown text.
func encodeJSON(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	if text, steps, ok := args[0].Decoded(); ok && len(steps) == 0 {
		return text.at(r), true // but for white space
	}
	if chosen, ok := args[0].each(r, func(choice Value) Value { return encoding(r, choice) }); ok {
		return chosen, true
	}
	return encoding(r, args[0]), true
}

func encoding(r hcl.Range, arg Value) Value {
	v := unknownValue(r, "%s", orElse(arg.Reason, "a part of its value is known only after apply"))
	if arg.Known() || arg.Absent() {
		if text, err := jsonEncode(arg.cty()); err == nil {
			v = Value{state: known, value: cty.StringVal(text), Range: r}
		}
	}
	v.shape = &shape{encoded: &arg, weight: 1 + arg.weight()}
	return v
}

// decodeJSON gives back what was encoded. Of a text that is not known, it remembers where it comes from.
func decodeJSON(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 1 {
		return Value{}, false
	}
	if chosen, ok := args[0].each(r, func(choice Value) Value { v, _ := decodeJSON(r, []Value{choice}); return v }); ok {
		return chosen, true
	}
	if encoded, ok := args[0].Encoded(); ok {
		return encoded.at(r), true
	}
	if args[0].Known() {
		value, err := stdlib.JSONDecode(args[0].value)
		if err != nil {
			return failure(r, "the text is no JSON"), true
		}
		return valueOf(value, r), true
	}
	v := unknownValue(r, "%s", args[0].Reason)
	v.shape = &shape{decoded: &decoded{text: args[0]}, weight: 1 + args[0].weight()}
	return v, true
}

// joined puts texts together; ok is false where an element is no text. It understands the old way to write one(...):
// join("", aws_kms_key.a[*].arn).
func joined(r hcl.Range, args []Value) (Value, bool) {
	if len(args) != 2 {
		return Value{}, false
	}
	separator, ok := args[0].Text()
	if ok && separator == "" && args[1].Reference != nil {
		return args[1].at(r), true
	}
	members, loose, isList := args[1].members(0)
	if !ok || !isList || loose && len(members) > 1 {
		return Value{}, false
	}
	segments := []Value{}
	for i, m := range members {
		if m.Absent() || m.Known() && !isPrimitive(m.Value) {
			return Value{}, false
		}
		if !m.certain() {
			segments = append(segments, unknownValue(r, "%s", m.Reason))
			break // whatever follows
		}
		if i > 0 && separator != "" {
			segments = append(segments, args[0])
		}
		segments = m.appendTo(segments)
	}
	if len(segments) == 1 {
		return segments[0].at(r), true
	}
	return text(segments, r), true
}

// verb is what stands for an argument in a format, or a percent sign: the number of the argument, flags and width, the
// letter.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+ #0]*\d{0,3}(?:\.\d{0,3})?)([a-zA-Z%])|%`)

// format puts texts together, where it does no more than that with those that are not known.
func format(r hcl.Range, args []Value) (Value, bool) {
	if len(args) == 0 {
		return Value{}, false
	}
	if pattern, ok := args[0].Text(); ok {
		return formatted(r, pattern, args)
	}
	segments := []Value{}
	parts, _ := args[0].Segments()
	for _, part := range parts {
		text, known := part.Text()
		if known && strings.Contains(text, "%") || !known && (part.Reference == nil || part.Reference.Each) || len(args) > 1 {
			return Value{}, false // what AWS names has no percent sign
		}
		segments = append(segments, part)
	}
	return text(segments, r), len(segments) > 0
}

func formatted(r hcl.Range, pattern string, args []Value) (Value, bool) {
	segments := []Value{}
	literal := func(s string) {
		if s != "" {
			segments = append(segments, Value{state: known, value: cty.StringVal(s), Range: args[0].Range})
		}
	}
	next, end := 1, 0
	for _, m := range verb.FindAllStringSubmatchIndex(pattern, maxParts) {
		literal(pattern[end:m[0]])
		end = m[1]
		if m[6] < 0 {
			return Value{}, false
		}
		letter, flags := pattern[m[6]], pattern[m[4]:m[5]]
		if letter == '%' {
			literal("%")
			continue
		}
		if m[2] >= 0 {
			next, _ = strconv.Atoi(pattern[m[2]:m[3]])
		}
		if next < 1 || next >= len(args) {
			return Value{}, false
		}
		arg, ok := args[next].inserted(flags, letter)
		if !ok {
			return Value{}, false
		}
		segments = arg.appendTo(segments)
		next++
	}
	literal(pattern[end:])
	if len(segments) == 1 {
		return segments[0].at(r), true
	}
	return text(segments, r), true
}

// inserted is an argument as a format's verb writes it: one that is not known only where that is the way of a template.
func (v Value) inserted(flags string, letter byte) (Value, bool) {
	_, isText := v.Segments()
	switch {
	case v.Absent() || v.failed:
		return Value{}, false
	case v.Known():
		if !isPrimitive(v) || huge(v.value) || hugeText(v.value) {
			return Value{}, false
		}
		out, err := stdlib.Format(cty.StringVal("%"+flags+string(letter)), v.value)
		if err != nil {
			return Value{}, false
		}
		if letter == 's' && flags == "" {
			return v, true // with its place
		}
		return valueOf(out, v.Range), true
	case flags != "" || letter != 's' && letter != 'v':
		return Value{}, false
	default:
		return v, isText || v.shape == nil || v.shape.encoded != nil || v.shape.choices != nil
	}
}

// formatList is format for each element of lists.
func formatList(r hcl.Range, args []Value) (Value, bool) {
	var lists [][]Member
	n, unordered := -1, false
	for _, arg := range args[min(1, len(args)):] {
		members, loose, isList := arg.members(0)
		unordered = unordered || loose
		switch {
		case !isList && arg.Unknown() && arg.shape == nil && arg.Reference == nil:
			return Value{}, false // it may be a list
		case arg.Reference != nil && arg.Reference.Each:
			return Value{}, false
		case isList && (n >= 0 && n != len(members)):
			return Value{}, false
		case isList && n < 0:
			n = len(members)
		}
		if !isList {
			members = nil
		}
		lists = append(lists, members)
	}
	if n < 0 || unordered && len(lists) > 1 {
		return Value{}, false
	}
	out := make([]Member, 0, n)
	for i := range n {
		row := []Value{args[0]}
		m := sure(Value{})
		for j, members := range lists {
			if members == nil {
				row = append(row, args[j+1])
				continue
			}
			row = append(row, members[i].Value)
			m.Rest = m.Rest || members[i].Rest
			m.Exists = All(m.Exists, members[i].Exists)
		}
		made, ok := format(r, row)
		if !ok || m.Rest {
			made = unknownValue(r, "%s", orElse(row[len(row)-1].Reason, "what it is made of is not known"))
		}
		m.Value = made
		out = append(out, m)
	}
	return listOf(out, unordered, r), true
}
