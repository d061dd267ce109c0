package quote

import (
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

var parser = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()

func TestQuotedTextHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, s := range quotetest.Hostile() {
		checkQuoting(t, s)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range quotetest.Hostile() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkQuoting(t, s) })
}

func checkQuoting(t *testing.T, s string) {
	t.Helper()
	for name, markdown := range map[string]string{
		"code":  "at " + Code(s) + " here",
		"list":  "- " + Code(s) + ": " + Prose(s),
		"prose": Prose(s),
		"mixed": Prose("`" + s + "` is wrong; " + s + "."),
	} {
		if found := quotetest.Effects(t, markdown); len(found) > 0 {
			t.Errorf("%s of %q takes effect: %q\n%s", name, s, found, markdown)
		}
		want := []string{"Paragraph"}
		if name == "list" {
			want = []string{"List"}
		}
		if got := quotetest.Blocks(t, markdown); !slices.Equal(got, want) && strings.TrimSpace(markdown) != "" {
			t.Errorf("%s of %q is %q, want %q\n%s", name, s, got, want, markdown)
		}
	}
	checkSpan(t, s)
	link := "[" + Code(s) + "](https://example.com/" + Path(s) + ")"
	if found := quotetest.Effects(t, "at "+link); len(found) != 1 || found[0] != "link https://example.com/"+Path(s) {
		t.Errorf("a link to %q is %q\n%s", s, found, link)
	}
	checkFence(t, s)
	checkRow(t, s)
}

// checkRow asserts that a row of a table has the cells that were written, with nothing of the text at work.
func checkRow(t *testing.T, s string) {
	t.Helper()
	markdown := []byte("| a | b | c |\n|---|---|---|\n| " + CodeCell(s) + " | " + Inert(s) + " | end |\n| x | y | z |\n")
	if found := quotetest.Effects(t, string(markdown)); len(found) > 0 {
		t.Errorf("a row with %q takes effect: %q\n%s", s, found, markdown)
	}
	table, ok := parser.Parse(text.NewReader(markdown)).FirstChild().(*extast.Table)
	if !ok || table.NextSibling() != nil || table.ChildCount() != 3 {
		t.Fatalf("a row with %q breaks the table:\n%s", s, markdown)
	}
	row := table.FirstChild().NextSibling()
	if last := string(row.LastChild().(*extast.TableCell).Text(markdown)); last != "end" || row.ChildCount() != 3 { //nolint:staticcheck // one segment of plain text
		t.Errorf("a row with %q has %d cells, the last one %q\n%s", s, row.ChildCount(), last, markdown)
	}
	if span, ok := row.FirstChild().FirstChild().(*ast.CodeSpan); !ok || span.NextSibling() != nil {
		t.Errorf("the first cell with %q is no code span\n%s", s, markdown)
	}
}

// checkSpan asserts that a code span shows exactly the text, and nothing of it outside.
func checkSpan(t *testing.T, s string) {
	t.Helper()
	markdown := []byte("at " + Code(s) + " here")
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
	want := Shorten(Visible(Cut(s, 8*spanRunes)), spanRunes)
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
	if !Literal(s) {
		return // such text is not suggested
	}
	markdown := []byte(Fence("suggestion", s) + "\nend\n")
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
	if kinds := quotetest.Blocks(t, string(markdown)); !slices.Equal(kinds, []string{"FencedCodeBlock", "Paragraph"}) {
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
		if got := Prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}
