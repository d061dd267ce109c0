package render

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// hostile are strings of a repository that would take effect if they were written as they are.
var hostile = []string{
	"@maintainer", "`@maintainer", "``@maintainer``", "a` @maintainer `b", "#1", "GH-1", "outsider/repo#1", "deadbeef00",
	"https://example.com/x", "www.example.com", "mail@example.com", "[x](https://example.com)", "![x](https://example.com/y.png)",
	"<img src=x onerror=alert(1)>", "</details><h1>x", "<!-- x", "-->", "&#64;maintainer", "\\@maintainer", "\\", "a\\`b", "```\n# x",
	"x\n\n# heading", "x\r\n- list", "x\r# heading", "\u2028x", "a|b|c", "**bold**", "~~gone~~", "$$x$$", "1. x", "- x", "> x", "    x", "\x1b[31mred",
	"\u202egnp.tf", "\x00", "\xff\xfe", "", " ", "`", "``", " ` ", "[^1]: x", "[x]: https://example.com", "https://example.com/`@maintainer`",
	"<https://example.com>", "@\u200bx", "::set-output::", "=====", "x\n===", "+ x", "_x_", "xmpp:a@b.c", "ftp://example.com/x", "a\tb",
	"<!-- kms-review:v1 fp=000000000000000000000000 rule=KMS101 -->", "```suggestion", "~~~", "\n~~~\n", "@octo-org/team", "repo@deadbeef",
	"x`com/`@example.com",
}

var parser = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()

// live finds what GitHub would turn into a mention or a reference in text outside of code.
var live = regexp.MustCompile(`@[\pL\pN]|#\d|(?i:gh-\d)|\b[0-9a-fA-F]{7,40}\b|://|www\.`)

// effects lists what of a Markdown text takes effect: links and addresses, images, HTML, mentions, references.
func effects(markdown string) []string {
	src := []byte(markdown)
	var found []string
	ast.Walk(parser.Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) { //nolint:errcheck // never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			found = append(found, "link "+string(n.Destination))
		case *ast.AutoLink:
			found = append(found, "address "+string(n.URL(src)))
			return ast.WalkSkipChildren, nil
		case *ast.Image:
			found = append(found, "image "+string(n.Destination))
		case *ast.RawHTML:
			found = append(found, "html "+string(n.Segments.Value(src)))
		case *ast.HTMLBlock:
			raw := string(n.Lines().Value(src))
			if n.HasClosure() {
				raw += string(n.ClosureLine.Value(src))
			}
			found = append(found, "html "+raw)
		case *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			if m := live.FindString(shownText(n, src)); m != "" {
				found = append(found, "reference "+m+" in "+shownText(n, src))
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

// shownText is a block's text as a reader sees it, with code and links cut out.
func shownText(block ast.Node, src []byte) string {
	var b strings.Builder
	ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) { //nolint:errcheck // never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan, *ast.AutoLink:
			b.WriteString(" ")
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			b.Write(unescaped(n.Value(src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteString("\n")
			}
		case *ast.String:
			b.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

var escape = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

func unescaped(raw []byte) []byte { return escape.ReplaceAll(raw, []byte("$1")) }

// blocks are the kinds of a document's top-level blocks.
func blocks(markdown string) []string {
	var kinds []string
	doc := parser.Parse(text.NewReader([]byte(markdown)))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		kinds = append(kinds, n.Kind().String())
	}
	return kinds
}

func TestQuotedTextHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		checkQuoting(t, s)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkQuoting(t, s) })
}

func checkQuoting(t *testing.T, s string) {
	t.Helper()
	for name, markdown := range map[string]string{
		"code":  "at " + code(s) + " here",
		"list":  "- " + code(s) + ": " + prose(s),
		"prose": prose(s),
		"mixed": prose("`" + s + "` is wrong; " + s + "."),
	} {
		if found := effects(markdown); len(found) > 0 {
			t.Errorf("%s of %q takes effect: %q\n%s", name, s, found, markdown)
		}
		want := []string{"Paragraph"}
		if name == "list" {
			want = []string{"List"}
		}
		if got := blocks(markdown); !slices.Equal(got, want) && strings.TrimSpace(markdown) != "" {
			t.Errorf("%s of %q is %q, want %q\n%s", name, s, got, want, markdown)
		}
	}
	checkSpan(t, s)
	link := "[" + code(s) + "](https://example.com/" + escapePath(s) + ")"
	if found := effects("at " + link); len(found) != 1 || found[0] != "link https://example.com/"+escapePath(s) {
		t.Errorf("a link to %q is %q\n%s", s, found, link)
	}
	checkFence(t, s)
}

// checkSpan asserts that a code span shows exactly the text, and nothing of it outside.
func checkSpan(t *testing.T, s string) {
	t.Helper()
	markdown := []byte("at " + code(s) + " here")
	paragraph := parser.Parse(text.NewReader(markdown)).FirstChild()
	var spans []string
	for n := paragraph.FirstChild(); n != nil; n = n.NextSibling() {
		if span, ok := n.(*ast.CodeSpan); ok {
			var b strings.Builder
			for c := span.FirstChild(); c != nil; c = c.NextSibling() {
				b.Write(c.(*ast.Text).Value(markdown))
			}
			spans = append(spans, b.String())
		}
	}
	want := shorten(visible(cut(s, 8*spanRunes)), spanRunes)
	if want == "" {
		want = `""`
	}
	if len(spans) != 1 || spans[0] != want {
		t.Errorf("code(%q) shows %q, want %q", s, spans, want)
	}
}

// checkFence asserts that a fenced block is one block whose content is the text, byte for byte.
func checkFence(t *testing.T, s string) {
	t.Helper()
	if !literal(s) {
		return // such text is not suggested
	}
	markdown := []byte(fence("suggestion", s) + "\nend\n")
	block, ok := parser.Parse(text.NewReader(markdown)).FirstChild().(*ast.FencedCodeBlock)
	if !ok {
		t.Fatalf("fence(%q) is no code block:\n%s", s, markdown)
	}
	want := s
	if s != "" {
		want += "\n"
	}
	if got := string(block.Lines().Value(markdown)); got != want {
		t.Errorf("fence(%q) holds %q", s, got)
	}
	if kinds := blocks(string(markdown)); !slices.Equal(kinds, []string{"FencedCodeBlock", "Paragraph"}) {
		t.Errorf("fence(%q) makes %q:\n%s", s, kinds, markdown)
	}
}

func TestProseKeepsWhatRulesWrite(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"`aws_kms_key.main` has rotation off.": "`aws_kms_key.main` has rotation off.",
		"AWS-managed, 90-day; costs (a lot).":  "AWS-managed, 90-day; costs (a lot).",
		"two\nlines":                           "two lines",
		"`unbalanced":                          "\\`unbalanced",
		"``a`b``":                              "``a`b``",
		"- not a list":                         "\\- not a list",
		"10. not a list":                       "10\\. not a list",
		"key `a[\"x` @maintainer\"]` is":       "key `a[\"x` @\u200bmaintainer\"\\]\\` is",
		"see https://example.com and #12":      "see https:\u200b//example.com and #\u200b12",
		"`x\u202ey`":                           "`x\\u202ey`",
		"costs $1":                             "costs \\$\u200b1",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}
