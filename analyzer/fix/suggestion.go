package fix

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Suggestion writes edits of one file as the replacement of whole lines, the only form that GitHub's suggestion
// blocks know. It fails where edits overlap, lie outside of the source or belong to several files.
func Suggestion(source []byte, edits []finding.Edit) (*finding.Suggestion, error) {
	if len(edits) == 0 {
		return nil, errors.New("write a suggestion: there are no edits")
	}
	start, end := edits[0].Start, edits[0].End
	for _, e := range edits {
		if e.File != edits[0].File {
			return nil, fmt.Errorf("write a suggestion: edits of %q and of %q", edits[0].File, e.File)
		}
		start, end = min(start, e.Start), max(end, e.End)
	}
	after, err := applyTo(source, append([]finding.Edit(nil), edits...))
	if err != nil {
		return nil, fmt.Errorf("write a suggestion for %q: %w", edits[0].File, err)
	}
	start, end = wholeLines(source, start, end)
	for {
		replacement := after[start : len(after)-(len(source)-end)]
		if done, ok := lines(source, replacement, start, end); ok {
			done.File = edits[0].File
			return done, nil
		}
		switch { // the lines do not say it alone: take a neighbour in
		case end < len(source):
			end = lineEnd(source, end)
		case start > 0:
			start = lineStart(source, start-1)
		default:
			return nil, fmt.Errorf("write a suggestion for %q: nothing but a blank line is left", edits[0].File)
		}
	}
}

// lines is the suggestion for a range of whole lines. It is refused where an empty replacement would be read as
// a deletion although a blank line stays, and where the last line would run into the next one.
func lines(source, replacement []byte, start, end int) (*finding.Suggestion, bool) {
	if len(replacement) > 0 {
		ends := bytes.HasSuffix(replacement, []byte("\n"))
		if !ends && end < len(source) {
			return nil, false
		}
		replacement = bytes.TrimSuffix(bytes.TrimSuffix(replacement, []byte("\n")), []byte("\r"))
		if len(replacement) == 0 {
			return nil, false
		}
	}
	first := 1 + bytes.Count(source[:start], []byte("\n"))
	last := first + bytes.Count(bytes.TrimSuffix(source[start:end], []byte("\n")), []byte("\n"))
	return &finding.Suggestion{StartLine: first, EndLine: last, Replacement: string(replacement)}, true
}

// wholeLines widens a range to the lines that it touches. Behind the last newline there is no line, so what is
// added there belongs to the last one.
func wholeLines(source []byte, start, end int) (int, int) {
	start = lineStart(source, start)
	if start == len(source) && start > 0 {
		start = lineStart(source, start-1)
	}
	if end <= start || source[end-1] != '\n' {
		end = lineEnd(source, end)
	}
	return start, end
}

// lineStart is the offset at which the line around an offset begins.
func lineStart(source []byte, at int) int { return bytes.LastIndexByte(source[:at], '\n') + 1 }

// lineEnd is the offset behind the newline of the line around an offset.
func lineEnd(source []byte, at int) int {
	if i := bytes.IndexByte(source[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(source)
}

// ApplySuggestion is a file's text after its suggestion was accepted. Lines that the file does not have are
// taken for the end of the file.
func ApplySuggestion(source []byte, s finding.Suggestion) []byte {
	start, end := 0, 0
	for line := 1; line <= s.EndLine; line++ {
		if line == s.StartLine {
			start = end
		}
		end = lineEnd(source, end)
	}
	text := s.Replacement
	if text != "" && bytes.HasSuffix(source[start:end], []byte("\r\n")) {
		text += "\r\n"
	} else if text != "" && bytes.HasSuffix(source[start:end], []byte("\n")) {
		text += "\n"
	}
	return append(append(append([]byte(nil), source[:start]...), text...), source[end:]...)
}
