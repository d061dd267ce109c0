package render

import (
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/change"
)

// anchorLines is the longest range that a comment marks: a block of 60 lines in yellow points at nothing.
const anchorLines = 10

// anchor is where a comment stands. Start is 0 for one line.
type anchor struct {
	path        string
	start, line int
	note        string // said where the anchor is not the finding's own place
	left        bool   // the lines are those of the base
}

// anchorFor finds the place of a comment: the finding's own lines if they are in a hunk, else the nearest
// changed line of the same block, else none. GitHub refuses the whole review for one line outside of the hunks.
func anchorFor(f finding.Finding, file change.File) (anchor, bool) {
	start, end := span(f)
	if f.AtBase {
		return anchorAtBase(f, file)
	}
	for _, h := range file.Hunks {
		if h.ContainsNew(start, end) {
			return lines(f.File, start, end), true
		}
	}
	for _, h := range file.Hunks {
		if h.ContainsNew(start, start) {
			return lines(f.File, start, start), true
		}
	}
	from, to := block(f)
	nearest := 0
	for _, h := range file.Hunks {
		for _, n := range touched(h) {
			inBlock := from <= n && n <= to
			if inBlock && (nearest == 0 || abs(n-start) < abs(nearest-start)) {
				nearest = n
			}
		}
	}
	if nearest == 0 {
		return anchor{}, false
	}
	a := lines(f.File, nearest, nearest)
	a.note = fmt.Sprintf("This is about line %d, which is not part of the diff; here is the nearest changed line of the same block.", start)
	return a, true
}

// anchorAtBase is the place of a comment on lines that the change takes away.
func anchorAtBase(f finding.Finding, file change.File) (anchor, bool) {
	start, end := span(f)
	for _, h := range file.Hunks {
		if !h.ContainsOld(start, start) {
			continue
		}
		a := lines(file.Path, start, start)
		if h.ContainsOld(start, end) {
			a = lines(file.Path, start, end)
		}
		a.left = true
		return a, true
	}
	return anchor{}, false
}

// span is the range to point at: the finding's, or its first line where that is long.
func span(f finding.Finding) (start, end int) {
	start, end = max(1, f.StartLine), f.EndLine
	if end < start || end-start >= anchorLines {
		end = start
	}
	return start, end
}

// block is the block that the finding belongs to; a finding without one is its own.
func block(f finding.Finding) (from, to int) {
	from, to = f.StartLine, f.EndLine
	if f.BlockStart > 0 {
		from = min(from, f.BlockStart)
	}
	return from, max(to, f.BlockEnd)
}

func lines(path string, start, end int) anchor {
	if start == end {
		return anchor{path: path, line: end}
	}
	return anchor{path: path, start: start, line: end}
}

// touched are the lines at head that a hunk changes: those added, and where lines went, the line that now stands
// there, so that a block from which a line was removed has a changed line.
func touched(h change.Hunk) []int {
	added, removed := set(h.Added), set(h.Removed)
	var result []int
	oldLine, newLine := h.OldStart, h.NewStart
	gone := false
	for newLine < h.NewStart+h.NewLines {
		switch {
		case removed[oldLine]:
			gone = true
			oldLine++
			continue
		case added[newLine]:
			result = append(result, newLine)
		default:
			if gone {
				result = append(result, newLine)
			}
			oldLine++
		}
		gone = false
		newLine++
	}
	return result
}

func set(lines []int) map[int]bool {
	m := make(map[int]bool, len(lines))
	for _, n := range lines {
		m[n] = true
	}
	return m
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
