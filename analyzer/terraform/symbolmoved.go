package terraform

import (
	"slices"
	"strings"
)

// anyKey stands for the key of an instance that is not told apart from others of its module.
const anyKey = "[*]"

// place is the path of a scope with the keys of instances; anyKey where it stands for several.
func (s *Scope) place() string {
	switch {
	case s.parent == nil:
		return ""
	case len(s.keys) == 1:
		return s.keys[0]
	default:
		name := strings.TrimPrefix(strings.TrimPrefix(s.Path, s.parent.Path), ".")
		if s.call.repeats() {
			name += anyKey
		}
		return join(s.parent.place(), name)
	}
}

// through carries a value out of a module whose instances are not told apart: what it names inside is that of the
// instance with this key, or cannot be named where the key is not known either.
func (s *Scope) through(v Value, key string) Value {
	inside := s.place()
	if !strings.HasSuffix(inside, anyKey) {
		return v
	}
	outside := ""
	if key != "" {
		outside = strings.TrimSuffix(inside, anyKey) + key
	}
	return v.moved(inside, outside)
}

// moved replaces the name of a module's instance in all names that a value consists of.
func (v Value) moved(from, to string) Value {
	if v.Reference != nil {
		v = v.referring(func(ref *Reference) {
			place, index := ref.place(), ref.index
			switch {
			case !strings.HasPrefix(place, from):
			case to == "":
				ref.Instance = UnknownInstance
				index = nil
			default:
				ref.within = to + strings.TrimPrefix(place, from)
			}
			ref.index = index.moved(from, to)
		})
	}
	v.name = v.name.moved(from, to)
	if v.shape != nil {
		v.shape = v.shape.moved(from, to)
	}
	return v
}

func (s *symbol) moved(from, to string) *symbol {
	if s == nil {
		return nil
	}
	return &symbol{find: func() (string, bool) {
		text, ok := s.get()
		if !ok || to == "" && (strings.Contains(text, from) || strings.HasPrefix(text, "#")) {
			return "", false
		}
		if strings.HasPrefix(text, "#") {
			return "#" + to + text, true // what is hashed may name the instance
		}
		return strings.ReplaceAll(text, from, to), true
	}}
}

func (s *shape) moved(from, to string) *shape {
	out := *s
	moveAll := func(values []Value) []Value {
		if values == nil {
			return nil
		}
		all := make([]Value, len(values))
		for i, v := range values {
			all[i] = v.moved(from, to)
		}
		return all
	}
	out.elements, out.segments, out.choices = moveAll(s.elements), moveAll(s.segments), moveAll(s.choices)
	if s.fields != nil {
		out.fields = map[string]Value{}
		for name, field := range s.fields {
			out.fields[name] = field.moved(from, to)
		}
	}
	if s.encoded != nil {
		inner := s.encoded.moved(from, to)
		out.encoded = &inner
	}
	if s.decoded != nil {
		out.decoded = &decoded{text: s.decoded.text.moved(from, to), steps: s.decoded.steps}
	}
	out.members = slices.Clone(s.members)
	for i := range out.members {
		out.members[i].Value = out.members[i].moved(from, to)
	}
	if s.entries != nil {
		out.entries = &entries{known: map[string]Member{}, rest: moveAll(s.entries.rest)}
		for name, m := range s.entries.known {
			m.Value = m.moved(from, to)
			out.entries.known[name] = m
		}
	}
	return &out
}
