package policy

import (
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// conditions reads an object of operators, each an object of keys with their values.
func (d decoder) conditions(n *node) Conditions {
	c := Conditions{Range: n.at}
	if n.kind == nullNode && d.provider {
		return c
	}
	if n.kind != objectNode {
		c.open(n.reason(), n.value)
		if n.kind != unknownNode {
			d.refuse(n.at, "Condition is an object")
		}
		return c
	}
	for _, test := range n.members {
		if test.value.kind != objectNode {
			c.open(test.value.reason(), test.value.value)
			if test.value.kind != unknownNode {
				d.refuse(test.value.at, "a condition's operator holds an object")
			}
			continue
		}
		for _, key := range test.value.members {
			key.value.perhaps = key.value.perhaps || test.value.perhaps || n.perhaps
			d.condition(&c, test.name, key)
		}
		if test.value.open {
			c.open(test.value.reason(), test.value.value)
		}
	}
	if n.open {
		c.open(n.reason(), n.value)
	}
	return c
}

func (c *Conditions) open(reason string, from ...terraform.Value) {
	c.Open = true
	c.Rest = append(c.Rest, sources(from)...)
	c.Reason = orElse(c.Reason, reason)
}

func (d decoder) condition(c *Conditions, test Text, key member) {
	values, kept := d.values(key.value)
	if !kept {
		dropped := Fault{Kind: Dropped, Range: between(key.name.Range, key.value.at), What: "the data source drops this condition, whose value is no string"}
		if key.value.kind == numberNode {
			dropped.Value = key.value.at
		}
		d.fault(dropped)
		return
	}
	condition := Condition{Test: test, Key: key.name, Values: values, Exists: terraform.True, Range: between(key.name.Range, key.value.at)}
	if key.value.perhaps {
		condition.Exists, condition.Values.Present = terraform.Undecided, terraform.True
	}
	for i, other := range c.Items {
		if other.Test.Same(test) == terraform.True && other.Key.Same(key.name) == terraform.True {
			d.repeated(key.name.Range)
			c.Items[i] = condition
			return
		}
	}
	c.Items = append(c.Items, condition)
}

// values reads strings, numbers and bools. The data source drops what is a single number, keeps a single bool, and
// crashes at either in a list.
func (d decoder) values(n *node) (l List, kept bool) {
	scalar := n.kind == numberNode || n.kind == boolNode
	switch {
	case d.provider && (n.kind == numberNode || n.kind == nullNode || n.kind == objectNode):
		return List{}, false
	case scalar:
		return List{Present: terraform.True, Items: []Text{n.text}, Range: n.at}, true
	case n.kind != listNode:
		return d.list(n, "a condition's value"), true
	}
	l = List{Present: terraform.True, Range: n.at}
	for _, item := range n.items {
		switch {
		case item.kind != numberNode && item.kind != boolNode:
			d.item(&l, item, "a condition's value")
		case d.provider:
			d.fault(Fault{
				Kind: Crashed, Range: item.at, Value: item.at,
				What: "the data source crashes at a list of values that holds something that is no string",
			})
		default:
			l.Items = append(l.Items, item.text)
		}
	}
	if n.open {
		l.open(n.reason())
	}
	return l, true
}
