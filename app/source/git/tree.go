package git

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
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
