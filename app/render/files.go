package render

import (
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// fileBytes bounds what is read to quote a few lines.
const fileBytes = 4 << 20

// files reads lines of a tree, each file once.
type files struct {
	tree  fs.FS
	cache map[string]source
}

// source is a file's lines. Exact is false where they are not the bytes that Git has: carriage returns, invalid
// UTF-8, control characters. Such lines are shown, never replaced by a click.
type source struct {
	lines []string
	exact bool
}

func newFiles(tree fs.FS) *files { return &files{tree: tree, cache: map[string]source{}} }

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
	text := string(raw)
	exact := literal(text)
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return source{lines: strings.Split(text, "\n"), exact: exact}
}

// literal tells whether text survives JSON, Markdown and a browser byte for byte.
func literal(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f })
}
