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
	if elements, ok := v.Elements(); ok {
		for _, element := range elements {
			l.add(element)
		}
		return l
	}
	if choices, ok := v.Choices(); ok && depth < maxChoices {
		return chosen(choices, v, depth+1)
	}
	if ref := v.Reference; ref != nil && ref.Each && repeated(*ref) {
		t := Text{Range: v.Range}
		t.writeUnknown(v)
		l.Items = []Text{t}
		return l
	}
	l.Present = v.Set()
	l.open(orElse(v.Reason, "the list is not known"))
	return l
}

// add appends an element. One that stands for a list of its own cannot be told apart from the rest.
func (l *List) add(element terraform.Value) {
	if _, nested := element.Elements(); nested || element.Absent() {
		l.open("an element of the list is no string")
		return
	}
	l.Items = append(l.Items, textOf(element))
}

// repeated tells that what a splat goes over certainly has an instance.
func repeated(ref terraform.Reference) bool {
	resources := ref.Resources()
	return len(resources) > 0 && !slices.ContainsFunc(resources, func(r *terraform.Resource) bool {
		return r.Exists != terraform.True
	})
}

// chosen is one of several lists: what all of them hold is there, and perhaps more.
func chosen(choices []terraform.Value, v terraform.Value, depth int) List {
	var l List
	for i, choice := range choices {
		other := listIn(choice, depth)
		if i == 0 {
			l = other
			continue
		}
		if l.Present != other.Present {
			l.Present = terraform.Undecided
		}
		l.Items = slices.DeleteFunc(l.Items, func(t Text) bool { return !other.holds(t) })
	}
	l.Range = v.Range
	l.open(orElse(v.Reason, "the list depends on a condition that is not known"))
	return l
}

func (l List) holds(t Text) bool {
	return slices.ContainsFunc(l.Items, func(item Text) bool { return item.Same(t) == terraform.True })
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
