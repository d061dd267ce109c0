package page

import (
	"html/template"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a piece of a line of code.
type span struct {
	Text  string
	Class string // of the syntax: "c" comment, "s" string, "k" keyword, "n" name, "v" constant
	Mark  bool   // changed within the line
}

// terraformTokens finds what is coloured in a line of Terraform: comments, strings, constants, and at the start of
// the line the block's type or the attribute's name.
var terraformTokens = regexp.MustCompile(`((?:#|//|/\*).*)|("(?:\\.|[^"\\])*"?)|(\b(?:true|false|null|\d[\d.]*)\b)|([A-Za-z_][\w-]*)`)

var blockTypes = map[string]bool{
	"check": true, "data": true, "dynamic": true, "ephemeral": true, "import": true, "lifecycle": true, "locals": true, "module": true,
	"moved": true, "output": true, "provider": true, "removed": true, "resource": true, "terraform": true, "variable": true,
}

// highlight cuts a line into spans. Lines of files other than Terraform's are one span.
func highlight(file, line string) []span {
	line = visible(line)
	switch path.Ext(file) {
	case ".tf", ".tfvars", ".hcl", ".tofu":
	default:
		return []span{{Text: line}}
	}
	var spans []span
	at := 0
	for _, m := range terraformTokens.FindAllStringSubmatchIndex(line, -1) {
		class := classOf(line, m)
		if class == "" {
			continue
		}
		if m[0] > at {
			spans = append(spans, span{Text: line[at:m[0]]})
		}
		spans = append(spans, span{Text: line[m[0]:m[1]], Class: class})
		at = m[1]
	}
	if at < len(line) || len(spans) == 0 {
		spans = append(spans, span{Text: line[at:]})
	}
	return spans
}

func classOf(line string, m []int) string {
	switch {
	case m[2] >= 0:
		return "c"
	case m[4] >= 0:
		return "s"
	case m[6] >= 0:
		return "v"
	case strings.TrimSpace(line[:m[0]]) != "":
		return ""
	case blockTypes[line[m[0]:m[1]]]:
		return "k"
	case strings.HasPrefix(strings.TrimLeft(line[m[1]:], " \t"), "="):
		return "n"
	}
	return ""
}

// visible shows control and format characters as escapes: a line that overrides the direction of its text would be
// read as another one than Terraform reads.
func visible(s string) string {
	if strings.IndexFunc(s, invisible) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if invisible(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func invisible(r rune) bool {
	return r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// markChange marks what differs between a removed and an added line: without their common start and end. Lines that
// have little in common are left alone, since nothing would stand out.
func markChange(before, after []span) ([]span, []span) {
	a, b := textOfSpans(before), textOfSpans(after)
	head := commonPrefix(a, b)
	tail := commonSuffix(a[head:], b[head:])
	if shared := len(strings.TrimSpace(a[:head])) + tail; shared*3 < min(len(a), len(b)) {
		return before, after
	}
	return mark(before, head, len(a)-tail), mark(after, head, len(b)-tail)
}

func textOfSpans(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// commonPrefix counts bytes up to the end of the last common word, so that "true" and "trust" differ as words.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < max(len(a), len(b)) && (inWord(a, n) || inWord(b, n)) {
		n--
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 && (inWord(a, len(a)-n) || inWord(b, len(b)-n)) {
		n--
	}
	return n
}

// inWord tells whether position n is between two bytes of one word, or inside a character.
func inWord(s string, n int) bool {
	word := func(c byte) bool {
		return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	return n > 0 && n < len(s) && word(s[n-1]) && word(s[n])
}

func mark(spans []span, from, to int) []span {
	var out []span
	at := 0
	for _, s := range spans {
		start, end := at, at+len(s.Text)
		at = end
		for _, part := range [][2]int{{start, min(end, from)}, {max(start, from), min(end, to)}, {max(start, to), end}} {
			if part[0] < part[1] {
				out = append(out, span{Text: s.Text[part[0]-start : part[1]-start], Class: s.Class, Mark: part[0] >= from && part[1] <= to})
			}
		}
	}
	return out
}

// colouredDiff shows a code block in the language "diff".
func colouredDiff(text string) template.HTML {
	var b strings.Builder
	b.WriteString(`<pre class="diff-block"><code>`)
	for line := range strings.Lines(text) {
		class := map[byte]string{'+': "add", '-': "del", '@': "hunk"}[line[0]]
		line = template.HTMLEscapeString(visible(strings.TrimSuffix(line, "\n")))
		b.WriteString(`<span class="` + class + `">` + line + "\n</span>")
	}
	b.WriteString("</code></pre>")
	return template.HTML(b.String()) //nolint:gosec // escaped above
}
