package policy

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// listOf reads a value that is a list or a set of strings.
func listOf(v terraform.Value) List { return listIn(v, 0) }

func listIn(v terraform.Value, depth int) List {
	l := List{Present: terraform.True, Range: v.Range}
	if v.Absent() {
		l.Present = terraform.False
		return l
	}
	if s, isText := v.Text(); isText {
		l.Items = []Text{literal(s, v.Range)}
		return l
	}
	if choices, ok := v.Choices(); ok && depth < maxChoices {
		return chosen(choices, v, depth+1)
	}
	if members, ok := v.Members(); ok {
		for _, m := range members {
			l.add(m)
		}
		return l
	}
	l.Present = v.Set()
	l.rest(v, orElse(v.Reason, "the list is not known"))
	return l
}

// add appends what may be in the list. An element that stands for a list of its own cannot be told apart from the rest.
func (l *List) add(m terraform.Member) {
	if _, nested := m.Members(); m.Rest || nested || m.Absent() {
		if !m.Rest {
			l.open("an element of the list is no string")
			return
		}
		l.rest(m.Value, orElse(m.Reason, "the list is not known"))
		return
	}
	if m.Exists != terraform.True {
		l.may(Possible{Text: textOf(m.Value)}, orElse(m.Reason, "an element of the list depends on a condition that is not known"))
		return
	}
	l.Items = append(l.Items, textOf(m.Value))
}

// rest adds the texts of a list of which nothing is known. What a splat goes over is one text that stands for several,
// if there is certainly one.
func (l *List) rest(v terraform.Value, reason string) {
	t := Text{Range: v.Range}
	t.writeUnknown(v)
	if ref := v.Reference; ref != nil && ref.Each && repeated(*ref) {
		l.Items = append(l.Items, t)
		return
	}
	l.may(Possible{Text: t, Many: true}, reason)
}

// may adds what may be in the list.
func (l *List) may(p Possible, reason string) {
	l.Open = true
	l.Possible = append(l.Possible, p)
	l.Reason = orElse(l.Reason, reason)
}

// open marks the list as one that may hold anything.
func (l *List) open(reason string) {
	l.may(Possible{Text: Text{Range: l.Range, Parts: []Part{{Unknown: &terraform.Value{Reason: reason}}}}, Many: true}, reason)
}

// repeated tells that what a splat goes over certainly has an instance.
func repeated(ref terraform.Reference) bool {
	resources := ref.Resources()
	return len(resources) > 0 && !slices.ContainsFunc(resources, func(r *terraform.Resource) bool {
		return r.Exists != terraform.True
	})
}

// chosen is one of several lists: what all of them hold is there, and perhaps what one of them holds.
func chosen(choices []terraform.Value, v terraform.Value, depth int) List {
	l := List{Range: v.Range}
	for i, choice := range choices {
		other := listIn(choice, depth)
		if i == 0 {
			l.Present = other.Present
			l.Items = slices.Clone(other.Items)
		} else if l.Present != other.Present {
			l.Present = terraform.Undecided
		}
		l.Possible = append(l.Possible, other.Possible...)
		l.Possible = append(l.Possible, possibly(without(l.Items, other.Items))...)
		if i > 0 {
			l.Possible = append(l.Possible, possibly(without(other.Items, l.Items))...)
			l.Items = slices.DeleteFunc(l.Items, func(t Text) bool { return !holds(other.Items, t) })
		}
	}
	l.Possible = slices.DeleteFunc(l.Possible, func(p Possible) bool { return !p.Many && holds(l.Items, p.Text) })
	l.Open = len(l.Possible) > 0
	if l.Open {
		l.Reason = orElse(v.Reason, "the list depends on a condition that is not known")
	}
	return l
}

func possibly(items []Text) []Possible {
	all := make([]Possible, len(items))
	for i, t := range items {
		all[i] = Possible{Text: t}
	}
	return all
}

// without is what is in the one list and not certainly in the other.
func without(items, others []Text) []Text {
	return slices.DeleteFunc(slices.Clone(items), func(t Text) bool { return holds(others, t) })
}

func holds(items []Text, t Text) bool {
	return slices.ContainsFunc(items, func(item Text) bool { return item.Same(t) == terraform.True })
}

// distinct drops what a set holds once.
func (l List) distinct() List {
	var items []Text
	seen := map[string]bool{}
	for _, item := range l.Items {
		symbol, named := item.Symbol()
		if named && seen[symbol] {
			continue
		}
		seen[symbol] = named
		items = append(items, item)
	}
	l.Items = items
	return l
}
