package policy

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// decoder makes a document of JSON. What it refuses depends on who reads the JSON: AWS, or the provider where the
// JSON is an argument of aws_iam_policy_document, which then writes its own.
type decoder struct {
	*Document
	provider bool
}

// maxStatements bounds a document. 32 KB hold at most a few hundred.
const maxStatements = 1000

func (d decoder) document(n *node) {
	if n.kind != objectNode {
		d.whole(n, "a policy is a JSON object")
		return
	}
	d.members(n, d.Document.open, map[string]func(*node){
		"Version": func(v *node) { d.Version = d.text(v, "Version") },
		"Id":      func(v *node) { d.ID = d.text(v, "Id") },
		"Statement": func(v *node) {
			d.Statements = nil // of two, the last counts
			d.statements(v)
		},
	})
	if version, ok := d.Version.Known(); ok && version != "" && version != "2012-10-17" && version != "2008-10-17" {
		d.refuse(d.Version.Range, "AWS knows no policy version but 2012-10-17 and 2008-10-17")
	}
}

// whole is a node of the wrong kind where everything hangs on it, or one that is not known.
func (d decoder) whole(n *node, want string) {
	if n.kind == unknownNode {
		d.open(n.reason(), n.value)
		return
	}
	d.refuse(n.at, want)
}

// from reads the statements that jsondecode took from another document; ok is false for anything else.
func (d decoder) from(n *node) (ok bool) {
	text, steps, decoded := n.value.Decoded()
	if n.kind != unknownNode || !decoded || n.reads == nil || len(steps) == 0 || len(steps) > 2 || steps[0] != "Statement" {
		return false
	}
	other := n.reads.document(text, false, 0)
	if n.perhaps || len(other.Alternatives) > 0 {
		other = optional(other)
	}
	statements, whole := statementsOf(other)
	if len(steps) == 2 {
		at, err := strconv.Atoi(steps[1])
		if !whole || err != nil || at < 0 || at >= len(statements) {
			return false
		}
		statements = statements[at : at+1]
	}
	for _, s := range statements {
		if len(d.Statements) >= maxStatements {
			whole = false
			break
		}
		d.Statements = append(d.Statements, s)
	}
	if !whole {
		d.open(orElse(other.Reason, n.reason()), n.value)
	}
	return true
}

// statementsOf lists the statements of a document, or of those that it may be; whole tells that these are all.
func statementsOf(d Document) (statements []Statement, whole bool) {
	if len(d.Alternatives) == 0 {
		return d.Statements, !d.Open
	}
	whole = true
	for _, one := range d.Alternatives {
		more, all := statementsOf(optional(one))
		statements, whole = append(statements, more...), whole && all
	}
	return statements, whole
}

func (n *node) reason() string { return orElse(n.value.Reason, "a part of the policy is not known") }

func (d decoder) statements(n *node) {
	switch {
	case n.kind == listNode:
		for _, item := range n.items {
			item.perhaps = item.perhaps || n.perhaps
			d.statement(item)
		}
		if n.open {
			d.open(n.reason(), n.value)
		}
	case d.from(n):
	case n.kind == objectNode && d.provider:
		d.refuse(n.at, "the data source takes a Statement only as a list")
	case n.kind == objectNode:
		d.statement(n)
	case n.kind == nullNode && d.provider:
	default:
		d.whole(n, "Statement is an object or a list of objects")
	}
}

func (d decoder) statement(n *node) {
	if len(d.Statements) >= maxStatements {
		d.open("the policy has too many statements")
		return
	}
	if d.from(n) {
		return
	}
	if n.kind != objectNode {
		d.whole(n, "a statement is a JSON object")
		return
	}
	notation := JSON
	if d.Notation == Encoded {
		notation = Encoded
	}
	s := newStatement(n.at, notation)
	if n.perhaps {
		s.Exists = terraform.Undecided
	}
	d.members(n, s.open, map[string]func(*node){
		"Sid":          func(v *node) { s.Sid = d.text(v, "Sid") },
		"Effect":       func(v *node) { s.Effect = d.effect(v) },
		"Principal":    func(v *node) { s.Principals = d.principals(v) },
		"NotPrincipal": func(v *node) { s.NotPrincipals = d.principals(v) },
		"Action":       func(v *node) { s.Actions = d.list(v, "Action") },
		"NotAction":    func(v *node) { s.NotActions = d.list(v, "NotAction") },
		"Resource":     func(v *node) { s.Resources = d.list(v, "Resource") },
		"NotResource":  func(v *node) { s.NotResources = d.list(v, "NotResource") },
		"Condition":    func(v *node) { s.Conditions = d.conditions(v) },
	})
	if effect, ok := s.Effect.Known(); ok && effect == "" && !s.Open && !d.provider {
		d.refuse(n.at, "a statement has no Effect, and AWS has no default for it")
	}
	d.Statements = append(d.Statements, s)
}

// members hands each member of an object to who reads it. AWS's names are case-sensitive, and it refuses others;
// the provider reads names in any case and drops others. Of two of the same name, the last counts for Terraform,
// which writes the JSON anew.
func (d decoder) members(n *node, open func(string, ...terraform.Value), read map[string]func(*node)) {
	seen := map[string]bool{}
	for _, m := range n.members {
		name, ok := m.name.Known()
		if !ok {
			open(n.reason())
			continue
		}
		element := elementOf(name, read)
		switch {
		case element == "" && d.provider:
			d.fault(Fault{Kind: Dropped, Range: m.name.Range, What: "the data source drops this element, which it does not know"})
		case element == "":
			d.refuse(m.name.Range, "AWS knows no such element of a policy")
		case seen[element]:
			d.repeated(m.name.Range)
		case element != name && !d.provider:
			d.fault(Fault{Kind: Misspelt, Range: m.name.Range, What: "AWS writes this element " + element})
		}
		if element != "" {
			seen[element] = true
			read[element](m.value)
		}
	}
	if n.open {
		open(n.reason(), n.value)
	}
}

func elementOf(name string, read map[string]func(*node)) string {
	if _, exact := read[name]; exact {
		return name
	}
	for element := range read {
		if strings.EqualFold(element, name) {
			return element // no two differ only in case
		}
	}
	return ""
}

// text reads an element that is one string.
func (d decoder) text(n *node, element string) Text {
	if n.perhaps {
		return unknownText(&node{at: n.at, value: terraform.Value{Reason: n.reason()}})
	}
	switch n.kind {
	case textNode:
		return n.text
	case nullNode:
		return Text{Range: n.at}
	case unknownNode:
		return unknownText(n)
	default:
		d.refuse(n.at, element+" is a string")
		return unknownText(&node{at: n.at})
	}
}

func unknownText(n *node) Text {
	t := Text{Range: n.at}
	t.writeUnknown(n.value)
	return t
}

func (d decoder) effect(n *node) Text {
	effect := d.text(n, "Effect")
	if n.kind != nullNode && effect.Is("Allow") == terraform.False && effect.Is("Deny") == terraform.False {
		d.refuse(n.at, "Effect is Allow or Deny")
	}
	return effect
}

// list reads an element that is a string or a list of strings.
func (d decoder) list(n *node, element string) List {
	l := List{Present: terraform.True, Range: n.at}
	if n.perhaps {
		l.Present = terraform.Undecided
	}
	switch n.kind {
	case textNode:
		l.Items = []Text{n.text}
	case listNode:
		for _, item := range n.items {
			d.item(&l, item, element)
		}
		if n.open {
			l.open(n.reason())
		}
	case unknownNode:
		l = listOf(n.value)
		l.Range = n.at
		if n.perhaps {
			l.Present = terraform.Undecided
		}
	case nullNode:
		return List{Present: terraform.False}
	default:
		d.refuse(n.at, element+" is a string or a list of strings")
		l.open("it is not what AWS expects there")
	}
	return l
}

