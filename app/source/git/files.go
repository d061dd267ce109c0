package git

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/kms-review/kms-review/app/change"
)

// ReadFile implements fs.ReadFileFS. A file above maxFile is an error that says so.
func (t *tree) ReadFile(name string) ([]byte, error) {
	found, err := t.walk("read", name)
	if err != nil {
		return nil, err
	}
	if found.node.kind != regular {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errSpecial}
	}
	data, err := t.read(found.path, found.node)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

// ReadDir implements fs.ReadDirFS, sorted by name.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	found, err := t.walk("readdir", name)
	if err != nil {
		return nil, err
	}
	if found.node.kind != directory {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	nodes, err := t.children(found.path, found.node)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries := make([]fs.DirEntry, len(nodes))
	for i, n := range nodes {
		entries[i] = entry{tree: t, step: step{path: path.Join(found.path, n.name), node: n}}
	}
	return entries, nil
}

// Stat implements fs.StatFS. The size of a file is that of its content, which is read for it.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	found, err := t.walk("stat", name)
	if err != nil {
		return nil, err
	}
	return t.info(name, found)
}

func (t *tree) info(name string, found step) (fs.FileInfo, error) {
	result := info{name: path.Base(name), kind: found.node.kind}
	if found.node.kind == regular || found.node.kind == symlink {
		data, err := t.read(found.path, found.node)
		if err != nil {
			return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
		result.size = int64(len(data))
	}
	return result, nil
}

// Open implements fs.FS.
func (t *tree) Open(name string) (fs.File, error) {
	found, err := t.walk("open", name)
	if err != nil {
		return nil, err
	}
	if found.node.kind == directory {
		entries, err := t.ReadDir(name)
		return &openDirectory{info: info{name: path.Base(name), kind: directory}, rest: entries}, err
	}
	data, err := t.ReadFile(name)
	if err != nil {
		return nil, err
	}
	base := path.Base(name)
	return change.NewTree(map[string][]byte{base: data}).Open(base)
}

// entry is a name in a directory; its size is read only if somebody asks.
type entry struct {
	tree *tree
	step step
}

func (e entry) Name() string               { return e.step.node.name }
func (e entry) IsDir() bool                { return e.step.node.kind == directory }
func (e entry) Type() fs.FileMode          { return fileModes[e.step.node.kind].Type() }
func (e entry) Info() (fs.FileInfo, error) { return e.tree.info(e.step.path, e.step) }

// info describes a file; a commit has no times and nothing may be written.
type info struct {
	name string
	kind kind
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return fileModes[i.kind] }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.kind == directory }
func (i info) Sys() any           { return nil }

type openDirectory struct {
	info info
	rest []fs.DirEntry
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDirectory) Close() error               { return nil }

// Read implements fs.File.
func (d *openDirectory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: errors.New("is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(d.rest) {
		if n > 0 && len(d.rest) == 0 {
			return nil, io.EOF
		}
		n = len(d.rest)
	}
	read := d.rest[:n]
	d.rest = d.rest[n:]
	return read, nil
}
