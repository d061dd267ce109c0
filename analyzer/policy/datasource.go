package policy

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// data reads an aws_iam_policy_document as the provider does: the documents of source_policy_documents in their
// order, then its own statements, then override_policy_documents. What its documentation leaves open was seen in
// answers of provider 5.100.0, which testdata/provider holds.
// https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/data-sources/iam_policy_document
func (r *Resolver) data(resource *terraform.Resource) Document {
	if d, seen := r.documents[resource]; seen {
		if d == nil {
			loop := Document{Range: resource.Header(), Notation: Block, Resource: resource}
			loop.open("`" + resource.Address + "` refers to itself")
			return loop
		}
		return *d
	}
	r.documents[resource] = nil
	d := r.merged(resource)
	r.documents[resource] = &d
	return d
}

func (r *Resolver) merged(resource *terraform.Resource) Document {
	m := merger{Document{Range: resource.Header(), Notation: Block, Resource: resource}}
	if d, ok := m.single(r, "source_json"); ok {
		m.merge(d)
	}
	found, rest := m.documents(r, "source_policy_documents")
	for _, source := range found {
		m.source(source)
	}
	if len(rest) > 0 {
		m.open(orElse(rest[0].Reason, "the list of documents is not known"), rest...)
	}
	m.merge(block{resource, &m.Document}.document())
	overrides, rest := m.documents(r, "override_policy_documents")
	for _, override := range overrides {
		m.override(override)
	}
	if len(rest) > 0 {
		m.replaceable(orElse(rest[0].Reason, "the list of documents is not known"), sources(rest))
	}
	if d, ok := m.single(r, "override_json"); ok {
		m.override(d)
	}
	return m.Document
}

// single reads source_json or override_json. Both went with version 5 of the provider, which refuses any text in them:
// where it may be an older one they count as the lists that came after them.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-5-upgrade#data-sourceaws_iam_policy_document
func (m *merger) single(r *Resolver, name string) (d Document, ok bool) {
	v := m.Resource.Attr(name)
	if v.Absent() || v.IsString("") == terraform.True {
		return Document{}, false
	}
	if m.Resource.Scope.ProviderVersion().Below(5, 0) != terraform.False {
		return r.document(v, true, 0), true
	}
	if v.IsString("") == terraform.False {
		m.refuse(v.Range, "version 5 of the provider takes no "+name+" any more: use source_policy_documents or override_policy_documents")
	}
	return Document{}, false
}

// documents reads those that an argument of the data source lists.
func (m *merger) documents(r *Resolver, name string) (documents []Document, rest []terraform.Value) {
	v := m.Resource.Attr(name)
	if elements, ok := v.Elements(); ok && slices.ContainsFunc(elements, terraform.Value.Absent) {
		m.refuse(v.Range, name+" has a null in it")
	}
	all, rest := r.list(v)
	for _, one := range all {
		if one.exists != terraform.True {
			one.Document = optional(one.Document)
		}
		documents = append(documents, one.Document)
	}
	return documents, rest
}

// block reads what a data source itself says.
type block struct {
	*terraform.Resource
	problems *Document
}

func (b block) document() Document {
	d := Document{Range: b.Header(), Notation: Block, Resource: b.Resource}
	d.Version = orDefault(b.Attr("version"), "2012-10-17")
	if d.Version.Is("2012-10-17") == terraform.False && d.Version.Is("2008-10-17") == terraform.False {
		b.problems.refuse(d.Version.Range, "AWS knows no policy version but 2012-10-17 and 2008-10-17")
	}
	d.ID = orDefault(b.Attr("policy_id"), "")
	blocks, complete := b.Blocks("statement")
	for _, at := range blocks {
		if len(d.Statements) >= maxStatements {
			complete = false
			break
		}
		d.Statements = append(d.Statements, b.statement(at, d.Version))
	}
	if from, open := others(blocks, complete); open {
		d.open("it is not known which statements `"+b.Address+"` has", from...)
	}
	b.duplicates(d.Statements)
	return d
}

// others tells that there may be blocks besides those listed, and the values that they may come from.
func others(blocks []terraform.Block, complete bool) (from []terraform.Value, open bool) {
	if complete {
		return nil, false
	}
	listed := true
	for _, one := range blocks {
		listed = listed && one.Exists == terraform.True
		if one.Rest {
			from = append(from, one.From)
		}
	}
	return from, listed || len(from) > 0
}

func (b block) duplicates(statements []Statement) {
	seen := map[string]bool{}
	for _, s := range statements {
		sid, known := s.Sid.Known()
		if known && sid != "" && seen[sid] && s.Exists == terraform.True {
			b.problems.refuse(s.Range, "two statements of the data source have the same sid")
		}
		seen[sid] = known
	}
}

// orDefault reads an optional string.
func orDefault(v terraform.Value, def string) Text {
	if v.Absent() {
		return literal(def, v.Range)
	}
	return textOf(v)
}

