package fix

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// settle completes edits of one file so that a formatted file stays formatted: taking the longest name out of
// a group, or shortening a value before a column of comments, moves the lines beside it. Those lines are
// then part of the edit. A file that was not formatted is left as it is.
func settle(source []byte, edits []finding.Edit) []finding.Edit {
	after, err := applyTo(source, append([]finding.Edit(nil), edits...))
	if err != nil {
		return nil
	}
	if KeepsFormat(source, after) {
		return edits
	}
	formatted := hclwrite.Format(after)
	start := lineStart(source, commonPrefix(source, formatted))
	rest := min(len(source), len(formatted)) - start
	tail := commonSuffix(source[len(source)-rest:], formatted[len(formatted)-rest:])
	end := len(source) - tail
	if end > start && source[end-1] != '\n' {
		end = lineEnd(source, end)
		tail = len(source) - end
	}
	return []finding.Edit{{File: edits[0].File, Start: start, End: end, Text: string(formatted[start : len(formatted)-tail])}}
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// fits tells that edits, as they are, leave a file that parses and that keeps its layout.
func (t *target) fits(edits []finding.Edit) bool {
	after, err := applyTo(t.source, append([]finding.Edit(nil), edits...))
	return err == nil && KeepsFormat(t.source, after) && locate(t.file, after, t.block.TypeRange.Start.Byte) != nil
}

// writes tells that after the edits the block has exactly the arguments and blocks that it had, and the named
// one: an edit that ends up in a comment or in another expression is none.
func (t *target) writes(edits []finding.Edit, name string) bool {
	after, err := applyTo(t.source, append([]finding.Edit(nil), edits...))
	if err != nil {
		return false
	}
	edited := locate(t.file, after, t.block.TypeRange.Start.Byte)
	if edited == nil || edited.block.Body.Attributes[name] == nil {
		return false
	}
	for old, attr := range t.block.Body.Attributes {
		now := edited.block.Body.Attributes[old]
		if now == nil || !bytes.Equal(now.Expr.Range().SliceBytes(after), attr.Expr.Range().SliceBytes(t.source)) {
			return false
		}
	}
	return len(edited.block.Body.Attributes) == len(t.block.Body.Attributes)+1 &&
		len(edited.block.Body.Blocks) == len(t.block.Body.Blocks)
}
