package fix

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Rewrite changes what a file says in a range on one line, in any notation: a string with or without its quotes, in a
// heredoc or not. nil where change gives back what it was given.
func Rewrite(source []byte, at hcl.Range, change func(text string) string) []finding.Edit {
	if source == nil || !at.CanSliceBytes(source) || strings.HasSuffix(at.Filename, ".json") {
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
