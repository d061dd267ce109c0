package fix

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
)

// object is a statement that is written as an object: JSON in a heredoc, or the argument of jsonencode.
type object struct {
	file       string
	source     []byte
	start, end int
	json       bool
	listed     bool                      // it stands in a list, beside which another one can stand
	expr       *hclsyntax.ObjectConsExpr // of jsonencode's argument

	newline      string
	outer, inner string // the indentation of its braces and of its members
	lines        bool   // it is written on several lines
	own          bool   // no other text stands before it on its line
	between      string // what stands between a member's name and its value
	quotes       bool   // names of members are quoted
	commas       bool   // a comma stands behind a member that has a line of its own
}

// member is a name with a value; raw text is copied, a text and a list hold templates.
type member struct {
	name  string
	value node
}

type node struct {
	raw    string
	text   string
	list   []string
	object []member
}

// object finds the text of a statement; nil where it is not written as one object.
func (p Policies) object(s policy.Statement) *object {
	source := p.Source(s.Range.Filename)
	if source == nil || !s.Range.CanSliceBytes(source) || s.Notation == policy.Block {
		return nil
	}
	text := s.Range.SliceBytes(source)
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil
	}
	o := &object{file: s.Range.Filename, source: source, start: s.Range.Start.Byte, end: s.Range.End.Byte, json: s.Notation == policy.JSON}
	if o.json {
		before := bytes.TrimRight(source[:o.start], " \t\r\n")
		o.listed = bytes.HasSuffix(before, []byte("[")) || bytes.HasSuffix(before, []byte(","))
	} else if !o.parse() {
		return nil
	}
	if !o.style(string(text)) {
		return nil
	}
	return o
}

// parse finds the expression, and whether it is an element of a list that is written out. What a for expression
// writes is not one statement.
func (o *object) parse() bool {
	parsed, diags := hclsyntax.ParseConfig(o.source, o.file, hcl.InitialPos)
	if diags.HasErrors() {
		return false
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return false
	}
	made := false
	_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ForExpr:
			made = made || n.SrcRange.Start.Byte < o.start && o.end < n.SrcRange.End.Byte
		case *hclsyntax.ObjectConsExpr:
			if n.SrcRange.Start.Byte == o.start && n.SrcRange.End.Byte == o.end {
				o.expr = n
			}
		case *hclsyntax.TupleConsExpr:
			for _, element := range n.Exprs {
				o.listed = o.listed || element.Range().Start.Byte == o.start && element.Range().End.Byte == o.end
			}
		}
		return nil
	})
	return o.expr != nil && !made
}

