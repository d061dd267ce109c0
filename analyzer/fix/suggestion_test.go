package fix_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
)

func TestSuggestion(t *testing.T) {
	t.Parallel()
	edit := func(start, end int, text string) finding.Edit {
		return finding.Edit{File: "a.tf", Start: start, End: end, Text: text}
	}
	for name, c := range map[string]struct {
		source string
		edits  []finding.Edit
		want   finding.Suggestion
	}{
		"within a line":             {"ab\ncd\nef\n", []finding.Edit{edit(3, 4, "X")}, finding.Suggestion{StartLine: 2, EndLine: 2, Replacement: "Xd"}},
		"behind a line":             {"ab\ncd\n", []finding.Edit{edit(2, 2, "\nnew")}, finding.Suggestion{StartLine: 1, EndLine: 1, Replacement: "ab\nnew"}},
		"at the start of a line":    {"ab\ncd\n", []finding.Edit{edit(3, 3, "new\n")}, finding.Suggestion{StartLine: 2, EndLine: 2, Replacement: "new\ncd"}},
		"at the end of the file":    {"ab\ncd\n", []finding.Edit{edit(6, 6, "new\n")}, finding.Suggestion{StartLine: 2, EndLine: 2, Replacement: "cd\nnew"}},
		"a line deleted":            {"ab\ncd\nef\n", []finding.Edit{edit(3, 6, "")}, finding.Suggestion{StartLine: 2, EndLine: 2, Replacement: ""}},
		"everything deleted":        {"ab\ncd\n", []finding.Edit{edit(0, 6, "")}, finding.Suggestion{StartLine: 1, EndLine: 2, Replacement: ""}},
		"a line made blank":         {"ab\ncd\nef\n", []finding.Edit{edit(3, 5, "")}, finding.Suggestion{StartLine: 2, EndLine: 3, Replacement: "\nef"}},
		"the last line made blank":  {"ab\ncd\n", []finding.Edit{edit(3, 5, "")}, finding.Suggestion{StartLine: 1, EndLine: 2, Replacement: "ab\n"}},
		"lines joined":              {"ab\ncd\nef\n", []finding.Edit{edit(2, 3, "")}, finding.Suggestion{StartLine: 1, EndLine: 2, Replacement: "abcd"}},
		"two edits":                 {"ab\ncd\nef\n", []finding.Edit{edit(6, 7, "X"), edit(0, 1, "Y")}, finding.Suggestion{StartLine: 1, EndLine: 3, Replacement: "Yb\ncd\nXf"}},
		"no newline at the end":     {"ab\ncd", []finding.Edit{edit(3, 5, "X")}, finding.Suggestion{StartLine: 2, EndLine: 2, Replacement: "X"}},
		"carriage returns are kept": {"ab\r\ncd\r\n", []finding.Edit{edit(2, 2, "\r\nnew")}, finding.Suggestion{StartLine: 1, EndLine: 1, Replacement: "ab\r\nnew"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fix.Suggestion([]byte(c.source), c.edits)
			if err != nil {
				t.Fatal(err)
			}
			c.want.File = "a.tf"
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, edits := range map[string][]finding.Edit{
		"no edits":           nil,
		"two files":          {edit(0, 1, ""), {File: "b.tf"}},
		"overlapping":        {edit(0, 2, "x"), edit(1, 3, "y")},
		"outside":            {edit(0, 9, "x")},
		"only a blank line ": {edit(0, 2, "")},
	} {
		if got, err := fix.Suggestion([]byte("ab\n"), edits); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
