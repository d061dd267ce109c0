package fix

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
)

// Statement is what an edit writes into a policy. Its texts are what stands between the quotes of a Terraform
// string: "${data.aws_caller_identity.current.account_id}" refers. Effect is Allow, Resource is "*".
type Statement struct {
	Sid        string
	Principal  string // "" for a statement that takes over those of another one
	Service    bool   // the principal is a service; else it is an AWS principal
	Actions    []string
	Conditions []Condition
}

// principalType is the name of the principal's type in a policy.
func (s Statement) principalType() string {
	if s.Service {
		return "Service"
	}
	return "AWS"
}

// Condition is one operator and key with one value.
type Condition struct{ Test, Key, Value string }

// Policies edits policy documents in the notation that they are written in. Every edit is nil where it could only
// guess: what is made by an expression, or stands in a file that is no configuration.
type Policies struct {
	Source func(file string) []byte // nil for a file that was not read
}

// Prepend writes a statement before the first one of a document.
func (p Policies) Prepend(d policy.Document, s Statement) []finding.Edit {
	if d.Resource != nil {
		return prependBlock(d.Resource.File(), p.Source(d.Resource.File()), d.Resource.Header().Start.Byte, s)
	}
	for _, first := range d.Statements {
		if at := p.object(first); at != nil && at.listed {
			return at.settled([]finding.Edit{at.before(at.members(s))})
		}
	}
	return nil
}

// Separate moves actions out of a statement into one of their own behind it, with the same principals and
// resources and the conditions of into. A statement that has conditions already is not taken apart.
func (p Policies) Separate(s policy.Statement, actions []policy.Text, into Statement) []finding.Edit {
	if len(s.Conditions.Items) > 0 || s.Conditions.Open {
		return nil
	}
	if s.Notation == policy.Block {
		return p.separateBlock(s, actions, into)
	}
	at := p.object(s)
	if at == nil || !at.listed {
		return nil
	}
	edits := at.without(s.Actions, actions)
	principal, resource := at.written("Principal", s.Principals.Range), at.written("Resource", s.Resources.Range)
	if edits == nil || principal == "" || resource == "" {
		return nil
	}
	members := at.members(into)
	for i := range members {
		switch members[i].name {
		case "Action": // as they were written
			members[i].value = node{list: quotedTexts(at.source, actions)}
		case "Resource":
			members[i].value = node{raw: resource}
		}
	}
	members = slices.Insert(members, 2, member{"Principal", node{raw: principal}})
	return at.settled(append(edits, at.behind(members)))
}

// Restrict adds a condition to a statement.
func (p Policies) Restrict(s policy.Statement, c Condition) []finding.Edit {
	if s.Conditions.Open {
		return nil
	}
	if s.Notation == policy.Block {
		return p.restrictBlock(s, c)
	}
	at := p.object(s)
	if at == nil {
		return nil
	}
	if edit, ok := at.condition(s.Conditions, c); ok {
		return at.settled([]finding.Edit{edit})
	}
	return nil
}

// Replace puts an AWS principal in the place of the only one of a statement, "*".
func (p Policies) Replace(s policy.Statement, principal string) []finding.Edit {
	if len(s.Principals.Groups) != 1 || len(s.Principals.Groups[0].Identifiers.Items) != 1 || s.Principals.Open {
		return nil
	}
	group := s.Principals.Groups[0]
	item := group.Identifiers.Items[0].Range
	text := p.Source(item.Filename)
	if !writes(text, item, `"*"`) {
		return nil
	}
	edit := finding.Edit{File: item.Filename, Start: item.Start.Byte, End: item.End.Byte}
	if s.Notation == policy.Block {
		edit.Text = expression(principal)
		if edits := []finding.Edit{edit}; writes(text, group.Type.Range, `"*"`) {
			return settle(text, append(edits, finding.Edit{File: item.Filename, Start: group.Type.Range.Start.Byte, End: group.Type.Range.End.Byte, Text: `"AWS"`}))
		}
	} else {
		at := p.object(s)
		if at == nil {
			return nil
		}
		edit.Text = at.text(principal)
		if group.Range == s.Principals.Range { // a text, and no object
			edit.Text = at.inline(member{"AWS", node{text: principal}})
		}
	}
	return settle(text, []finding.Edit{edit})
}

// writes tells that a range of a file holds a text.
func writes(source []byte, at hcl.Range, text string) bool {
	return source != nil && at.CanSliceBytes(source) && string(at.SliceBytes(source)) == text
}

