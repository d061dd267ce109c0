package simulator

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Bounds on diffs. A file above maxFileDiff* has no patch, and neither have the files after the first maxDiff* of
// one answer. GitHub does not say by which rule it leaves out a patch; these are the bounds that it publishes for
// showing diffs. Sources: docs:repositories/creating-and-managing-repositories/repository-limits (diff limits),
// and for patches vanishing on large pages https://github.com/openjdk/skara/pull/1302.
const (
	maxFileDiffBytes = 500 * 1000
	maxFileDiffLines = 20000
	maxDiffBytes     = 1000 * 1000
	maxDiffLines     = 20000
)

// fileDiff is a changed file as GitHub shows it.
type fileDiff struct {
	path, oldPath    string // oldPath only of renamed files
	status           string // added, removed, modified, renamed, changed
	oldSHA, newSHA   string
	oldMode, newMode string
	additions        int
	deletions        int
	patch            string // headerless: from the first "@@", without the last line end
	hunks            []Hunk // also where the patch is too large to be shown
	tooLarge         bool
}

// hasPatch tells whether GitHub shows a patch: not for binary files, pure renames and large diffs.
func (f *fileDiff) hasPatch() bool { return f.patch != "" && !f.tooLarge }

// blobSHA is the id that GitHub puts beside a changed file: at head, or at base where the file is gone.
func (f *fileDiff) blobSHA() string {
	if f.status == "removed" {
		return f.oldSHA
	}
	return f.newSHA
}

// Hunk is a part of a file's diff, with its lines as a reviewer sees them.
type Hunk struct {
	Header             string // the "@@" line
	OldStart, OldLines int
	NewStart, NewLines int
	Lines              []DiffLine
}

// DiffLine is a line of a hunk. A line number is 0 where the line is not on that side.
type DiffLine struct {
	Kind     byte // ' ', '+', '-' or '\\' for "No newline at end of file"
	Old, New int
	Text     string // without the kind and the line end; a CR stays
}

// contains tells whether a line is in the hunk on a side ("LEFT" or "RIGHT"). Context lines are on both.
func (h *Hunk) contains(side string, line int) bool {
	if side == "LEFT" {
		return h.OldStart <= line && line < h.OldStart+h.OldLines
	}
	return h.NewStart <= line && line < h.NewStart+h.NewLines
}

// diff compares two commits, with git's own detection of renames as on GitHub.
func (r *Repository) diff(base, head string) ([]*fileDiff, error) {
	key := base + " " + head
	if files, ok := r.history.diffs[key]; ok {
		return files, nil
	}
	out, err := r.sim.git(r.dir, nil, "diff-tree", "-r", "-M", "--full-index", "--raw", "-p", "-z", "--no-color",
		"--no-ext-diff", "--no-textconv", base, head)
	if err != nil {
		return nil, err
	}
	files, err := parseDiff(out)
	if err != nil {
		return nil, fmt.Errorf("compare %s with %s: %w", base, head, err)
	}
	r.history.diffs[key] = files
	return files, nil
}

