package page

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kms-review/kms-review/app/simulator"
)

// shown writes spans as text: class and text in braces, what is marked in brackets.
func shown(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		text := s.Text
		if s.Class != "" {
			text = "{" + s.Class + " " + text + "}"
		}
		if s.Mark {
			text = "[" + text + "]"
		}
		b.WriteString(text)
	}
	return b.String()
}

func TestHighlight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, line, want string }{
		{"main.tf", `resource "aws_kms_key" "a" {`, `{k resource} {s "aws_kms_key"} {s "a"} {`},
		{"main.tf", `  enable_key_rotation = true # why`, `  {n enable_key_rotation} = {v true} {c # why}`},
		{"main.tf", `  key = aws_kms_key.a.arn`, `  {n key} = aws_kms_key.a.arn`},
		{"main.tf", `  a = "x # \" y"`, `  {n a} = {s "x # \" y"}`},
		{"main.tf", "", ""},
		{"README.md", `resource = true`, `resource = true`},
		{"main.tf", "  a = 1 #\u202e\x1b x", `  {n a} = {v 1} {c #\u202e\x1b x}`},
	} {
		if got := shown(highlight(c.file, c.line)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.line, got, c.want)
		}
	}
}

func TestMarkChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after, wantBefore, wantAfter string }{
		{"a = false", "a = true", "a = [false]", "a = [true]"},
		{"size = 10", "size = 100", "size = [10]", "size = [100]"},
		{"key = one.arn", "key = one.arn # x", "key = one.arn", "key = one.arn[ # x]"},
		{"all new", "something else", "all new", "something else"},
		{"same", "same", "same", "same"},
	} {
		before, after := markChange([]span{{Text: c.before}}, []span{{Text: c.after}})
		if shown(before) != c.wantBefore || shown(after) != c.wantAfter {
			t.Errorf("%q to %q: got %s and %s", c.before, c.after, shown(before), shown(after))
		}
	}
}

func TestReplacementRows(t *testing.T) {
	t.Parallel()
	rows := replacementRows("a.txt", 7, []string{"keep", "old", "end"}, []string{"keep", "new", "more", "end"})
	want := []row{
		{Kind: "same", Old: 7, New: 7}, {Kind: "del", Old: 8}, {Kind: "add", New: 8}, {Kind: "add", New: 9}, {Kind: "same", Old: 9, New: 10},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, w := range want {
		if rows[i].Kind != w.Kind || rows[i].Old != w.Old || rows[i].New != w.New {
			t.Errorf("row %d: %s %d %d, want %s %d %d", i, rows[i].Kind, rows[i].Old, rows[i].New, w.Kind, w.Old, w.New)
		}
	}
}

func TestParseHunk(t *testing.T) {
	t.Parallel()
	got := parseHunk("@@ -3,4 +5,4 @@ section\n same\n-old\n+new\n\\ No newline at end of file")
	want := []simulator.DiffLine{
		{Kind: ' ', Old: 3, New: 5, Text: "same"}, {Kind: '-', Old: 4, Text: "old"}, {Kind: '+', New: 6, Text: "new"},
		{Kind: '\\', Text: " No newline at end of file"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	if parseHunk("no hunk") != nil {
		t.Error("a text that is no hunk has lines")
	}
}

// FuzzHighlight asserts that colouring a line and marking a change in it loses and adds no text.
func FuzzHighlight(f *testing.F) {
	f.Add("  a = \"x\" # y", "  a = \"z\" # y")
	f.Add("resource \"a\" \"b\" {", "")
	f.Add("é = 1", "ê = 1")
	f.Add("\x80 \u202e", "\xff")
	f.Fuzz(func(t *testing.T, before, after string) {
		a, b := markChange(highlight("main.tf", before), highlight("main.tf", after))
		if got := textOfSpans(a); got != visible(before) {
			t.Errorf("%q became %q", before, got)
		}
		if got := textOfSpans(b); got != visible(after) {
			t.Errorf("%q became %q", after, got)
		}
		for _, s := range append(a, b...) {
			if !utf8.ValidString(s.Text) {
				t.Errorf("a character is cut in %q", s.Text)
			}
		}
	})
}

// FuzzParseHunk asserts that numbers only grow, whatever a hunk looks like.
func FuzzParseHunk(f *testing.F) {
	f.Add("@@ -1,2 +1,2 @@\n a\n-b\n+c")
	f.Add("@@ -99999999999999999999 +1 @@\n a")
	f.Add("@@\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		before, after := -1, -1
		for _, l := range parseHunk(text) {
			if l.Old != 0 && l.Old <= before || l.New != 0 && l.New <= after {
				t.Errorf("numbers go back at %+v", l)
			}
			if l.Old != 0 {
				before = l.Old
			}
			if l.New != 0 {
				after = l.New
			}
		}
	})
}
