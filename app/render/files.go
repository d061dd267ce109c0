package render

import (
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// fileBytes bounds what is read to quote a few lines.
const fileBytes = 4 << 20

// files reads lines of a tree, each file once, and without secrets.
type files struct {
	tree   fs.FS
	hidden []finding.Hidden
	cache  map[string]source
}

// source is a file's lines. Exact is false where they are not the bytes that Git has: carriage returns, invalid
// UTF-8, control characters. Such lines are shown, never replaced by a click.
type source struct {
	lines []string
	exact bool
}

// hiddenAtBase and hiddenAtHead are the secrets of one of the two trees.
func hiddenAtBase(report analyzer.Report) []finding.Hidden { return hiddenAt(report, true) }
func hiddenAtHead(report analyzer.Report) []finding.Hidden { return hiddenAt(report, false) }

func hiddenAt(report analyzer.Report, base bool) []finding.Hidden {
	return slices.DeleteFunc(slices.Clone(report.Hidden), func(h finding.Hidden) bool { return h.AtBase != base })
}

func newFiles(tree fs.FS, hidden []finding.Hidden) *files {
	return &files{tree: tree, hidden: hidden, cache: map[string]source{}}
}

// read returns the lines start..end of a file, counted from 1, or false if it has not got them.
func (f *files) read(path string, start, end int) (source, bool) {
	s, ok := f.cache[path]
	if !ok {
		s = f.load(path)
		f.cache[path] = s
	}
	if start < 1 || end < start || end > len(s.lines) {
		return source{}, false
	}
	return source{lines: s.lines[start-1 : end], exact: s.exact}, true
}

func (f *files) load(path string) source {
	if f.tree == nil || !fs.ValidPath(path) {
		return source{}
	}
	file, err := f.tree.Open(path)
	if err != nil {
		return source{}
	}
	defer file.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(file, fileBytes+1))
	if err != nil || len(raw) > fileBytes {
		return source{}
	}
	text, ok := f.masked(path, string(raw))
	if !ok {
		return source{}
	}
	exact := quote.Literal(string(raw))
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return source{lines: strings.Split(text, "\n"), exact: exact}
}

// mask stands for each line of a secret.
const mask = "(hidden)"

// masked puts the mask in the place of a file's secrets, line by line. It fails for a file that is not the one in which
// they were found.
func (f *files) masked(path, text string) (masked string, ok bool) {
	for i := len(f.hidden) - 1; i >= 0; i-- { // from the end, so that the offsets before stay
		h := f.hidden[i]
		if h.File != path {
			continue
		}
		if h.Start < 0 || h.End < h.Start || h.End > len(text) {
			return "", false
		}
		lines := strings.Count(text[h.Start:h.End], "\n")
		text = text[:h.Start] + mask + strings.Repeat("\n"+mask, lines) + text[h.End:]
	}
	return text, true
}