// style reads off how the object is written.
func (o *object) style(text string) bool {
	t := &target{source: o.source}
	o.newline = t.newline(o.start)
	o.lines = strings.Contains(text, "\n")
	o.outer = indentOf(t.line(o.end - 1))
	o.own = strings.TrimSpace(string(o.source[lineStart(o.source, o.start):o.start])) == ""
	o.inner = o.outer + "  "
	if o.lines {
		for line := range strings.SplitSeq(text[strings.Index(text, "\n")+1:], "\n") {
			if strings.TrimSpace(line) != "" {
				o.inner = indentOf(line)
				break
			}
		}
	}
	if !o.json {
		return o.styleOfExpression()
	}
	o.commas = true
	_, behind, found := strings.Cut(text, `"`)
	name, behind, closed := strings.Cut(behind, `"`)
	o.between = behind[:len(behind)-len(strings.TrimLeft(behind, " \t:"))]
	return found && closed && !strings.Contains(name, `\`) && strings.Contains(o.between, ":")
}

func (o *object) styleOfExpression() bool {
	if len(o.expr.Items) == 0 {
		return false
	}
	key, value := o.expr.Items[0].KeyExpr.Range(), o.expr.Items[0].ValueExpr.Range()
	o.between = " " + strings.TrimSpace(string(o.source[key.End.Byte:value.Start.Byte])) + " "
	o.quotes = o.source[key.Start.Byte] == '"'
	o.commas = o.separates(o.expr)
	return o.between == " = " || o.between == " : "
}

// separates tells that the members of an expression have commas between them.
func (o *object) separates(expr *hclsyntax.ObjectConsExpr) bool {
	return len(expr.Items) > 1 && strings.Contains(
		string(o.source[expr.Items[0].ValueExpr.Range().End.Byte:expr.Items[1].KeyExpr.Range().Start.Byte]), ",")
}

// settled completes edits for `terraform fmt`, which looks into jsonencode's argument but not into a heredoc.
func (o *object) settled(edits []finding.Edit) []finding.Edit { return settle(o.source, edits) }

func (o *object) edit(at int, text string) finding.Edit {
	return finding.Edit{File: o.file, Start: at, End: at, Text: text}
}

// members are those of a new statement, in AWS's order.
func (o *object) members(s Statement) []member {
	members := []member{{"Sid", node{text: s.Sid}}, {"Effect", node{text: "Allow"}}}
	if s.Principal != "" {
		members = append(members, member{"Principal", node{object: []member{{s.principalType(), node{text: s.Principal}}}}})
	}
	members = append(members, member{"Action", node{list: s.Actions}}, member{"Resource", node{text: "*"}})
	if len(s.Conditions) > 0 {
		members = append(members, member{"Condition", node{object: conditions(s.Conditions)}})
	}
	return members
}

func conditions(list []Condition) []member {
	var members []member
	for _, c := range list {
		members = append(members, member{c.Test, node{object: []member{{c.Key, node{text: c.Value}}}}})
	}
	return members
}

// before writes an object into the list, in front of this one.
func (o *object) before(members []member) finding.Edit {
	if o.own {
		return o.edit(o.start, o.whole(members)+","+o.newline+o.outer)
	}
	return o.edit(o.start, o.whole(members)+", ")
}

func (o *object) behind(members []member) finding.Edit {
	if o.own {
		return o.edit(o.end, ","+o.newline+o.outer+o.whole(members))
	}
	return o.edit(o.end, ", "+o.whole(members))
}

// whole writes an object like this one.
func (o *object) whole(members []member) string {
	text := o.write(node{object: members}, o.outer, o.lines)
	if o.json || !o.lines {
		return text
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	formatted := string(hclwrite.Format([]byte("x = [\n" + o.outer + text + ",\n]\n")))
	formatted = strings.TrimSuffix(strings.TrimPrefix(formatted, "x = [\n  "), ",\n]\n")
	return strings.ReplaceAll(formatted, "\n  ", o.newline+o.outer)
}

// write writes a value. Objects lie on lines of their own if lines says so; one of jsonencode with nothing but one text
// in it does not need any.
func (o *object) write(n node, indent string, lines bool) string {
	switch {
	case n.raw != "":
		return n.raw
	case n.list != nil && len(n.list) != 1:
		var items []string
		for _, item := range n.list {
			items = append(items, o.text(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case n.list != nil:
		return o.text(n.list[0])
	case n.object == nil:
		return o.text(n.text)
	}
	if !lines || !o.json && len(n.object) == 1 && n.object[0].value.object == nil {
		var all []string
		for _, m := range n.object {
			all = append(all, o.name(m.name)+o.between+o.write(m.value, indent, false))
		}
		if o.json {
			return "{" + strings.Join(all, ", ") + "}"
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	inner := indent + strings.TrimPrefix(o.inner, o.outer)
	var out strings.Builder
	out.WriteString("{" + o.newline)
	for i, m := range n.object {
		out.WriteString(inner + o.name(m.name) + o.between + o.write(m.value, inner, true))
		if o.commas && i < len(n.object)-1 {
			out.WriteString(",")
		}
		out.WriteString(o.newline)
	}
	return out.String() + indent + "}"
}

func (o *object) name(name string) string {
	if o.json || o.quotes || strings.ContainsAny(name, ":/ ") {
		return `"` + name + `"`
	}
	return name
}

func (o *object) text(template string) string {
	if o.json {
		return `"` + template + `"`
	}
	return expression(template)
}

// inline writes an object of one member on one line.
func (o *object) inline(m member) string { return o.write(node{object: []member{m}}, "", false) }

// written is the text of an element, as it is written; "" where that cannot be told.
func (o *object) written(name string, at hcl.Range) string {
	if !o.json {
		item := o.item(o.expr, name)
		if item == nil {
			return ""
		}
		at = item.ValueExpr.Range()
	}
	if at.Filename != o.file || at.Start.Byte < o.start || at.End.Byte > o.end {
		return ""
	}
	return string(at.SliceBytes(o.source))
}

// item finds a member of an object expression by its literal name.
func (o *object) item(expr *hclsyntax.ObjectConsExpr, name string) *hclsyntax.ObjectConsItem {
	for i, item := range expr.Items {
		if strings.Trim(string(item.KeyExpr.Range().SliceBytes(o.source)), `"`) == name {
			return &expr.Items[i]
		}
	}
	return nil
}

