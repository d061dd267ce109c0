package fix

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Nest writes a block at the end of a nested block of a resource, which is named by its header, with a blank line
// between. Block is written without indentation, and ends with a newline; nil where an edit could only guess.
func Nest(r *terraform.Resource, header hcl.Range, block string) []finding.Edit {
	if header.Filename != r.File() || !r.Native() {
		return nil
	}
	t := locate(r.File(), r.Source(), header.Start.Byte)
	if t == nil || t.oneLine() {
		return nil
	}
	closing := t.block.CloseBraceRange.Start.Byte
	at := lineStart(t.source, closing)
	if strings.TrimSpace(string(t.source[at:closing])) != "" {
		return nil
	}
	nl := t.newline(at)
	text := indented(block, t.indent(), nl) + nl
	if above := strings.TrimSpace(t.line(at - 1)); above != "" && at > lineStart(t.source, t.block.OpenBraceRange.End.Byte) {
		text = nl + text
	}
	return settle(t.source, []finding.Edit{t.edit(at, at, text)})
}