func (b block) statement(at terraform.Block, version Text) Statement {
	s := newStatement(at.Full, Block)
	s.Resource, s.Exists = b.Resource, at.Exists
	s.Sid = orDefault(at.Attr("sid"), "")
	s.Effect = orDefault(at.Attr("effect"), "Allow")
	if s.Effect.Is("Allow") == terraform.False && s.Effect.Is("Deny") == terraform.False {
		b.problems.refuse(s.Effect.Range, "effect is Allow or Deny")
	}
	s.Actions = b.set(at, "actions")
	s.NotActions = b.set(at, "not_actions")
	s.Resources = b.variables(b.set(at, "resources"), version)
	s.NotResources = b.variables(b.set(at, "not_resources"), version)
	s.Principals = b.principals(at, "principals", version)
	s.NotPrincipals = b.principals(at, "not_principals", version)
	s.Conditions = b.conditions(at, version)
	return s
}

// set reads an argument that is a set of strings. The provider does not write an empty one.
func (b block) set(at terraform.Block, name string) List {
	l := b.identifiers(at, name)
	if l.Present == terraform.True && len(l.Items) == 0 {
		l.Present = terraform.False
		if l.Open {
			l.Present = terraform.Undecided
		}
	}
	return l
}

func (b block) identifiers(at terraform.Block, name string) List {
	return b.list(at, name).distinct()
}

// list reads an argument that is a list of strings. Unlike AWS, Terraform takes no single string for one.
func (b block) list(at terraform.Block, name string) List {
	v := at.Attr(name)
	if _, isText := v.Text(); isText {
		b.problems.refuse(v.Range, name+" is a list")
	}
	if elements, ok := v.Elements(); ok && slices.ContainsFunc(elements, terraform.Value.Absent) {
		b.problems.refuse(v.Range, name+" has a null in it")
	}
	return listOf(v)
}

// variables writes "&{" as "${", which Terraform would take for its own. Policies of the older version have no
// variables.
func (b block) variables(l List, version Text) List {
	l.Possible = slices.Clone(l.Possible)
	for i := range l.Possible {
		l.Possible[i].Text = l.Possible[i].Text.replaced("&{", "${")
	}
	items := slices.Clone(l.Items)
	for i, item := range items {
		items[i] = item.replaced("&{", "${")
		if written, _ := item.Symbol(); strings.Contains(written, "&{") && version.Is("2008-10-17") == terraform.True {
			b.problems.refuse(item.Range, "a policy of version 2008-10-17 has no variables, the data source refuses &{")
		}
	}
	l.Items = items
	return l
}

func (b block) principals(at terraform.Block, name string, version Text) Principals {
	blocks, complete := at.Blocks(name)
	p := Principals{Present: terraform.False}
	seen := map[string]bool{}
	for _, one := range blocks {
		group := Principal{Type: textOf(one.Attr("type")), Exists: one.Exists, Range: one.Full}
		group.Identifiers = b.variables(b.identifiers(one, "identifiers"), version)
		if one.Attr("type").Absent() || one.Attr("identifiers").Absent() {
			b.problems.refuse(one.Header, name+" needs a type and identifiers")
		}
		key, known := group.symbol()
		if known && seen[key] {
			continue // a set of blocks
		}
		seen[key] = known
		p.Groups = append(p.Groups, group)
		p.Present = terraform.Any(p.Present, one.Exists)
		p.Range = orRange(p.Range, one.Full)
	}
	if from, open := others(blocks, complete); open {
		p.Present = terraform.Any(p.Present, terraform.Undecided)
		p.open("it is not known which "+name+" the statement has", from...)
	}
	return p
}

func orRange(r, other hcl.Range) hcl.Range {
	if r.Filename == "" {
		return other
	}
	return r
}

func (b block) conditions(at terraform.Block, version Text) Conditions {
	blocks, complete := at.Blocks("condition")
	var c Conditions
	seen := map[string]bool{}
	for _, one := range blocks {
		test, variable, values := one.Attr("test"), one.Attr("variable"), one.Attr("values")
		if test.Absent() || variable.Absent() || values.Absent() {
			b.problems.refuse(one.Header, "a condition needs a test, a variable and values")
		}
		condition := Condition{Test: textOf(test), Key: textOf(variable), Values: b.variables(b.list(one, "values"), version), Exists: one.Exists, Range: one.Full}
		key, known := condition.symbol()
		if known && seen[key] {
			continue // a set of blocks
		}
		seen[key] = known
		c.Items = append(c.Items, condition)
		c.Range = orRange(c.Range, one.Full)
	}
	if from, open := others(blocks, complete); open {
		c.open("it is not known which conditions the statement has", from...)
	}
	return c
}

// symbol names all that a principals block says; known is false where a part has no name.
func (p Principal) symbol() (symbol string, known bool) {
	symbol, known = p.Type.Symbol()
	var items []string
	for _, item := range p.Identifiers.Items {
		one, ok := item.Symbol()
		items, known = append(items, one), known && ok
	}
	slices.Sort(items)
	return symbol + "\x00" + strings.Join(items, "\x00"), known && !p.Identifiers.Open && p.Exists == terraform.True
}

func (c Condition) symbol() (symbol string, known bool) {
	known = !c.Values.Open && c.Exists == terraform.True
	for _, t := range append([]Text{c.Test, c.Key}, c.Values.Items...) {
		one, ok := t.Symbol()
		symbol, known = symbol+one+"\x00", known && ok
	}
	return symbol, known
}
