package policy

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// source is a configuration file whose lines can be found.
type source struct {
	text  []byte
	lines []int // where each line starts
}

func newSource(text []byte) *source {
	s := &source{text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

func (s *source) pos(offset int) hcl.Pos {
	offset = min(offset, len(s.text))
	line := sort.SearchInts(s.lines, offset+1) - 1
	return hcl.Pos{Line: line + 1, Column: utf8.RuneCount(s.text[s.lines[line]:offset]) + 1, Byte: offset}
}

// aligned finds for each byte of a template's literal the byte of the file that it comes from. Between the two
// lie escapes in a quoted template, indentation in a heredoc, and "$${" in both. ok is false where the text does
// not come from there after all.
func (s *source) aligned(literal string, at hcl.Range) (offsets []int, ok bool) {
	start := at.Start.Byte
	if start < 0 || start > len(s.text) {
		return nil, false
	}
	rest := s.text[start:]
	switch {
	case bytes.HasPrefix(rest, []byte("<<")):
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return nil, false
		}
		return s.align(literal, start+end+1, false)
	case bytes.HasPrefix(rest, []byte(`"`)) && !strings.HasPrefix(literal, `"`):
		return s.align(literal, start+1, true)
	}
	if offsets, ok = s.align(literal, start, true); ok {
		return offsets, true
	}
	blanks := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n"))
	for skipped := 0; skipped <= min(blanks, maxBlanks); skipped++ { // "~}" takes some away
		if offsets, ok = s.align(literal, start+skipped, false); ok {
			return offsets, true
		}
	}
	return nil, false
}

// maxBlanks bounds the white space that is looked for before a literal.
const maxBlanks = 100

func (s *source) align(literal string, i int, quoted bool) (offsets []int, ok bool) {
	offsets = make([]int, 0, len(literal)+1)
	indent := !quoted // nothing but blanks since the line began
	for j := 0; j < len(literal); {
		if i >= len(s.text) {
			return nil, false
		}
		width, from := 1, 1
		switch c := s.text[i]; {
		case quoted && c == '\\':
			if width, from = escape(s.text[i:], literal[j:]); width == 0 {
				return nil, false
			}
		case c == literal[j]:
		case (c == '$' || c == '%') && literal[j] == '{' && i > 0 && s.text[i-1] == c:
			i++ // the second of "$${"
			continue
		case indent && (c == ' ' || c == '\t'), c == '\r':
			i++
			continue
		default:
			return nil, false
		}
		indent = !quoted && (s.text[i] == '\n' || indent && (s.text[i] == ' ' || s.text[i] == '\t'))
		for range width {
			offsets = append(offsets, i)
		}
		i, j = i+from, j+width
	}
	return append(offsets, i), true
}

// escape tells how many bytes of the literal an escape of the file made, and from how many.
func escape(text []byte, literal string) (width, from int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch c := text[1]; c {
	case 'u', 'U':
		_, width = utf8.DecodeRuneInString(literal)
		from = 6
		if c == 'U' {
			from = 10
		}
		return width, from
	default:
		made := map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\'}[c]
		if made == 0 || made != literal[0] {
			return 0, 0
		}
		return 1, 2
	}
}
