package fix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Apply gives the texts of the files that edits change. Edits of one file must not overlap.
func Apply(fsys fs.FS, edits []finding.Edit) (map[string][]byte, error) {
	byFile := map[string][]finding.Edit{}
	for _, e := range edits {
		byFile[e.File] = append(byFile[e.File], e)
	}
	texts := map[string][]byte{}
	for file, fileEdits := range byFile {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", file, err)
		}
		if texts[file], err = applyTo(text, fileEdits); err != nil {
			return nil, fmt.Errorf("edit %q: %w", file, err)
		}
	}
	return texts, nil
}

func applyTo(text []byte, edits []finding.Edit) ([]byte, error) {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].Start < edits[j].Start })
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return nil, errors.New("edits overlap or lie outside of the file")
		}
		out.Write(text[at:e.Start])
		out.WriteString(e.Text)
		at = e.End
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

// KeepsFormat tells that an edit does not spoil the layout: a file that the formatter left alone before is left
// alone after. hclwrite's formatter decides on spacing exactly as `terraform fmt` does; the other rewrites of
// that command concern interpolations, labels and types, which no edit of ours touches.
func KeepsFormat(before, after []byte) bool {
	return !bytes.Equal(hclwrite.Format(before), before) || bytes.Equal(hclwrite.Format(after), after)
}

// Overlay is a file tree with some files' texts replaced.
func Overlay(under fs.FS, texts map[string][]byte) fs.FS { return overlay{under, texts} }

type overlay struct {
	fs.FS
	texts map[string][]byte
}

func (o overlay) Open(name string) (fs.File, error) {
	text, replaced := o.texts[name]
	if !replaced {
		return o.FS.Open(name)
	}
	return &openText{Reader: bytes.NewReader(text), name: name, size: int64(len(text))}, nil
}

// Stat and ReadFile spare the file below from being read twice.

func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if text, replaced := o.texts[name]; replaced {
		return &openText{name: name, size: int64(len(text))}, nil
	}
	return fs.Stat(o.FS, name)
}

func (o overlay) ReadFile(name string) ([]byte, error) {
	if text, replaced := o.texts[name]; replaced {
		return bytes.Clone(text), nil
	}
	return fs.ReadFile(o.FS, name)
}

// openText is an open file that holds its text; it describes itself.
type openText struct {
	io.Reader
	name string
	size int64
}

func (t *openText) Stat() (fs.FileInfo, error) { return t, nil }
func (t *openText) Close() error               { return nil }
func (t *openText) Name() string               { return t.name }
func (t *openText) Size() int64                { return t.size }
func (t *openText) Mode() fs.FileMode          { return 0o444 }
func (t *openText) ModTime() time.Time         { return time.Time{} }
func (t *openText) IsDir() bool                { return false }
func (t *openText) Sys() any                   { return nil }
