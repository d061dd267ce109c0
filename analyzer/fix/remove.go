package fix

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// remove takes arguments out of the block that starts at an offset.
func remove(file string, source []byte, start int, names []string) []finding.Edit {
	t := locate(file, source, start)
	if t == nil {
		return nil
	}
	var edits []finding.Edit
	for _, attr := range t.attributes() {
		if !slices.Contains(names, attr.Name) {
			continue
		}
		from, to, ok := t.span(attr)
		if !ok {
			return nil
		}
		if last := len(edits) - 1; last >= 0 && len(bytes.TrimSpace(source[edits[last].End:from])) == 0 {
			edits[last].End = to
			continue
		}
		edits = append(edits, t.edit(from, to, ""))
	}
	if len(edits) == 0 {
		return nil
	}
	if !t.oneLine() {
		for i := range edits {
			t.closeGap(&edits[i])
		}
	}
	return settle(source, edits)
}

// span is what goes with an argument: its whole lines, or in a block of one line all between the braces. Lines
// that hold something else as well are not taken apart.
func (t *target) span(attr *hclsyntax.Attribute) (from, to int, ok bool) {
	if t.oneLine() {
		from, to = t.block.OpenBraceRange.End.Byte, t.block.CloseBraceRange.Start.Byte
		between := string(t.source[from:to])
		return from, to, strings.TrimSpace(between) == string(attr.SrcRange.SliceBytes(t.source))
	}
	end := attr.SrcRange.End.Byte
	if attr.SrcRange.End.Column == 1 { // a heredoc's range ends behind its last newline
		end--
	}
	from, to = lineStart(t.source, attr.SrcRange.Start.Byte), lineEnd(t.source, end)
	before := strings.TrimSpace(string(t.source[from:attr.SrcRange.Start.Byte]))
	behind := strings.TrimSpace(string(t.source[end:to]))
	return from, to, before == "" && (behind == "" || wholeComment(behind))
}

// wholeComment tells a text that is one comment and nothing else.
func wholeComment(text string) bool {
	if strings.HasPrefix(text, "#") || strings.HasPrefix(text, "//") {
		return true
	}
	return strings.HasPrefix(text, "/*") && strings.Index(text, "*/") == len(text)-2 && len(text) >= 4
}

// closeGap widens a removal by a blank line that would be left beside another one or beside a brace.
func (t *target) closeGap(e *finding.Edit) {
	above := strings.TrimSpace(t.line(max(e.Start-1, 0)))
	below := strings.TrimSpace(t.line(e.End))
	opens := lineStart(t.source, max(e.Start-1, 0)) <= t.block.OpenBraceRange.Start.Byte
	switch {
	case below == "" && (above == "" || opens):
		e.End = lineEnd(t.source, e.End)
	case above == "" && lineEnd(t.source, e.End) > t.block.CloseBraceRange.Start.Byte:
		e.Start = lineStart(t.source, e.Start-1)
	}
}
