package change

import (
	"bytes"
	"fmt"

	"github.com/sourcegraph/go-diff/diff"
)

// ParseHunks reads the hunks of one file's unified diff, without its file header: what GitHub calls a patch. A
// patch whose hunks hold fewer or more lines than their headers promise was cut short, and is an error: positions
// after the cut would be believed.
func ParseHunks(patch []byte) ([]Hunk, error) {
	if len(bytes.TrimSpace(patch)) == 0 {
		return nil, nil
	}
	parsed, err := diff.ParseHunks(patch)
	if err != nil {
		return nil, fmt.Errorf("parse hunks: %w", err)
	}
	hunks := make([]Hunk, 0, len(parsed))
	for _, p := range parsed {
		hunk, err := convertHunk(p)
		if err != nil {
			return nil, err
		}
		hunks = append(hunks, hunk)
	}
	return hunks, nil
}

// NewLine is where a line of the base, in the hunk or behind it, stands at head; of a line that is gone, the line
// that stands there now.
func (h Hunk) NewLine(old int) int {
	if old >= h.OldStart+h.OldLines {
		return old - h.OldStart - h.OldLines + h.NewStart + h.NewLines
	}
	removed := map[int]bool{}
	for _, n := range h.Removed {
		removed[n] = true
	}
	added := map[int]bool{}
	for _, n := range h.Added {
		added[n] = true
	}
	at := h.NewStart
	for n := h.OldStart; n <= old; n++ {
		if removed[n] {
			continue
		}
		for added[at] {
			at++
		}
		if n < old {
			at++
		}
	}
	return max(h.NewStart, min(at, h.NewStart+h.NewLines-1))
}

func convertHunk(p *diff.Hunk) (Hunk, error) {
	hunk := Hunk{
		OldStart: int(p.OrigStartLine), OldLines: int(p.OrigLines),
		NewStart: int(p.NewStartLine), NewLines: int(p.NewLines),
	}
	oldLine, newLine := hunk.OldStart, hunk.NewStart
	for line := range bytes.Lines(p.Body) {
		switch line[0] {
		case '+':
			hunk.Added = append(hunk.Added, newLine)
			newLine++
		case '-':
			hunk.Removed = append(hunk.Removed, oldLine)
			oldLine++
		default: // context; some tools strip the blank in front of an empty line
			oldLine++
			newLine++
		}
	}
	if oldLine-hunk.OldStart != hunk.OldLines || newLine-hunk.NewStart != hunk.NewLines {
		return Hunk{}, fmt.Errorf("parse hunks: hunk at line %d is cut short: it holds %d old and %d new lines, its header promises %d and %d",
			hunk.NewStart, oldLine-hunk.OldStart, newLine-hunk.NewStart, hunk.OldLines, hunk.NewLines)
	}
	return hunk, nil
}
