package fix

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
)

// prependBlock writes a statement block before the first one of the data source that starts at an offset.
func prependBlock(file string, source []byte, start int, s Statement) []finding.Edit {
	if source == nil || strings.HasSuffix(file, ".json") {
		return nil
	}
	t := locate(file, source, start)
	if t == nil || len(t.block.Body.Blocks) == 0 {
		return nil
	}
	effect := false
	first := (*hclsyntax.Block)(nil)
	for _, block := range t.block.Body.Blocks {
		if block.Type == "statement" || block.Type == "dynamic" {
			if first == nil {
				first = block
			}
			effect = effect || block.Body.Attributes["effect"] != nil
		}
	}
	if first == nil {
		return nil
	}
	at := aboveComments(source, lineStart(source, first.TypeRange.Start.Byte))
	indent, nl := indentOf(t.line(first.TypeRange.Start.Byte)), t.newline(first.TypeRange.Start.Byte)
	return settle(source, []finding.Edit{t.edit(at, at, s.block(indent, nl, effect)+nl+nl)})
}

// aboveComments is the start of the comment lines right above a line: they belong to what follows them.
func aboveComments(source []byte, line int) int {
	for line > 0 {
		above := lineStart(source, line-1)
		text := strings.TrimSpace(string(source[above:line]))
		if !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "//") {
			return line
		}
		line = above
	}
	return line
}

// block writes a statement, without its last newline.
func (s Statement) block(indent, nl string, effect bool) string {
	var out strings.Builder
	out.WriteString("statement {\nsid = " + expression(s.Sid) + "\n")
	if effect {
		out.WriteString("effect = \"Allow\"\n")
	}
	out.WriteString("actions = [" + expressions(s.Actions) + "]\nresources = [\"*\"]\n\nprincipals {\ntype = \"" + s.principalType() + "\"\n")
	out.WriteString("identifiers = [" + expression(s.Principal) + "]\n}\n")
	for _, c := range s.Conditions {
		out.WriteString("\n" + c.block())
	}
	return indented(out.String()+"}\n", indent, nl)
}

func (c Condition) block() string {
	return "condition {\ntest = " + expression(c.Test) + "\nvariable = " + expression(c.Key) + "\nvalues = [" + expression(c.Value) + "]\n}\n"
}

func expressions(templates []string) string {
	var all []string
	for _, t := range templates {
		all = append(all, expression(t))
	}
	return strings.Join(all, ", ")
}

// indented formats text and moves it to the right; without its last newline.
func indented(text, indent, nl string) string {
	lines := strings.Split(strings.TrimSuffix(string(hclwrite.Format([]byte(text))), "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = indent + line
		}
	}
	return strings.Join(lines, nl)
}

// statementBlock finds the block of a statement; nil where it is not written as one, but made by a dynamic block.
func (p Policies) statementBlock(s policy.Statement) (*target, *hclsyntax.Block) {
	if s.Resource == nil || !s.Resource.Native() {
		return nil, nil
	}
	file := s.Resource.File()
	source := p.Source(file)
	if source == nil {
		return nil, nil
	}
	t := locate(file, source, s.Resource.Header().Start.Byte)
	if t == nil {
		return nil, nil
	}
	for _, block := range t.block.Body.Blocks {
		own := block.Type == "statement" && block.OpenBraceRange.Start.Line != block.CloseBraceRange.Start.Line
		if own && block.TypeRange.Start.Byte <= s.Range.Start.Byte && s.Range.Start.Byte < block.CloseBraceRange.Start.Byte {
			return t, block
		}
	}
	return nil, nil
}

// restrictBlock adds a condition block at the end of a statement.
func (p Policies) restrictBlock(s policy.Statement, c Condition) []finding.Edit {
	t, block := p.statementBlock(s)
	if t == nil {
		return nil
	}
	at := lineStart(t.source, block.CloseBraceRange.Start.Byte)
	if strings.TrimSpace(string(t.source[at:block.CloseBraceRange.Start.Byte])) != "" {
		return nil
	}
	nl := t.newline(at)
	indent := indentOf(t.line(block.CloseBraceRange.Start.Byte)) + t.step(block)
	text := indented(c.block(), indent, nl) + nl
	if above := strings.TrimSpace(t.line(at - 1)); above != "" {
		text = nl + text
	}
	return settle(t.source, []finding.Edit{t.edit(at, at, text)})
}

// step is what the inside of a nested block is indented by.
func (t *target) step(block *hclsyntax.Block) string {
	outer := indentOf(t.line(block.TypeRange.Start.Byte))
	for _, attr := range block.Body.Attributes {
		if step, ok := strings.CutPrefix(indentOf(t.line(attr.NameRange.Start.Byte)), outer); ok && step != "" {
			return step
		}
	}
	return "  "
}

// separateBlock moves actions into a statement block of their own behind the one that has them.
func (p Policies) separateBlock(s policy.Statement, actions []policy.Text, into Statement) []finding.Edit {
	t, block := p.statementBlock(s)
	if t == nil || block.Body.Attributes["actions"] == nil || block.Body.Attributes["resources"] == nil {
		return nil
	}
	edits := without(t.file, t.source, s.Actions, actions, false)
	if edits == nil {
		return nil
	}
	var out bytes.Buffer
	out.WriteString("statement {\nsid = " + expression(into.Sid) + "\n")
	if effect := block.Body.Attributes["effect"]; effect != nil {
		out.WriteString("effect = \"Allow\"\n")
	}
	resources := block.Body.Attributes["resources"].Expr.Range().SliceBytes(t.source)
	out.WriteString("actions = [" + expressions(quotedTexts(t.source, actions)) + "]\nresources = " + string(resources) + "\n")
	for _, inner := range block.Body.Blocks {
		if inner.Type != "principals" {
			return nil
		}
		out.WriteString("\n" + string(t.source[inner.TypeRange.Start.Byte:inner.CloseBraceRange.End.Byte]) + "\n")
	}
	for _, c := range into.Conditions {
		out.WriteString("\n" + c.block())
	}
	out.WriteString("}\n")
	end := block.CloseBraceRange.End.Byte
	nl := t.newline(end)
	text := indented(strings.ReplaceAll(out.String(), "\r\n", "\n"), indentOf(t.line(block.TypeRange.Start.Byte)), nl)
	return settle(t.source, append(edits, t.edit(end, end, nl+nl+text)))
}
