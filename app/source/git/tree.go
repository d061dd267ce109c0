package git

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kms-review/kms-review/app/change"
)

var (
	errLeaves  = errors.New("a symbolic link that leaves the repository, so it was not read")
	errLoop    = errors.New("too many symbolic links, so it was not read")
	errSpecial = errors.New("neither a file nor a directory, so it was not read")
)

// maxLinks and maxLinkTarget are Linux's own bounds: https://man7.org/linux/man-pages/man7/path_resolution.7.html
const (
	maxLinks      = 40
	maxLinkTarget = 4096
)

type kind int

const (
	regular kind = iota
	directory
	symlink
	special // a pipe, a socket, a device: opening one may wait for ever
)

var fileModes = map[kind]fs.FileMode{
	regular: 0o444, directory: fs.ModeDir | 0o555, symlink: fs.ModeSymlink | 0o777, special: fs.ModeIrregular,
}

// node is an entry of a directory. id is set where git has an object for it.
type node struct {
	name string
	kind kind
	id   string
}

// usable tells whether fs.FS can name an entry. A tree object made by hand may hold "..", "" or "a/b".
func usable(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.Contains(name, "/")
}

// tree is a read-only file system whose directories are listed when somebody asks, so that reading two directories
// costs the same in any repository. Symbolic links are followed inside the tree, in a commit as in the work tree.
// It is safe for concurrent use.
type tree struct {
	root node
	list func(path string, dir node) ([]node, error)
	read func(path string, file node) ([]byte, error) // of a symbolic link: its target

	mu     sync.Mutex
	listed map[string][]node
}

func newTree(root node, list func(string, node) ([]node, error), read func(string, node) ([]byte, error)) *tree {
	return &tree{root: root, list: list, read: read, listed: map[string][]node{}}
}

func (t *tree) children(at string, dir node) ([]node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if nodes, ok := t.listed[at]; ok {
		return nodes, nil
	}
	nodes, err := t.list(at, dir)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	t.listed[at] = nodes
	return nodes, nil
}

// step is a place on the way to a file: its path without symbolic links, and what is there.
type step struct {
	path string
	node node
}

// walk follows a path and every symbolic link on it.
func (t *tree) walk(op, name string) (step, error) {
	refuse := func(err error) (step, error) { return step{}, &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return refuse(fs.ErrInvalid)
	}
	way := []step{{path: ".", node: t.root}}
	parts := strings.Split(name, "/")
	for links := 0; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		here := way[len(way)-1]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(way) == 1 {
				return refuse(errLeaves)
			}
			way = way[:len(way)-1]
			continue
		}
		next, err := t.child(here, part)
		if err != nil {
			return refuse(err)
		}
		if next.node.kind != symlink {
			way = append(way, next)
			continue
		}
		if links++; links > maxLinks {
			return refuse(errLoop)
		}
		target, err := t.target(next)
		if err != nil {
			return refuse(err)
		}
		parts = append(strings.Split(target, "/"), parts...)
	}
	return way[len(way)-1], nil
}

func (t *tree) child(parent step, name string) (step, error) {
	if parent.node.kind != directory {
		return step{}, fs.ErrNotExist
	}
	nodes, err := t.children(parent.path, parent.node)
	if err != nil {
		return step{}, err
	}
	i, ok := slices.BinarySearchFunc(nodes, name, func(n node, name string) int { return strings.Compare(n.name, name) })
	if !ok {
		return step{}, fs.ErrNotExist
	}
	return step{path: path.Join(parent.path, name), node: nodes[i]}, nil
}

func (t *tree) target(link step) (string, error) {
	data, err := t.read(link.path, link.node)
	if err != nil {
		return "", err
	}
	target := string(data)
	switch {
	case len(target) > maxLinkTarget || target == "":
		return "", errLoop
	case path.IsAbs(target):
		return "", errLeaves
	}
	return target, nil
}

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
