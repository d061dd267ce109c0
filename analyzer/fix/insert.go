package fix

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// insert adds an argument to the block that starts at an offset. `terraform fmt` aligns the equals signs of
// arguments on consecutive lines, so a name that is not longer than its neighbours' joins them, and a longer one
// starts a group of its own behind a blank line: no other line moves.
func insert(file string, source []byte, start int, name, literal string) []finding.Edit {
	t := locate(file, source, start)
	if t == nil || t.block.Body.Attributes[name] != nil {
		return nil
	}
	candidates := t.candidates(name, literal)
	for _, edits := range candidates {
		if t.fits(edits) && t.writes(edits, name) {
			return edits
		}
	}
	for _, edits := range candidates { // a comment's column moves whatever we do
		if settled := settle(source, edits); settled != nil && t.writes(settled, name) {
			return settled
		}
	}
	return nil
}

// candidates are the ways to insert, the best first.
func (t *target) candidates(name, literal string) [][]finding.Edit {
	if t.oneLine() {
		return [][]finding.Edit{{t.opened(name, literal)}}
	}
	var all [][]finding.Edit
	if anchor := t.anchor(); anchor != nil {
		if width := anchor.EqualsRange.Start.Byte - anchor.NameRange.Start.Byte; len(name) < width {
			padded := name + strings.Repeat(" ", width-len(name)-1)
			all = append(all, []finding.Edit{t.after(anchor.SrcRange.Start.Byte, padded+" = "+literal, false)})
		}
		all = append(all, []finding.Edit{t.after(anchor.SrcRange.Start.Byte, name+" = "+literal, true)})
	}
	return append(all, []finding.Edit{t.atTop(name + " = " + literal)})
}

// anchor is the last argument on a line of its own before the first nested block, or the last one at all.
func (t *target) anchor() *hclsyntax.Attribute {
	first := len(t.source)
	for _, inner := range t.block.Body.Blocks {
		first = min(first, inner.TypeRange.Start.Byte)
	}
	before, anywhere := (*hclsyntax.Attribute)(nil), (*hclsyntax.Attribute)(nil)
	for _, attr := range t.attributes() {
		if attr.SrcRange.Start.Line != attr.SrcRange.End.Line {
			continue
		}
		anywhere = attr
		if attr.SrcRange.Start.Byte < first {
			before = attr
		}
	}
	if before != nil {
		return before
	}
	return anywhere
}

// attributes lists the block's arguments in the order of the file.
func (t *target) attributes() []*hclsyntax.Attribute {
	var list []*hclsyntax.Attribute
	for _, attr := range t.block.Body.Attributes {
		list = append(list, attr)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].SrcRange.Start.Byte < list[j].SrcRange.Start.Byte })
	return list
}

// after inserts a line below the one around an offset. apart sets it off with blank lines.
func (t *target) after(at int, text string, apart bool) finding.Edit {
	nl := t.newline(at)
	line := t.line(at)
	text = nl + indentOf(line) + text
	if apart {
		text = nl + text + t.blankBefore(lineEnd(t.source, at), nl)
	}
	end := lineStart(t.source, at) + len(line)
	return t.edit(end, end, text)
}

// blankBefore is a blank line if what follows at an offset is neither one nor the end of the block.
func (t *target) blankBefore(next int, nl string) string {
	if following := strings.TrimSpace(t.line(next)); following == "" || strings.HasPrefix(following, "}") {
		return ""
	}
	return nl
}

// atTop inserts a line as the first of the block.
func (t *target) atTop(text string) finding.Edit {
	at := t.block.OpenBraceRange.Start.Byte
	nl := t.newline(at)
	end := lineStart(t.source, at) + len(t.line(at))
	return t.edit(end, end, nl+t.indent()+text+t.blankBefore(lineEnd(t.source, at), nl))
}

// indent is the indentation of what stands in the block.
func (t *target) indent() string {
	first := -1
	for _, attr := range t.block.Body.Attributes {
		if at := attr.SrcRange.Start.Byte; first < 0 || at < first {
			first = at
		}
	}
	for _, inner := range t.block.Body.Blocks {
		if at := inner.TypeRange.Start.Byte; first < 0 || at < first {
			first = at
		}
	}
	if first >= 0 {
		return indentOf(t.line(first))
	}
	return indentOf(t.line(t.block.TypeRange.Start.Byte)) + "  "
}

// opened writes a block of one line on several.
func (t *target) opened(name, literal string) finding.Edit {
	open, end := t.block.OpenBraceRange.End.Byte, t.block.CloseBraceRange.Start.Byte
	nl := t.newline(open)
	outer := indentOf(t.line(open))
	inner := nl + outer + "  "
	text := inner + name + " = " + literal
	for _, attr := range t.block.Body.Attributes { // there is at most one
		value := string(attr.Expr.Range().SliceBytes(t.source))
		width := max(len(attr.Name), len(name))
		text = inner + pad(attr.Name, width) + " = " + value + inner + pad(name, width) + " = " + literal
	}
	return t.edit(open, end, text+nl+outer)
}

func pad(name string, width int) string { return name + strings.Repeat(" ", width-len(name)) }