func (d decoder) item(l *List, n *node, element string) {
	switch {
	case n.kind == unknownNode && n.many:
		l.rest(n.value, n.reason())
	case n.kind == textNode && n.perhaps:
		l.may(Possible{Text: n.text}, n.reason())
	case n.kind == unknownNode && n.perhaps:
		l.may(Possible{Text: unknownText(n)}, n.reason())
	case n.kind == textNode:
		l.Items = append(l.Items, n.text)
	case n.kind == unknownNode:
		l.Items = append(l.Items, unknownText(n))
	default:
		d.refuse(n.at, element+" is a string or a list of strings")
		l.open("it is not what AWS expects there")
	}
}

// principals reads "*" or an object of lists. Any other string is an error for AWS, and "*" for the data source.
func (d decoder) principals(n *node) Principals {
	p := Principals{Present: terraform.True, Range: n.at}
	if n.perhaps {
		p.Present = terraform.Undecided
	}
	switch n.kind {
	case objectNode:
		for _, m := range n.members {
			d.principal(&p, m)
		}
		if n.open {
			p.open(n.reason(), n.value)
		}
		if d.provider && len(p.Groups) == 0 && !p.Open {
			p.Present = terraform.False // it writes no empty one
		}
	case textNode:
		if d.provider && n.text.Is("*") != terraform.True {
			d.fault(Fault{Kind: Opened, Range: n.at, What: "the data source makes this principal \"*\""})
			n.text = literal("*", n.at)
		} else if n.text.Is("*") == terraform.False {
			d.refuse(n.at, "a Principal is \"*\" or an object")
		}
		everyone := List{Present: terraform.True, Items: []Text{n.text}, Range: n.at}
		p.Groups = []Principal{{Type: literal("*", n.at), Identifiers: everyone, Exists: terraform.True, Range: n.at}}
	case unknownNode:
		d.anyPrincipals(&p, n)
	default:
		d.refuse(n.at, "a Principal is \"*\" or an object")
		p.open("it is not what AWS expects there")
	}
	return p
}

// anyPrincipals reads one that is not known: of several that it may be, each may be there.
func (d decoder) anyPrincipals(p *Principals, n *node) {
	choices, ok := n.value.Choices()
	if !ok {
		p.open(n.reason(), n.value)
		return
	}
	for _, choice := range choices {
		one := (&encoder{reads: n.reads}).node(choice, maxDepth/2)
		if one.kind == unknownNode {
			p.open(n.reason(), choice)
			continue
		}
		if one.kind == nullNode {
			p.Present = terraform.Undecided
			continue
		}
		for _, group := range d.principals(one).Groups {
			group.Exists = terraform.Undecided
			p.Groups = append(p.Groups, group)
		}
	}
}

func (d decoder) principal(p *Principals, m member) {
	group := Principal{Type: m.name, Identifiers: d.list(m.value, "a principal"), Exists: terraform.True}
	if m.value.perhaps {
		group.Exists, group.Identifiers.Present = terraform.Undecided, terraform.True
	}
	group.Range = between(m.name.Range, m.value.at)
	for i, other := range p.Groups {
		if other.Type.Same(m.name) == terraform.True {
			d.repeated(m.name.Range)
			p.Groups[i] = group
			return
		}
	}
	p.Groups = append(p.Groups, group)
}

func (p *Principals) open(reason string, from ...terraform.Value) {
	p.Open = true
	p.Rest = append(p.Rest, sources(from)...)
	p.Reason = orElse(p.Reason, reason)
}

func between(from, to hcl.Range) hcl.Range {
	if from.Filename != to.Filename || to.End.Byte < from.Start.Byte {
		return from
	}
	return hcl.RangeBetween(from, to)
}
