package render

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/change"
)

func TestAnchor(t *testing.T) {
	t.Parallel()
	hunks := []change.Hunk{
		{OldStart: 10, OldLines: 7, NewStart: 10, NewLines: 7, Added: []int{13}, Removed: []int{13}}, // 10..16
		{OldStart: 40, OldLines: 7, NewStart: 40, NewLines: 6, Removed: []int{43}},                   // 40..45, a line gone before 43
	}
	for name, c := range map[string]struct {
		f           finding.Finding
		hunks       []change.Hunk
		start, line int
		note, none  bool
		left        bool
	}{
		"changed line":                 {f: finding.Finding{StartLine: 13, EndLine: 13}, line: 13},
		"context line":                 {f: finding.Finding{StartLine: 10, EndLine: 10}, line: 10},
		"last line of a hunk":          {f: finding.Finding{StartLine: 16, EndLine: 16}, line: 16},
		"range in one hunk":            {f: finding.Finding{StartLine: 11, EndLine: 14}, start: 11, line: 14},
		"range over the end":           {f: finding.Finding{StartLine: 15, EndLine: 18}, line: 15},
		"long range":                   {f: finding.Finding{StartLine: 10, EndLine: 44}, line: 10},
		"nearest changed line":         {f: finding.Finding{StartLine: 8, EndLine: 8, BlockStart: 8, BlockEnd: 20}, line: 13, note: true},
		"nearest of two":               {f: finding.Finding{StartLine: 36, EndLine: 36, BlockStart: 5, BlockEnd: 50}, line: 43, note: true},
		"removed line":                 {f: finding.Finding{StartLine: 38, EndLine: 38, BlockStart: 38, BlockEnd: 48}, line: 43, note: true},
		"block without a changed line": {f: finding.Finding{StartLine: 8, EndLine: 8, BlockStart: 8, BlockEnd: 12}, none: true},
		"outside":                      {f: finding.Finding{StartLine: 30, EndLine: 32}, none: true},
		"just behind a hunk":           {f: finding.Finding{StartLine: 17, EndLine: 17}, none: true},
		"no patch":                     {f: finding.Finding{StartLine: 13, EndLine: 13}, hunks: []change.Hunk{}, none: true},
		"removed file":                 {f: finding.Finding{StartLine: 1, EndLine: 1}, hunks: []change.Hunk{{OldStart: 1, OldLines: 3, Removed: []int{1, 2, 3}}}, none: true},
		"removed lines":                {f: finding.Finding{StartLine: 42, EndLine: 44, AtBase: true}, start: 42, line: 44, left: true},
		"removed, over the end":        {f: finding.Finding{StartLine: 46, EndLine: 48, AtBase: true}, line: 46, left: true},
		"removed, outside":             {f: finding.Finding{StartLine: 30, EndLine: 31, AtBase: true}, none: true},
		"all of a removed file":        {f: finding.Finding{StartLine: 1, EndLine: 3, AtBase: true}, hunks: []change.Hunk{{OldStart: 1, OldLines: 3, Removed: []int{1, 2, 3}}}, start: 1, line: 3, left: true},
		"no line":                      {f: finding.Finding{}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.hunks == nil {
				c.hunks = hunks
			}
			got, ok := anchorFor(c.f, change.File{Path: "main.tf", Hunks: c.hunks})
			if ok == c.none || got.start != c.start || got.line != c.line || (got.note != "") != c.note || got.left != c.left {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func TestTouched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patch string
		want  []int
	}{
		"added":               {"@@ -1,2 +1,3 @@\n a\n+b\n c\n", []int{2}},
		"removed":             {"@@ -1,3 +1,2 @@\n a\n-b\n c\n", []int{2}},
		"replaced":            {"@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", []int{2}},
		"removed at the end":  {"@@ -1,2 +1,1 @@\n a\n-b\n", nil},
		"removed, then added": {"@@ -5,4 +5,4 @@\n a\n-b\n c\n+d\n e\n", []int{6, 7}},
	} {
		hunks, err := change.ParseHunks([]byte(c.patch))
		if err != nil {
			t.Fatal(err)
		}
		if got := touched(hunks[0]); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSuggestion(t *testing.T) {
	t.Parallel()
	const block = "```suggestion\n"
	for name, c := range map[string]struct {
		edit        func(in *input, f *finding.Finding)
		start, line int
		body        []string
		not         []string
	}{
		"one line": {line: 3, body: []string{block + "  enable_key_rotation = true\n```\n"}, not: []string{"```diff"}},
		"two lines": {
			edit: func(_ *input, f *finding.Finding) {
				f.Suggestion.StartLine = 2
				f.Suggestion.Replacement = "  a = 1\n  b = 2\n  c = 3"
			},
			start: 2, line: 3, body: []string{block + "  a = 1\n  b = 2\n  c = 3\n```\n"},
		},
		"deletion":   {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "" }, line: 3, body: []string{block + "```\n"}},
		"empty line": {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "\n" }, line: 3, body: []string{block + "\n\n```\n"}},
		"backticks":  {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "  # ```` x" }, line: 3, body: []string{"`````suggestion\n  # ```` x\n`````\n"}},
		"tabs and blanks": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "\tx = 1  " }, line: 3, body: []string{block + "\tx = 1  \n```\n"},
		},
		"other lines of the block": {
			edit: func(_ *input, f *finding.Finding) { f.StartLine, f.EndLine = 1, 1 }, line: 3,
			body: []string{block, "The problem is at [`main.tf:1`]", "its cure is here"},
		},
		"outside of the hunks": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.StartLine, f.Suggestion.EndLine = 6, 6 }, line: 3,
			body: []string{"```diff\n-resource", "[`main.tf:6`](https://github.com/acme/infra/blob/" + headSHA + "/main.tf#L6)"}, not: []string{block},
		},
		"over two hunks": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.EndLine = 8 }, line: 3, body: []string{"```diff\n"}, not: []string{block},
		},
		"file that is not in the diff": {
			edit: func(_ *input, f *finding.Finding) {
				f.Suggestion.File, f.Suggestion.StartLine, f.Suggestion.EndLine = "variables.tf", 2, 2
			}, line: 3,
			body: []string{"```diff\n-  default = false\n+  enable_key_rotation = true\n```"}, not: []string{block},
		},
		"carriage returns in the file": {
			edit: func(in *input, _ *finding.Finding) {
				in.change.Head = fstest.MapFS{"main.tf": {Data: []byte(strings.ReplaceAll(mainTF, "\n", "\r\n"))}}
			}, line: 3, body: []string{"by hand", "```diff\n-  enable_key_rotation = false\n+  enable_key_rotation = true\n```"}, not: []string{block, "\r"},
		},
		"carriage return in the text": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement += "\r" }, line: 3, body: []string{"```diff\n"}, not: []string{block, "\r"},
		},
		"control character": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "  x = \"\x1b\"" }, line: 3, body: []string{`+  x = "\x1b"`}, not: []string{block, "\x1b"},
		},
		"invalid UTF-8": {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "\xff" }, line: 3, body: []string{"```diff\n", `\xff`}, not: []string{block}},
		"no change":     {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = "  enable_key_rotation = false" }, line: 3, not: []string{block}},
		"behind the end": {
			edit: func(_ *input, f *finding.Finding) { f.Suggestion.StartLine, f.Suggestion.EndLine = 90, 90 }, line: 3, not: []string{block},
		},
		"very long":              {edit: func(_ *input, f *finding.Finding) { f.Suggestion.Replacement = strings.Repeat("x", 70000) }, line: 3, body: []string{"too long"}, not: []string{block}},
		"file that was not read": {edit: func(in *input, _ *finding.Finding) { in.change.Head = nil }, line: 3, not: []string{block}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			if c.edit != nil {
				c.edit(&in, &in.report.Findings[0])
			}
			comment := in.render().Comments[0]
			if comment.StartLine != c.start || comment.Line != c.line {
				t.Errorf("stands on %d-%d, want %d-%d", comment.StartLine, comment.Line, c.start, c.line)
			}
			for _, want := range c.body {
				if !strings.Contains(comment.Body, want) {
					t.Errorf("%q is missing in:\n%s", want, comment.Body)
				}
			}
			for _, not := range c.not {
				if strings.Contains(comment.Body, not) {
					t.Errorf("%q is in:\n%s", not, comment.Body)
				}
			}
		})
	}
}

// GitHub refuses a batch with two suggestions on one line.
func TestOneSuggestionPerLine(t *testing.T) {
	t.Parallel()
	in := newInput()
	second := rotation()
	second.Rule, second.Name, second.Severity = "KMS103", "rotation-period-ineffective", finding.Medium
	second.Fingerprint = finding.Fingerprint("KMS103", ".", "aws_kms_key.main", "", "")
	second.Suggestion = &finding.Suggestion{File: "main.tf", StartLine: 2, EndLine: 3, Replacement: "  x = 1"}
	in.report.Findings = append(in.report.Findings, second)
	got := in.render()
	if n := strings.Count(got.Comments[0].Body, "```suggestion"); n != 1 {
		t.Errorf("the worst finding has %d suggestions, want 1", n)
	}
	for _, c := range got.Comments[1:] {
		if strings.Contains(c.Body, "```suggestion") {
			t.Errorf("a second suggestion on the same lines:\n%s", c.Body)
		}
	}
}