// expression writes a template as Terraform formats it: a lone reference has no quotes.
func expression(template string) string {
	if inner, ok := strings.CutPrefix(template, "${"); ok && strings.IndexByte(inner, '}') == len(inner)-1 {
		return inner[:len(inner)-1]
	}
	return `"` + template + `"`
}

// quotedTexts are texts as they are written, without their quotes.
func quotedTexts(source []byte, texts []policy.Text) []string {
	var all []string
	for _, t := range texts {
		all = append(all, strings.Trim(string(t.Range.SliceBytes(source)), `"`))
	}
	return all
}

// without cuts texts out of a list, with the lines that hold nothing else. It is nil where they are not all written
// in the list, one by one, or nothing would be left.
func without(file string, source []byte, l policy.List, gone []policy.Text, json bool) []finding.Edit {
	items := slices.Clone(l.Items)
	slices.SortFunc(items, func(a, b policy.Text) int { return a.Range.Start.Byte - b.Range.Start.Byte })
	last := -1 // the last one that stays
	for i, item := range items {
		if item.Range.Filename != file || !item.Range.CanSliceBytes(source) || !quoted(item.Range.SliceBytes(source)) {
			return nil
		}
		if !among(item, gone) {
			last = i
		}
	}
	if last < 0 || len(gone) == 0 {
		return nil
	}
	var edits []finding.Edit
	for i, item := range items {
		if !among(item, gone) {
			continue
		}
		start, end := item.Range.Start.Byte, item.Range.End.Byte
		switch from, to, alone := ownLine(source, start, end); {
		case alone && (i < last || !json):
			start, end = from, to
		case i < last:
			end = items[i+1].Range.Start.Byte
		case i == last+1: // with all behind it, and the comma before it
			start, end = items[last].Range.End.Byte, items[len(items)-1].Range.End.Byte
		default:
			continue
		}
		if bytes.ContainsAny(source[start:end], "#") || bytes.Contains(source[start:end], []byte("//")) || commented(source, end) {
			return nil // a comment whose subject would go
		}
		edits = append(edits, finding.Edit{File: file, Start: start, End: end})
	}
	return edits
}

func among(t policy.Text, list []policy.Text) bool {
	return slices.ContainsFunc(list, func(other policy.Text) bool { return other.Range == t.Range })
}

// quoted tells a plain string: what an interpolation makes is not an item that can go by itself.
func quoted(text []byte) bool {
	return len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' && !bytes.ContainsAny(text[1:len(text)-1], "\"${\\")
}

// commented tells that nothing but a comment follows on the line of an offset.
func commented(source []byte, at int) bool {
	return wholeComment(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(source[at:lineEnd(source, at)])), ",")))
}

// ownLine is the line of an item that has it for itself, but for a comma.
func ownLine(source []byte, start, end int) (from, to int, alone bool) {
	from, to = lineStart(source, start), lineEnd(source, end)
	before, behind := strings.TrimSpace(string(source[from:start])), strings.TrimSpace(string(source[end:to]))
	return from, to, before == "" && (behind == "," || behind == "")
}

// Reinstate writes a statement of another document before the first one of d, as it is written there in source. Both
// are in the same notation, and d does not have a statement of that name.
func (p Policies) Reinstate(d policy.Document, s policy.Statement, source []byte) []finding.Edit {
	if len(d.Statements) == 0 || !s.Range.CanSliceBytes(source) {
		return nil
	}
	text := string(s.Range.SliceBytes(source))
	if d.Resource == nil {
		first := p.object(d.Statements[0])
		if first == nil || !first.listed || s.Notation != d.Statements[0].Notation {
			return nil
		}
		if first.own {
			return first.settled([]finding.Edit{first.edit(first.start, text+","+first.newline+first.outer)})
		}
		return first.settled([]finding.Edit{first.edit(first.start, text+", ")})
	}
	t, first := p.statementBlock(d.Statements[0])
	if t == nil || d.Statements[0].Resource != d.Resource || s.Notation != policy.Block || !strings.HasPrefix(text, "statement") {
		return nil
	}
	at := aboveComments(t.source, lineStart(t.source, first.TypeRange.Start.Byte))
	nl := t.newline(at)
	return settle(t.source, []finding.Edit{t.edit(at, at, indentOf(t.line(first.TypeRange.Start.Byte))+text+nl+nl)})
}
