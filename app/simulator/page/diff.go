package page

import (
	"bytes"
	"html/template"
	"regexp"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/app/simulator"
)

// row is a line of a diff, or the header of a hunk.
type row struct {
	Kind     string // "add", "del", "same", "hunk", "note"
	Old, New int    // line numbers, 0 where there is none
	Spans    []span
	Threads  []threadView
	Remarks  []remark
}

// Sign is what stands before the line, so that colour is not all that tells an added line.
func (r row) Sign() string {
	return map[string]string{"add": "+", "del": "−"}[r.Kind]
}

// hunkRows are a hunk with its header.
func hunkRows(file string, h simulator.Hunk) []row {
	return append([]row{{Kind: "hunk", Spans: []span{{Text: visible(h.Header)}}}}, lineRows(file, h.Lines)...)
}

func lineRows(file string, lines []simulator.DiffLine) []row {
	rows := make([]row, 0, len(lines))
	for _, l := range lines {
		text := strings.TrimSuffix(l.Text, "\r")
		r := row{Kind: "same", Old: l.Old, New: l.New, Spans: highlight(file, text)}
		switch l.Kind {
		case '+':
			r.Kind = "add"
		case '-':
			r.Kind = "del"
		case '\\':
			r.Kind, r.Spans = "note", []span{{Text: strings.TrimSpace(text)}}
		}
		rows = append(rows, r)
	}
	markRows(rows)
	return rows
}

// markRows marks the changes within lines where as many lines were added as removed: only then is it clear which
// belongs to which.
func markRows(rows []row) {
	for i := 0; i < len(rows); {
		removed := countKind(rows[i:], "del")
		added := countKind(rows[i+removed:], "add")
		if removed > 0 && removed == added {
			for k := range removed {
				before, after := &rows[i+k], &rows[i+removed+k]
				before.Spans, after.Spans = markChange(before.Spans, after.Spans)
			}
		}
		i += max(1, removed+added)
	}
}

func countKind(rows []row, kind string) int {
	n := 0
	for n < len(rows) && rows[n].Kind == kind {
		n++
	}
	return n
}

// hunkStart is where a hunk's header says that its lines begin, on both sides.
var hunkStart = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+(\d+)`)

// parseHunk reads the part of a hunk that stands above a comment, from its "@@" line to the commented line.
func parseHunk(text string) []simulator.DiffLine {
	lines := strings.Split(text, "\n")
	start := hunkStart.FindStringSubmatch(lines[0])
	if start == nil {
		return nil
	}
	before, _ := strconv.Atoi(start[1]) // digits; a number out of range is none that could be shown
	after, _ := strconv.Atoi(start[2])
	var parsed []simulator.DiffLine
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		l := simulator.DiffLine{Kind: line[0], Text: line[1:]}
		if l.Kind == ' ' || l.Kind == '-' {
			l.Old = before
			before++
		}
		if l.Kind == ' ' || l.Kind == '+' {
			l.New = after
			after++
		}
		parsed = append(parsed, l)
	}
	return parsed
}

// replacementRows show lines and what would replace them; what both have at the start and at the end is context.
func replacementRows(file string, first int, old, fresh []string) []row {
	head := 0
	for head < len(old) && head < len(fresh) && old[head] == fresh[head] {
		head++
	}
	tail := 0
	for tail < min(len(old), len(fresh))-head && old[len(old)-1-tail] == fresh[len(fresh)-1-tail] {
		tail++
	}
	var lines []simulator.DiffLine
	for i := range head {
		lines = append(lines, simulator.DiffLine{Kind: ' ', Old: first + i, New: first + i, Text: old[i]})
	}
	for i := head; i < len(old)-tail; i++ {
		lines = append(lines, simulator.DiffLine{Kind: '-', Old: first + i, Text: old[i]})
	}
	for i := head; i < len(fresh)-tail; i++ {
		lines = append(lines, simulator.DiffLine{Kind: '+', New: first + i, Text: fresh[i]})
	}
	for i := tail; i > 0; i-- {
		lines = append(lines, simulator.DiffLine{Kind: ' ', Old: first + len(old) - i, New: first + len(fresh) - i, Text: old[len(old)-i]})
	}
	return lineRows(file, lines)
}

// suggester shows a comment's suggestion blocks as what they would do to the lines of the comment.
func (s *site) suggester(repo *simulator.Repository, c simulator.Comment) suggester {
	first := c.OriginalStart
	if first == 0 {
		first = c.OriginalLine
	}
	return func(replacement string) template.HTML {
		var fresh []string
		if replacement != "" {
			fresh = strings.Split(strings.TrimSuffix(replacement, "\n"), "\n")
		}
		rows := replacementRows(c.Path, first, linesOf(repo, c.OriginalSHA, c.Path, first, c.OriginalLine), fresh)
		var b bytes.Buffer
		if err := s.templates["missing"].ExecuteTemplate(&b, "suggestion", rows); err != nil {
			return plain(replacement)
		}
		return template.HTML(b.String()) //nolint:gosec // html/template wrote it
	}
}

// linesOf reads lines of a file, counted from 1. A file that was renamed since has none.
func linesOf(repo *simulator.Repository, sha, path string, first, last int) []string {
	content, err := repo.File(sha, path)
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	if first < 1 || last < first || last > len(lines) {
		return nil
	}
	lines = lines[first-1 : last]
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}
