package fix

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// maxRestored bounds the lines of a block that are compared.
const maxRestored = 1000

// Restore takes back what a change did to a part of a resource: lines of the block in the base become as they were,
// and stay as they are elsewhere in the block. It is nil where the change of the part cannot be told from another one
// beside it.
func Restore(was, is *terraform.Resource, part hcl.Range) []finding.Edit {
	before, after := was.Source(), is.Source()
	from, to := was.Range(), is.Range()
	inside := part.Filename == from.Filename && from.Start.Byte <= part.Start.Byte && part.End.Byte <= from.End.Byte
	if !inside || !was.Native() || !is.Native() || !from.CanSliceBytes(before) || !to.CanSliceBytes(after) {
		return nil
	}
	old, now := bytes.SplitAfter(from.SliceBytes(before), []byte("\n")), bytes.SplitAfter(to.SliceBytes(after), []byte("\n"))
	if len(old) > maxRestored || len(now) > maxRestored {
		return nil
	}
	first, last := part.Start.Line-from.Start.Line, part.End.Line-from.Start.Line
	if part.End.Column == 1 { // a heredoc's range ends behind its last newline
		last--
	}
	at := make([]int, len(now)+1) // offsets of the lines of head
	at[0] = to.Start.Byte
	for i, line := range now {
		at[i+1] = at[i] + len(line)
	}
	var edits []finding.Edit
	for _, h := range hunks(old, now) {
		if !h.touches(first, last) {
			continue
		}
		beside := append(slices.Clone(old[h.oldStart:max(h.oldStart, min(first, h.oldEnd))]), old[min(h.oldEnd, max(last+1, h.oldStart)):h.oldEnd]...)
		if slices.ContainsFunc(beside, func(line []byte) bool { return !says(now[h.newStart:h.newEnd], line) }) {
			return nil
		}
		edits = append(edits, finding.Edit{
			File: is.File(), Start: at[h.newStart], End: at[h.newEnd], Text: string(bytes.Join(old[h.oldStart:h.oldEnd], nil)),
		})
	}
	if len(edits) == 0 {
		return nil
	}
	return settle(after, edits)
}

// says tells that a line is among others but for its layout, or says nothing by itself: a blank one, braces, commas.
func says(lines [][]byte, line []byte) bool {
	if strings.Trim(string(line), " \t\r\n{}[](),") == "" {
		return true
	}
	return slices.ContainsFunc(lines, func(other []byte) bool { return slices.EqualFunc(bytes.Fields(other), bytes.Fields(line), bytes.Equal) })
}

// hunk is lines [oldStart, oldEnd) that became [newStart, newEnd).
type hunk struct{ oldStart, oldEnd, newStart, newEnd int }

// touches tells that a hunk changes one of the lines [first, last], or writes something between two of them.
func (h hunk) touches(first, last int) bool {
	if h.oldStart == h.oldEnd {
		return first < h.oldStart && h.oldStart <= last
	}
	return h.oldStart <= last && first < h.oldEnd
}

// hunks compares two lists of lines by their longest common subsequence.
func hunks(old, now [][]byte) []hunk {
	common := make([][]int, len(old)+1)
	for i := range common {
		common[i] = make([]int, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if bytes.Equal(old[i], now[j]) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []hunk
	i, j := 0, 0
	for i < len(old) || j < len(now) {
		if i < len(old) && j < len(now) && bytes.Equal(old[i], now[j]) {
			i, j = i+1, j+1
			continue
		}
		h := hunk{oldStart: i, newStart: j}
		for (i < len(old) || j < len(now)) && (i == len(old) || j == len(now) || !bytes.Equal(old[i], now[j])) {
			if j == len(now) || i < len(old) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		h.oldEnd, h.newEnd = i, j
		all = append(all, h)
	}
	return all
}
