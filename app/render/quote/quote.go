// Package quote owns how words of a repository are written into Markdown and onto pages so that nothing of them takes
// effect: no mention, no reference, no link, no HTML, no formula, no line of their own.
package quote

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// zeroWidthSpace takes the effect from @mentions, #references and addresses: GitHub finds them in the rendered
// text, where a backslash or an entity has already gone.
const zeroWidthSpace = "\u200b"

// spanRunes bounds a code span: a path or an instance key of a megabyte must not push everything else out.
const spanRunes = 240

// Visible shows control, format and line-separating characters as escapes, so that text of one line stays on it
// and looks as it is. Bytes that are no UTF-8 become \xNN.
func Visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// Cut keeps the first bytes of s, up to a limit, and marks the cut.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// Shorten cuts s to max runes and marks the cut.
func Shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}

// Code quotes s as a code span of one line. The fence is longer than any run of backticks in s.
// In a cell of a table it is CodeCell.
func Code(s string) string {
	s = Shorten(Visible(Cut(s, 8*spanRunes)), spanRunes)
	if s == "" {
		s = `""`
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	atEnds := strings.ContainsAny(s[:1]+s[len(s)-1:], "` ")
	if strings.Trim(s, " ") != "" && (atEnds || strings.Contains(s, "@")) {
		// One blank on each side is not shown. It ends what stands before the span: some parsers look for
		// mail addresses across the fence.
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// CodeCell is Code for a cell of a table, where GitHub splits at a pipe even inside a code span. A backslash keeps it
// from that and is not shown: https://github.github.com/gfm/#example-200
func CodeCell(s string) string { return strings.ReplaceAll(Code(s), "|", `\|`) }

// Line is a line of a file as it is shown: tabs kept, other control characters visible.
func Line(s string) string {
	parts := strings.Split(s, "\t")
	for i, part := range parts {
		parts[i] = Visible(part)
	}
	return strings.Join(parts, "\t")
}

// Fence quotes text as a fenced code block, byte for byte.
func Fence(info, text string) string {
	ticks := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	if text != "" {
		text += "\n"
	}
	return ticks + info + "\n" + text + ticks + "\n"
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// Prose renders a sentence that may hold code spans and, between them, words from a repository: code spans are
// fenced anew, everything else is text without effect. The result is one line.
func Prose(s string) string {
	s = strings.TrimSpace(s)
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '`')
		if open < 0 {
			break
		}
		b.WriteString(Inert(s[:open]))
		run := len(s[open:]) - len(strings.TrimLeft(s[open:], "`"))
		rest := s[open+run:]
		end := closing(rest, run)
		if end < 0 {
			b.WriteString(strings.Repeat("\\`", run))
			s = rest
			continue
		}
		b.WriteString(Code(strings.TrimSpace(rest[:end])))
		s = rest[end+run:]
	}
	b.WriteString(Inert(s))
	return blockStart.ReplaceAllString(b.String(), `$1\$2`)
}

// closing finds a run of exactly n backticks.
func closing(s string, n int) int {
	for i := 0; i < len(s); {
		if s[i] != '`' {
			i++
			continue
		}
		run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if run == n {
			return i
		}
		i += run
	}
	return -1
}

var (
	// blockStart is what would begin a list, a rule or a heading's underline at the start of a line.
	blockStart = regexp.MustCompile(`^(\d*)([-+=.)])`)
	// references are what GitHub turns into links besides @ and #.
	references = regexp.MustCompile(`(?i)(gh-)(\d)|(:)(//)|(www)(\.)`)
	// commit is what GitHub may link as a commit: seven hexadecimal digits or more.
	commit = regexp.MustCompile(`(?i)\b[0-9a-f]{7,}\b`)
	six    = regexp.MustCompile(`.{6}`)
)

// Inert takes every effect from text: Markdown, HTML, mentions, references, addresses, formulas.
func Inert(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	s = references.ReplaceAllString(Visible(s), "$1$3$5"+zeroWidthSpace+"$2$4$6")
	s = commit.ReplaceAllStringFunc(s, func(run string) string { return six.ReplaceAllString(run, "$0"+zeroWidthSpace) })
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\*_{}[]<>|~&!", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '$':
			b.WriteString(`\$` + zeroWidthSpace)
		case r == '@' || r == '#':
			b.WriteRune(r)
			b.WriteString(zeroWidthSpace)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Path percent-encodes a path for a URL inside of Markdown, slashes kept: everything besides the
// unreserved characters, so that no bracket, quote or space ends the link.
func Path(path string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(unreserved, path[i]) >= 0 {
			b.WriteByte(path[i])
			continue
		}
		b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(path[i])|0x100, 16)[1:]))
	}
	return b.String()
}

// Literal tells whether text survives JSON, Markdown and a browser byte for byte.
func Literal(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f })
}
