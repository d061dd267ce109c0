package render

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// suggestionBytes bounds a shown replacement; GitHub's limit for a whole comment is 65,536 characters.
const suggestionBytes = 8 << 10

// lineRange is a range of lines that a one-click suggestion replaces.
type lineRange struct {
	path       string
	start, end int
}

func (r lineRange) overlaps(other lineRange) bool {
	return r.path == other.path && r.start <= other.end && other.start <= r.end
}

// oneClick tells whether a suggestion can be a suggestion block of GitHub's, which replaces exactly the lines of
// its comment: whole lines inside one hunk, text that arrives byte for byte, a real change, and no second
// suggestion on the same lines, since GitHub refuses a batch with two.
func (p *page) oneClick(s *finding.Suggestion, taken []lineRange) bool {
	if s == nil || !showable(s) || !quote.Literal(s.Replacement) {
		return false
	}
	file, ok := p.change.FileAt(s.File)
	if !ok {
		return false
	}
	inHunk := false
	for _, h := range file.Hunks {
		inHunk = inHunk || h.ContainsNew(s.StartLine, s.EndLine)
	}
	old, ok := p.files.read(s.File, s.StartLine, s.EndLine)
	if !inHunk || !ok || !old.exact || strings.Join(old.lines, "\n") == s.Replacement && s.Replacement != "" {
		return false
	}
	want := lineRange{s.File, s.StartLine, s.EndLine}
	for _, r := range taken {
		if r.overlaps(want) {
			return false
		}
	}
	return true
}

func showable(s *finding.Suggestion) bool {
	return len(s.Replacement) <= suggestionBytes && s.StartLine >= 1 && s.EndLine >= s.StartLine && s.EndLine-s.StartLine < 500
}

// suggestionBlock is the block that GitHub makes a button of. Nothing between the fences deletes the lines.
func suggestionBlock(s *finding.Suggestion) string { return quote.Fence("suggestion", s.Replacement) }

// shownFix is a suggestion to apply by hand, as a diff with its place.
func (p *page) shownFix(s *finding.Suggestion) string {
	if s == nil {
		return ""
	}
	where := p.place(s.File, s.StartLine, s.EndLine, p.change.HeadSHA)
	if !showable(s) {
		return "The fix is at " + where + "; it is too long to be shown here.\n"
	}
	old, ok := p.files.read(s.File, s.StartLine, s.EndLine)
	if len(strings.Join(old.lines, "\n")) > suggestionBytes {
		return "The fix is at " + where + "; the lines are too long to be shown here.\n"
	}
	lead := "The fix, at " + where
	if ok && !old.exact {
		lead += " (by hand: a click would not keep this file's line endings or control characters)"
	}
	return lead + ":\n\n" + quote.Fence("diff", strings.Join(diffLines(old.lines, s.Replacement), "\n"))
}

// diffLines shows lines and their replacement as a diff, with what both share at the ends as context.
func diffLines(old []string, replacement string) []string {
	var fresh []string
	if replacement != "" {
		fresh = strings.Split(strings.ReplaceAll(replacement, "\r", ""), "\n")
	}
	head := 0
	for head < len(old) && head < len(fresh) && old[head] == fresh[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(fresh)-head && old[len(old)-1-tail] == fresh[len(fresh)-1-tail] {
		tail++
	}
	var out []string
	add := func(prefix string, lines []string) {
		for _, line := range lines {
			out = append(out, prefix+quote.Line(line))
		}
	}
	add(" ", old[:head])
	add("-", old[head:len(old)-tail])
	add("+", fresh[head:len(fresh)-tail])
	add(" ", old[len(old)-tail:])
	return out
}
