package terraform

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// outside moves the value of an argument in a known module to the user's files: to the argument of the call with the
// same name, for the names are those of the resources' arguments; else to the argument that it comes from; else, where
// the module decides it, to other.
func (s *Scope) outside(name string, v Value, other hcl.Range) Value {
	if !s.known() {
		return v
	}
	v = s.moved(v, other, 0)
	if argument, written := s.argumentRange(name); written && name != "" {
		v.Range = argument
	}
	return v
}

// argumentRange is the place of an argument in the call of a module.
func (s *Scope) argumentRange(name string) (r hcl.Range, written bool) {
	for _, body := range s.call.bodies {
		if expr := attribute(body, name); expr != nil {
			return expr.Range(), true
		}
	}
	return hcl.Range{}, false
}

// within tells that a range lies in the files of the scope's own module.
func (s *Scope) within(r hcl.Range) bool { return s.Module.Files[r.Filename] != nil }

// moved moves a value with its parts. A part without a place of its own gets that of the whole.
func (s *Scope) moved(v Value, other hcl.Range, depth int) Value {
	if v.Range.Filename == "" || s.within(v.Range) {
		v.Range = s.standsAt(v, other)
	}
	if s.within(v.Origin) {
		v.Origin = hcl.Range{}
	}
	if v.shape == nil || depth > maxMoved {
		return v
	}
	moved := *v.shape
	one := func(part Value) Value { return s.moved(part, v.Range, depth+1) }
	moved.fields = movedMap(moved.fields, one)
	moved.elements, moved.segments, moved.choices = movedAll(moved.elements, one), movedAll(moved.segments, one), movedAll(moved.choices, one)
	moved.members = slices.Clone(moved.members)
	for i := range moved.members {
		moved.members[i].Value = one(moved.members[i].Value)
	}
	if moved.entries != nil {
		known := maps.Clone(moved.entries.known)
		for name, m := range known {
			m.Value = one(m.Value)
			known[name] = m
		}
		moved.entries = &entries{known: known, rest: movedAll(moved.entries.rest, one)}
	}
	if moved.encoded != nil {
		encoded := one(*moved.encoded)
		moved.encoded = &encoded
	}
	v.shape = &moved
	return v
}

// maxMoved bounds how deep the parts of a value are moved: a module's argument has at most a policy document in it.
const maxMoved = 32

func movedAll(list []Value, one func(Value) Value) []Value {
	out := slices.Clone(list)
	for i := range out {
		out[i] = one(out[i])
	}
	return out
}

func movedMap(fields map[string]Value, one func(Value) Value) map[string]Value {
	out := maps.Clone(fields)
	for name := range out {
		out[name] = one(out[name])
	}
	return out
}

// standsAt is where a value of a known module stands in the user's files: where it is written there, at the argument that
// it comes from, or where the first of its parts stands; other where the module itself decides it.
func (s *Scope) standsAt(v Value, other hcl.Range) hcl.Range {
	if found, ok := s.written(v, 0); ok {
		return found
	}
	return other
}

func (s *Scope) written(v Value, depth int) (r hcl.Range, found bool) {
	if v.Range.Filename != "" && !s.within(v.Range) {
		return v.Range, true
	}
	if v.Origin.Filename != "" && !s.within(v.Origin) {
		return v.Origin, true
	}
	for _, via := range v.Via {
		if name, isVariable := strings.CutPrefix(via, "var."); isVariable {
			if r, written := s.argumentRange(name); written {
				return r, true
			}
		}
	}
	if v.shape == nil || depth > maxMoved {
		return hcl.Range{}, false
	}
	for _, part := range v.shape.parts() {
		if r, found := s.written(part, depth+1); found {
			return r, true
		}
	}
	return hcl.Range{}, false
}

// parts lists what a value is made of, in one order.
func (s *shape) parts() []Value {
	var parts []Value
	for _, name := range sortedKeys(s.fields) {
		parts = append(parts, s.fields[name])
	}
	parts = append(parts, s.elements...)
	for _, m := range s.members {
		parts = append(parts, m.Value)
	}
	if s.entries != nil {
		for _, name := range sortedKeys(s.entries.known) {
			parts = append(parts, s.entries.known[name].Value)
		}
		parts = append(parts, s.entries.rest...)
	}
	parts = append(parts, s.segments...)
	if s.encoded != nil {
		parts = append(parts, *s.encoded)
	}
	return append(parts, s.choices...)
}

// placed gives the blocks of a known module their places in the user's files: that of what a dynamic block was made
// for, else that of the block around it.
func (s *Scope) placed(blocks []Block, around hcl.Range) []Block {
	if !s.known() {
		return blocks
	}
	for i := range blocks {
		place := s.standsAt(blocks[i].From, around)
		blocks[i].Header, blocks[i].Full, blocks[i].From = place, place, s.moved(blocks[i].From, place, 0)
	}
	return blocks
}