// parseDiff reads `git diff-tree --raw -p -z`: raw records, each ended by NUL, an empty one, then the patches.
func parseDiff(out []byte) ([]*fileDiff, error) {
	var files []*fileDiff
	next := func() (string, error) {
		end := bytes.IndexByte(out, 0)
		if end < 0 {
			return "", fmt.Errorf("parse git diff: record cut off")
		}
		field := string(out[:end])
		out = out[end+1:]
		return field, nil
	}
	for len(out) > 0 && out[0] == ':' {
		meta, err := next()
		if err != nil {
			return nil, err
		}
		f, names, err := parseRaw(meta)
		if err != nil {
			return nil, err
		}
		if f.path, err = next(); err != nil {
			return nil, err
		}
		if names == 2 {
			f.oldPath = f.path
			if f.path, err = next(); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	return files, attachPatches(files, bytes.TrimPrefix(out, []byte{0}))
}

// parseRaw reads ":100644 100644 sha sha M" and says how many names follow.
func parseRaw(meta string) (*fileDiff, int, error) {
	fields := strings.Fields(strings.TrimPrefix(meta, ":"))
	if len(fields) != 5 {
		return nil, 0, fmt.Errorf("parse git diff: record %q", meta)
	}
	f := &fileDiff{oldMode: fields[0], newMode: fields[1], oldSHA: fields[2], newSHA: fields[3]}
	switch fields[4][0] {
	case 'A':
		f.status = "added"
	case 'D':
		f.status = "removed"
	case 'M':
		f.status = "modified"
	case 'T':
		f.status = "changed"
	case 'R':
		f.status = "renamed"
		return f, 2, nil
	default:
		return nil, 0, fmt.Errorf("parse git diff: status %q", fields[4])
	}
	return f, 1, nil
}

// attachPatches hands each file its patch. Both lists have the same order; a changed file type has two patches.
func attachPatches(files []*fileDiff, text []byte) error {
	parts := splitPatches(text)
	for _, f := range files {
		n := 1
		if f.status == "changed" {
			n = 2
		}
		if len(parts) < n {
			return fmt.Errorf("parse git diff: no patch for %q", f.path)
		}
		if n == 1 {
			f.setPatch(parts[0])
		}
		parts = parts[n:]
	}
	return nil
}

// splitPatches cuts at "diff --git" lines. Lines of a hunk start with another character, so that no file's
// content can pass for one.
func splitPatches(text []byte) []string {
	var parts []string
	start := -1
	for at := 0; at < len(text); {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text) - at - 1
		}
		if bytes.HasPrefix(text[at:], []byte("diff --git ")) {
			if start >= 0 {
				parts = append(parts, string(text[start:at]))
			}
			start = at
		}
		at += end + 1
	}
	if start >= 0 {
		parts = append(parts, string(text[start:]))
	}
	return parts
}

func (f *fileDiff) setPatch(part string) {
	body := ""
	if at := strings.Index(part, "\n@@ "); at >= 0 {
		body = strings.TrimSuffix(part[at+1:], "\n")
	}
	if body == "" {
		return // binary, a pure rename, an empty file or a changed mode
	}
	f.patch = body
	lines := strings.Split(body, "\n")
	f.tooLarge = len(body) > maxFileDiffBytes || len(lines) > maxFileDiffLines
	f.hunks = parseHunks(lines)
	for _, h := range f.hunks {
		for _, l := range h.Lines {
			switch l.Kind {
			case '+':
				f.additions++
			case '-':
				f.deletions++
			}
		}
	}
}

func parseHunks(lines []string) []Hunk {
	var hunks []Hunk
	var oldLine, newLine int
	for _, line := range lines {
		if strings.HasPrefix(line, "@@ ") {
			h := parseHunkHeader(line)
			oldLine, newLine = h.OldStart, h.NewStart
			hunks = append(hunks, h)
			continue
		}
		if len(hunks) == 0 || line == "" {
			continue
		}
		l := DiffLine{Kind: line[0], Text: line[1:]}
		if l.Kind == ' ' || l.Kind == '-' {
			l.Old = oldLine
			oldLine++
		}
		if l.Kind == ' ' || l.Kind == '+' {
			l.New = newLine
			newLine++
		}
		last := &hunks[len(hunks)-1]
		last.Lines = append(last.Lines, l)
	}
	return hunks
}

// parseHunkHeader reads "@@ -1,2 +3,4 @@ section". git leaves out a count of 1.
func parseHunkHeader(line string) Hunk {
	h := Hunk{Header: line}
	fields := strings.Fields(line)
	if len(fields) >= 3 {
		h.OldStart, h.OldLines = parseRange(strings.TrimPrefix(fields[1], "-"))
		h.NewStart, h.NewLines = parseRange(strings.TrimPrefix(fields[2], "+"))
	}
	return h
}

func parseRange(text string) (start, count int) {
	first, second, found := strings.Cut(text, ",")
	start, _ = strconv.Atoi(first) // git's own output
	count = 1
	if found {
		count, _ = strconv.Atoi(second)
	}
	return start, count
}

// pageDiffs converts files for one answer, leaving out patches beyond the bounds of an answer.
func (r *Repository) pageDiffs(files []*fileDiff, commit string) []object {
	list := make([]object, 0, len(files))
	size, lines := 0, 0
	for _, f := range files {
		size += len(f.patch)
		lines += strings.Count(f.patch, "\n")
		entry := r.diffEntry(f, commit)
		if f.hasPatch() && size <= maxDiffBytes && lines <= maxDiffLines {
			entry["patch"] = f.patch
		}
		list = append(list, entry)
	}
	return list
}
