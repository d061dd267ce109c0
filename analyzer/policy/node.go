package policy

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

type kind int

const (
	unknownNode kind = iota
	nullNode
	textNode
	numberNode
	boolNode
	listNode
	objectNode
)

// node is a value of JSON, read from text or from what jsonencode is given, with parts that are not known.
type node struct {
	kind    kind
	at      hcl.Range
	text    Text // of a text, a number or a bool
	items   []*node
	members []member
	open    bool            // a list or an object that may hold more
	value   terraform.Value // what an unknown one hangs on, or what an open one may hold
	many    bool            // an unknown one that may be several, or none
	perhaps bool            // it may not be there, or be null
	reads   *Resolver       // of an unknown one: what reads the document that it may come from
}

type member struct {
	name  Text
	value *node
}

// maxDepth bounds how deep JSON may be nested. A policy needs six levels.
const maxDepth = 32

// maxNodes bounds a document: a small file may use a local twice in the next one, and so on.
const maxNodes = 100_000

// encoder makes nodes of what jsonencode is given.
type encoder struct {
	nodes int
	reads *Resolver
}

func (e *encoder) node(v terraform.Value, depth int) *node {
	n := &node{at: v.Range, value: v, reads: e.reads}
	if e.nodes++; depth > maxDepth || e.nodes > maxNodes {
		return n
	}
	if v.Absent() {
		n.kind = nullNode
		return n
	}
	if fields, rest, ok := v.Entries(); ok {
		n.kind, n.perhaps = objectNode, v.Set() != terraform.True
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			value := e.node(fields[name].Value, depth+1)
			value.perhaps = value.perhaps || fields[name].Exists != terraform.True
			n.members = append(n.members, member{literal(name, fields[name].Range), value})
		}
		if len(rest) > 0 {
			n.open, n.value = true, rest[0]
		}
		return n
	}
	if members, ok := v.Members(); ok && !anyText(v) {
		n.kind, n.perhaps = listNode, v.Set() != terraform.True
		for _, m := range members {
			item := e.item(m, depth+1)
			n.items = append(n.items, item)
		}
		return n
	}
	if _, ok := v.Segments(); ok || oneText(v) {
		n.kind, n.text = primitive(v), textOf(v)
	}
	return n
}

func (e *encoder) item(m terraform.Member, depth int) *node {
	if m.Rest {
		e.nodes++
		return &node{at: m.Range, value: m.Value, many: true, reads: e.reads}
	}
	item := e.node(m.Value, depth)
	item.perhaps = m.Exists != terraform.True
	return item
}

// anyText tells that a value may be a text as well as a list: an element such as Action takes both.
func anyText(v terraform.Value) bool {
	choices, _ := v.Choices()
	return slices.ContainsFunc(choices, func(choice terraform.Value) bool { _, ok := choice.Segments(); return ok || oneText(choice) })
}

// oneText tells that an unknown value is certainly a string: an attribute of a resource that AWS knows by one
// name, or one of several such. By Terraform's custom, the names of lists are plurals.
func oneText(v terraform.Value) bool {
	if choices, ok := v.Choices(); ok {
		return !slices.ContainsFunc(choices, func(choice terraform.Value) bool { _, ok := choice.Segments(); return !ok && !oneText(choice) })
	}
	ref := v.Reference
	return ref != nil && !ref.Each && ref.Attribute != "" && ref.Attribute[len(ref.Attribute)-1] != 's'
}

func primitive(v terraform.Value) kind {
	switch v.Type() {
	case cty.Number:
		return numberNode
	case cty.Bool:
		return boolNode
	default:
		return textNode
	}
}
