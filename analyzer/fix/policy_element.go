package fix

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Rewrite changes what a file says in a range on one line, in any notation: a string with or without its quotes, in a
// heredoc or not. nil where change gives back what it was given.
func Rewrite(source []byte, at hcl.Range, change func(text string) string) []finding.Edit {
	if source == nil || !at.CanSliceBytes(source) || terraform.IsConfig(at.Filename) && strings.HasSuffix(at.Filename, ".json") {
		return nil
	}
	text := string(at.SliceBytes(source))
	changed := change(text)
	if changed == text || strings.Contains(text, "\n") {
		return nil
	}
	return settle(source, []finding.Edit{{File: at.Filename, Start: at.Start.Byte, End: at.End.Byte, Text: changed}})
}

// Quote makes a string of a number in a policy.
func Quote(source []byte, at hcl.Range) []finding.Edit {
	quote := `"`
	if escaped(source, at.Start.Byte) {
		quote = `\"`
	}
	return Rewrite(source, at, func(text string) string {
		if strings.Trim(text, "-+.0123456789eE") != "" {
			return text // a reference to the number
		}
		return quote + text + quote
	})
}

// escaped tells that an offset lies in a quoted text, in which JSON's own quotes have a backslash.
func escaped(source []byte, at int) bool {
	line := source[lineStart(source, at):min(at, len(source))]
	return bytes.Contains(line, []byte(`\"`))
}

// Element is what a statement is to have: its name in JSON and in a data source, and the only text in it.
type Element struct{ JSON, Block, Text string }

// Add writes an element into a statement that does not have it: at the end of an object, and behind the actions of a
// block.
func (p Policies) Add(s policy.Statement, e Element) []finding.Edit {
	if s.Notation == policy.Block {
		return p.addArgument(s, e)
	}
	o := p.object(s)
	if o == nil {
		return nil
	}
	m := member{e.JSON, node{text: e.Text}}
	if o.json {
		return o.settled([]finding.Edit{o.addJSON(o.lastIn(o.end), o.lastIn(o.end), m)})
	}
	if edit, ok := o.add(o.expr, m); ok {
		return o.settled([]finding.Edit{edit})
	}
	return nil
}

// addArgument adds a line to the block of a statement.
func (p Policies) addArgument(s policy.Statement, e Element) []finding.Edit {
	t, block := p.statementBlock(s)
	if t == nil || block.Body.Attributes[e.Block] != nil {
		return nil
	}
	anchor := block.Body.Attributes["actions"]
	if anchor == nil {
		anchor = block.Body.Attributes["not_actions"]
	}
	if anchor == nil {
		return nil
	}
	end := anchor.SrcRange.End.Byte
	line := t.newline(end) + indentOf(t.line(anchor.SrcRange.Start.Byte)) + e.Block + " = [" + expression(e.Text) + "]"
	end = lineStart(t.source, end) + len(t.line(end))
	return settle(t.source, []finding.Edit{t.edit(end, end, line)})
}