// without cuts texts out of a list of the statement.
func (o *object) without(l policy.List, gone []policy.Text) []finding.Edit {
	if !o.json {
		item := o.item(o.expr, "Action")
		if item == nil {
			return nil
		}
		if _, ok := item.ValueExpr.(*hclsyntax.TupleConsExpr); !ok {
			return nil
		}
		l.Range = item.ValueExpr.Range()
	}
	for _, t := range l.Items {
		if t.Range.Filename != o.file || t.Range.Start.Byte < l.Range.Start.Byte || t.Range.End.Byte > l.Range.End.Byte {
			return nil
		}
	}
	return without(o.file, o.source, l, gone, o.json)
}

// condition adds a condition to those that the statement has.
func (o *object) condition(have policy.Conditions, c Condition) (edit finding.Edit, ok bool) {
	whole := member{"Condition", node{object: conditions([]Condition{c})}}
	if o.json {
		return o.conditionJSON(have, c, whole), true
	}
	item := o.item(o.expr, "Condition")
	if item == nil {
		return o.add(o.expr, whole)
	}
	operators, ok := item.ValueExpr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return finding.Edit{}, false
	}
	operator := o.item(operators, c.Test)
	if operator == nil {
		return o.add(operators, whole.value.object[0])
	}
	keys, ok := operator.ValueExpr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return finding.Edit{}, false
	}
	return o.add(keys, member{c.Key, node{text: c.Value}})
}

// add writes a member behind the last one of an object expression.
func (o *object) add(to *hclsyntax.ObjectConsExpr, m member) (edit finding.Edit, ok bool) {
	if len(to.Items) == 0 {
		return finding.Edit{}, false
	}
	last := to.Items[len(to.Items)-1]
	end := last.ValueExpr.Range().End.Byte
	rest := string(o.source[end : to.SrcRange.End.Byte-1])
	if to.SrcRange.Start.Line == to.SrcRange.End.Line {
		return o.edit(end, ", "+o.name(m.name)+o.between+o.write(m.value, "", false)), !strings.Contains(rest, ",")
	}
	indent := indentOf((&target{source: o.source}).line(last.KeyExpr.Range().Start.Byte))
	text := o.newline + indent + o.name(m.name) + o.between + o.write(m.value, indent, true)
	commas := o.separates(to) || o.commas && len(to.Items) == 1
	switch trailing := strings.TrimSpace(rest); {
	case trailing == "," && commas:
		return o.edit(end+strings.Index(rest, ",")+1, text+","), true
	case trailing != "":
		return finding.Edit{}, false
	case commas:
		return o.edit(end, ","+text), true
	default:
		return o.edit(end, text), true
	}
}

// conditionJSON adds a condition: to the keys of its operator, to the operators, or as an element.
func (o *object) conditionJSON(have policy.Conditions, c Condition, whole member) finding.Edit {
	for _, item := range have.Items {
		if known, _ := item.Test.Known(); known == c.Test {
			return o.addJSON(item.Range.Start.Byte, item.Range.End.Byte, member{c.Key, node{text: c.Value}})
		}
	}
	if len(have.Items) > 0 {
		first, last := have.Items[0].Test.Range, have.Range
		return o.addJSON(first.Start.Byte, o.lastIn(last.End.Byte), whole.value.object[0])
	}
	return o.addJSON(o.lastIn(o.end), o.lastIn(o.end), whole)
}

// lastIn is the end of the last member of an object that ends at an offset.
func (o *object) lastIn(end int) int {
	return len(bytes.TrimRight(o.source[:end-1], " \t\r\n"))
}

// addJSON writes a member at an offset behind another one, and like what stands at like: on the same line, or on one
// of its own.
func (o *object) addJSON(like, at int, m member) finding.Edit {
	indent := indentOf((&target{source: o.source}).line(like))
	if whole := like == at; whole {
		indent = o.inner
	} else if strings.TrimSpace(string(o.source[lineStart(o.source, like):like])) != "" {
		return o.edit(at, ", "+o.name(m.name)+o.between+o.write(m.value, "", false))
	}
	if !o.lines {
		return o.edit(at, ", "+o.name(m.name)+o.between+o.write(m.value, "", false))
	}
	return o.edit(at, ","+o.newline+indent+o.name(m.name)+o.between+o.write(m.value, indent, true))
}
