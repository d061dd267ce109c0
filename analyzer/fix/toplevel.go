package fix

import (
	"bytes"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// After writes a block behind that of a resource, with a blank line between. Block ends with a newline; nil where the
// resource is not written in HCL's native syntax.
func After(r *terraform.Resource, block string) []finding.Edit {
	source := r.Source()
	if !r.Native() || r.Range().End.Byte > len(source) {
		return nil
	}
	return []finding.Edit{blockAt(r.File(), source, nextLine(source, r.Range().End.Byte), block)}
}

// InPlaceOf writes a block where the lines [start, end) of the base, in bytes, stood: at the place in head of which the
// text before or behind is the same, else at the end of the file.
func InPlaceOf(file string, base []byte, start, end int, head []byte, block string) []finding.Edit {
	at := len(head)
	before, behind := base[:start], base[nextLine(base, end):]
	switch {
	case bytes.HasPrefix(head, before):
		at = len(before)
	case len(behind) > 0 && bytes.HasSuffix(head, behind):
		at = len(head) - len(behind)
	}
	return []finding.Edit{blockAt(file, head, at, block)}
}

// blockAt is the edit that puts a block at the beginning of a line, apart from what stands around it.
func blockAt(file string, source []byte, at int, block string) finding.Edit {
	before, behind := source[:at], source[at:]
	text := block
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		text = "\n" + text
	}
	if above := bytes.TrimRight(before, " \t\r\n"); len(above) > 0 && bytes.Count(before[len(above):], []byte("\n")) < 2 {
		text = "\n" + text
	}
	if below := bytes.TrimLeft(behind, " \t"); len(bytes.TrimSpace(behind)) > 0 && !bytes.HasPrefix(below, []byte("\n")) && !bytes.HasPrefix(below, []byte("\r\n")) {
		text += "\n"
	}
	if bytes.Contains(source, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return finding.Edit{File: file, Start: at, End: at, Text: text}
}

// nextLine is where the line behind an offset begins.
func nextLine(source []byte, at int) int {
	if n := bytes.IndexByte(source[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(source)
}

// Rename gives a resource another name, and writes a block behind it that says what becomes of the old one. Block ends
// with a newline.
func Rename(r *terraform.Resource, name, block string) []finding.Edit {
	edits := After(r, block)
	t := locate(r.File(), r.Source(), r.Header().Start.Byte)
	if edits == nil || t == nil || len(t.block.LabelRanges) != 2 {
		return nil
	}
	label := t.block.LabelRanges[1]
	return append(edits, t.edit(label.Start.Byte, label.End.Byte, `"`+name+`"`))
}
