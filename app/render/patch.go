package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Patch writes a file's change as `git apply` takes it. A hunk that would show a secret among its unchanged lines has
// fewer of them, and is left out where that is not enough; whole tells that none was.
func Patch(w io.Writer, path string, before, after []byte, hidden []finding.Hidden) (whole bool, err error) {
	whole = true
	secret := secretLines(before, path, hidden)
	var out strings.Builder
	for _, h := range hunks(before, after) {
		h, ok := h.without(secret)
		if !ok {
			whole = false
			continue
		}
		out.WriteString(h.String())
	}
	if out.Len() == 0 {
		return whole, nil
	}
	from, to := gitPath("a/"+path), gitPath("b/"+path)
	if _, err := fmt.Fprintf(w, "diff --git %s %s\n--- %s\n+++ %s\n%s", from, to, from, to, out.String()); err != nil {
		return whole, fmt.Errorf("write patch: %w", err)
	}
	return whole, nil
}

// gitPath quotes a path as git does where it holds more than plain characters. A name with blanks ends with a tab in the
// lines that have no other mark of its end, which quoting makes unnecessary.
// https://git-scm.com/docs/diff-format#generate_patch_text_with_p
func gitPath(path string) string {
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }
	quoted := false
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case plain(c) || c == ' ':
			quoted = quoted || c == ' '
			b.WriteByte(c)
		case c == '"' || c == '\\':
			quoted = true
			b.WriteString(`\` + string(rune(c)))
		default:
			quoted = true
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	if !quoted {
		return path
	}
	return `"` + b.String() + `"`
}

// hunk is one of a diff's: the numbers of its first lines, counted from 1, and its lines with their signs and ends.
type hunk struct {
	old, fresh int
	lines      []string
}

// hunks compares two texts. The differ's own headers name files that are none.
func hunks(before, after []byte) []hunk {
	var found []hunk
	for line := range strings.Lines(string(diff.Diff("before", before, "after", after))) {
		if strings.HasPrefix(line, "@@ ") {
			fields := strings.Fields(line)
			found = append(found, hunk{old: start(fields[1]), fresh: start(fields[2])})
			continue
		}
		if last := len(found) - 1; last >= 0 {
			found[last].lines = append(found[last].lines, line)
		}
	}
	return found
}

// start reads "-12,3" or "+12".
func start(field string) int {
	number, _, _ := strings.Cut(field[1:], ",")
	n, _ := strconv.Atoi(number) // the differ writes numbers
	return n
}

func (h hunk) String() string {
	old, fresh := h.count('-'), h.count('+')
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@\n%s", h.old, old, h.fresh, fresh, strings.Join(h.lines, ""))
}

// count is the number of lines on one side.
func (h hunk) count(sign byte) int {
	n := 0
	for _, line := range h.lines {
		if line[0] == ' ' || line[0] == sign {
			n++
		}
	}
	return n
}

// without takes unchanged lines with secrets off the ends. It fails where one is left, and where no unchanged line
// stays behind the change, which git takes for the file's end.
func (h hunk) without(secret map[int]bool) (hunk, bool) {
	first := slices.IndexFunc(h.lines, changes)
	last := len(h.lines) - 1
	for !changes(h.lines[last]) {
		last--
	}
	number, from, to := h.old, 0, len(h.lines)
	for i, line := range h.lines {
		if line[0] == '+' || line[0] == '\\' {
			continue
		}
		switch {
		case !secret[number]:
		case i < first:
			from = i + 1
		case i > last:
			to = min(to, i)
		default:
			return h, false
		}
		number++
	}
	if to < len(h.lines) && to == last+1 {
		return h, false
	}
	return hunk{old: h.old + from, fresh: h.fresh + from, lines: h.lines[from:to]}, true
}

func changes(line string) bool { return line[0] == '+' || line[0] == '-' }

// secretLines are the numbers of a file's lines that hold a part of a secret.
func secretLines(text []byte, path string, hidden []finding.Hidden) map[int]bool {
	lines := map[int]bool{}
	for _, h := range hidden {
		if h.AtBase || h.File != path || h.Start < 0 || h.End < h.Start || h.End > len(text) {
			continue
		}
		first := 1 + bytes.Count(text[:h.Start], []byte("\n"))
		for n := range 1 + bytes.Count(text[h.Start:h.End], []byte("\n")) {
			lines[first+n] = true
		}
	}
	return lines
}
