package github

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sourcegraph/go-diff/diff"
)

// applyPatch turns the text of a file at the merge base into the text at head. The patch is GitHub's: hunks
// without a file header and without a last line end. Carriage returns count. An error means that patch and base
// do not fit; a patch that was cut between two lines may go unnoticed here, so the caller compares the result's
// SHA-1.
func applyPatch(base []byte, patch string) ([]byte, error) {
	hunks, err := diff.ParseHunksOptions([]byte(patch), diff.ParseOptions{KeepCR: true})
	if err != nil {
		return nil, fmt.Errorf("parse patch: %w", err)
	}
	a := applier{old: splitLines(base)}
	for _, hunk := range hunks {
		if err := a.hunk(hunk); err != nil {
			return nil, err
		}
	}
	a.copy(len(a.old))
	return a.head.Bytes(), nil
}

// splitLines keeps the line ends; the last line may have none.
func splitLines(text []byte) [][]byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

var errMisfit = errors.New("patch does not fit its base")

type applier struct {
	old  [][]byte
	next int // first line of old that is not yet dealt with
	head bytes.Buffer
}

func (a *applier) copy(until int) {
	for _, line := range a.old[a.next:until] {
		a.head.Write(line)
	}
	a.next = until
}

func (a *applier) hunk(hunk *diff.Hunk) error {
	start := int(hunk.OrigStartLine) - 1
	if hunk.OrigLines == 0 {
		start++ // "@@ -7,0 +8,2 @@" adds behind line 7
	}
	if start < a.next || start > len(a.old) {
		return fmt.Errorf("hunk at line %d: %w", hunk.OrigStartLine, errMisfit)
	}
	a.copy(start)
	for line := range bytes.Lines(hunk.Body) {
		if line[0] == '+' {
			a.head.Write(line[1:])
			continue
		}
		if err := a.consume(line); err != nil {
			return err
		}
	}
	if a.next != start+int(hunk.OrigLines) {
		return fmt.Errorf("hunk at line %d is cut short: %w", hunk.OrigStartLine, errMisfit)
	}
	return nil
}

// consume takes one line of the base that a hunk names as context or as removed.
func (a *applier) consume(line []byte) error {
	if a.next >= len(a.old) {
		return fmt.Errorf("line %d: %w", a.next+1, errMisfit)
	}
	old := a.old[a.next]
	want := line[1:]
	if line[0] == '\n' {
		want = line // context whose blank was stripped on the way
	}
	if !bytes.Equal(bytes.TrimSuffix(old, []byte("\n")), bytes.TrimSuffix(want, []byte("\n"))) {
		return fmt.Errorf("line %d: %w", a.next+1, errMisfit)
	}
	if line[0] != '-' {
		a.head.Write(old)
	}
	a.next++
	return nil
}
