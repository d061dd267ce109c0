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
	value   terraform.Value // what an unknown one hangs on
	many    bool            // an unknown one that may be several: it stands in text, where nothing delimits it
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
type encoder struct{ nodes int }

func (e *encoder) node(v terraform.Value, depth int) *node {
	n := &node{at: v.Range, value: v}
	if e.nodes++; depth > maxDepth || e.nodes > maxNodes {
		return n
	}
	if v.Absent() {
		n.kind = nullNode
		return n
	}
	if fields, ok := v.Fields(); ok {
		n.kind = objectNode
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			n.members = append(n.members, member{literal(name, fields[name].Range), e.node(fields[name], depth+1)})
		}
		return n
	}
	if elements, ok := v.Elements(); ok {
		n.kind = listNode
		for _, element := range elements {
			n.items = append(n.items, e.node(element, depth+1))
		}
		return n
	}
	if _, ok := v.Segments(); ok || oneText(v) {
		n.kind, n.text = primitive(v), textOf(v)
	}
	return n
}

// oneText tells that an unknown value is certainly a string: an attribute of a resource that AWS knows by one
// name. By Terraform's custom, the names of lists are plurals.
func oneText(v terraform.Value) bool {
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
