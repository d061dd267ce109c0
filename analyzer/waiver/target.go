package waiver

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// target finds the lines that the comment at a token is about, and the block they belong to: the statement that
// it stands behind, else the one right below. A checkov comment inside of a block is about that block.
func (s source) target(comment int, wholeBlock bool) (start, end int, address string) {
	line := s.tokens[comment].Range.Start.Line
	first := s.behind(comment)
	if first < 0 {
		first = s.below(comment)
	}
	top := s.outer[comment]
	if wholeBlock && top >= 0 {
		first = s.lineStart(top)
	}
	if first < 0 {
		return line, line, s.addressOf(top)
	}
	if top < 0 {
		address = s.blockAddress(first)
	} else {
		address = s.addressOf(top)
	}
	return s.tokens[first].Range.Start.Line, s.statementEnd(first), address
}

// behind is the first token of the comment's line if there is code before it; -1 if not.
func (s source) behind(comment int) int {
	if comment == 0 || !s.code(comment-1) || s.tokens[comment-1].Range.End.Line != s.tokens[comment].Range.Start.Line {
		return -1
	}
	return s.lineStart(comment - 1)
}

// code tells a token that is neither a comment nor the end of a line or file.
func (s source) code(i int) bool {
	switch s.tokens[i].Type {
	case hclsyntax.TokenComment, hclsyntax.TokenNewline, hclsyntax.TokenEOF:
		return false
	default:
		return true
	}
}

// lineStart is the first token of the line on which a token begins.
func (s source) lineStart(i int) int {
	for i > 0 && s.code(i-1) && s.tokens[i-1].Range.End.Line == s.tokens[i].Range.Start.Line {
		i--
	}
	return i
}

// below is the first token after the comment and those that follow it directly; -1 behind a blank line and at
// the end of a block.
func (s source) below(comment int) int {
	line := s.tokens[comment].Range.Start.Line
	for i := comment; i < len(s.tokens); i++ {
		token := s.tokens[i]
		switch {
		case token.Range.Start.Line > line+1:
			return -1 // a blank line
		case token.Type == hclsyntax.TokenComment:
			line = token.Range.Start.Line + strings.Count(strings.TrimSuffix(string(token.Bytes), "\n"), "\n")
		case token.Type == hclsyntax.TokenNewline:
			if token.Range.Start.Line > line {
				return -1
			}
		case !s.code(i) || bracket(token) < 0:
			return -1
		default:
			return i
		}
	}
	return -1
}

// statementEnd is the last line of the statement that begins at a token.
func (s source) statementEnd(first int) int {
	end := s.tokens[first].Range.Start.Line
	for i := first; i < len(s.tokens); i++ {
		if closing, opens := s.closing[i]; opens {
			i = closing
		} else if bracket(s.tokens[i]) < 0 {
			break // it began inside of a bracket that ends here
		}
		if !s.code(i) {
			break
		}
		end = s.tokens[i].Range.End.Line
		if s.tokens[i].Range.End.Column == 1 { // a heredoc's last token ends behind its newline
			end--
		}
	}
	return end
}

// addressOf is the address of the block whose bracket is given.
func (s source) addressOf(top int) string {
	if top < 0 {
		return ""
	}
	return s.blockAddress(s.lineStart(top))
}

// blockAddress reads `resource "a" "b"` and the like from its first token.
func (s source) blockAddress(first int) string {
	var words []string
	for i := first; i < len(s.tokens) && len(words) < 4; i++ {
		switch token := s.tokens[i]; token.Type {
		case hclsyntax.TokenIdent, hclsyntax.TokenQuotedLit:
			words = append(words, string(bytes.TrimSpace(token.Bytes)))
			continue
		case hclsyntax.TokenOQuote, hclsyntax.TokenCQuote:
			continue
		}
		break
	}
	switch {
	case len(words) == 3 && words[0] == "resource":
		return words[1] + "." + words[2]
	case len(words) == 3 && words[0] == "data":
		return strings.Join(words, ".")
	case len(words) == 2 && words[0] == "module":
		return "module." + words[1]
	default:
		return ""
	}
}

// resourceType is the type in an address: "aws_kms_key" of "module.a.aws_kms_key.b".
func resourceType(address string) string {
	parts := strings.Split(address, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}
