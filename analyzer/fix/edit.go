// Package fix owns edits of configuration files that keep everything else as it is, and the proof that an edit
// cures: it is applied, the file parsed and formatted, and the rules run again before anybody sees it.
package fix

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Set gives an argument of a resource a literal value, where current is what the argument says now. The literal
// that current came from is replaced, wherever it stands (a variable's default, a var file); an argument that
// is not written is inserted into the block. The result is nil where an edit could only guess: JSON syntax, or
// a value that an expression computes.
func Set(r *terraform.Resource, name string, current terraform.Value, literal string) []finding.Edit {
	return SetIn(r, r.Header(), name, current, literal)
}

// SetIn is Set for an argument of a nested block of the resource, which is named by its header.
func SetIn(r *terraform.Resource, header hcl.Range, name string, current terraform.Value, literal string) []finding.Edit {
	switch {
	case current.Origin.Filename != "":
		return replace(current.Origin, r.SourceOf(current.Origin), literal)
	case current.Absent() && current.Range.Filename == "" && header.Filename == r.File() && r.Native():
		return insert(r.File(), r.Source(), header.Start.Byte, name, literal)
	default:
		return nil
	}
}

// Remove takes arguments out of a resource's block, each with its whole lines and the comment at their end.
// Names that the block does not write are passed over; nil where nothing can be removed.
func Remove(r *terraform.Resource, names ...string) []finding.Edit {
	if !r.Native() {
		return nil
	}
	return remove(r.File(), r.Source(), r.Header().Start.Byte, names)
}

// replace puts a literal in the place of another one on one line.
func replace(at hcl.Range, source []byte, literal string) []finding.Edit {
	if source == nil || strings.HasSuffix(at.Filename, ".json") || !at.CanSliceBytes(source) ||
		bytes.ContainsRune(at.SliceBytes(source), '\n') {
		return nil
	}
	return settle(source, []finding.Edit{{File: at.Filename, Start: at.Start.Byte, End: at.End.Byte, Text: literal}})
}

// target is the block of a file that is edited. The file is parsed once more for it: only the parser knows
// where the braces are.
type target struct {
	file   string
	source []byte
	block  *hclsyntax.Block
}

// locate finds the block that starts at an offset, at the top or nested; nil where there is none.
func locate(file string, source []byte, start int) *target {
	parsed, diags := hclsyntax.ParseConfig(source, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	if block := nestedAt(body, start); block != nil {
		return &target{file: file, source: source, block: block}
	}
	return nil
}

func nestedAt(body *hclsyntax.Body, start int) *hclsyntax.Block {
	for _, block := range body.Blocks {
		switch {
		case block.TypeRange.Start.Byte == start:
			return block
		case block.TypeRange.Start.Byte < start && start < block.CloseBraceRange.Start.Byte:
			return nestedAt(block.Body, start)
		}
	}
	return nil
}

func (t *target) edit(start, end int, text string) finding.Edit {
	return finding.Edit{File: t.file, Start: start, End: end, Text: text}
}

// newline is the line ending of the line that an offset lies in.
func (t *target) newline(at int) string {
	if bytes.HasSuffix(t.source[:lineEnd(t.source, at)], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// line is the text of the line around an offset, without its ending.
func (t *target) line(at int) string {
	return strings.TrimRight(string(t.source[lineStart(t.source, at):lineEnd(t.source, at)]), "\r\n")
}

// oneLine tells a block that opens and closes on one line.
func (t *target) oneLine() bool {
	return t.block.OpenBraceRange.Start.Line == t.block.CloseBraceRange.Start.Line
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }
