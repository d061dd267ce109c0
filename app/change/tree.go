package change

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// NewTree offers files, by their slash-separated path relative to the root, as a read-only file system
// with ReadDir, ReadFile and Stat. The map is not copied and must not be changed afterwards. A path that
// fs.ValidPath refuses ("../x", "/x") is left out: a file system must not show what it cannot open.
func NewTree(files map[string][]byte) fs.FS {
	t := tree{files: make(map[string][]byte, len(files)), dirs: map[string][]string{".": nil}}
	for _, name := range sortedKeys(files) {
		if !fs.ValidPath(name) || name == "." {
			continue
		}
		t.files[name] = files[name]
		t.link(name)
	}
	for dir := range t.dirs {
		slices.Sort(t.dirs[dir])
		delete(t.files, dir) // git has no path that is both; where a caller has, the directory stays reachable
	}
	return t
}

func sortedKeys(files map[string][]byte) []string {
	keys := make([]string, 0, len(files))
	for name := range files {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return keys
}

// tree is what NewTree returns: file contents, and of each directory the names in it.
type tree struct {
	files map[string][]byte
	dirs  map[string][]string
}

// link enters a path and each directory above it in the directory that holds it.
func (t tree) link(name string) {
	for name != "." {
		dir, base := path.Split(name)
		dir = path.Clean(dir)
		if slices.Contains(t.dirs[dir], base) {
			return
		}
		_, known := t.dirs[dir]
		t.dirs[dir] = append(t.dirs[dir], base)
		if known && dir == "." {
			return
		}
		name = dir
	}
}

func (t tree) info(op, name string) (fileInfo, error) {
	if !fs.ValidPath(name) {
		return fileInfo{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if _, ok := t.dirs[name]; ok {
		return fileInfo{name: path.Base(name), dir: true}, nil
	}
	if data, ok := t.files[name]; ok {
		return fileInfo{name: path.Base(name), size: int64(len(data))}, nil
	}
	return fileInfo{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements fs.FS.
func (t tree) Open(name string) (fs.File, error) {
	info, err := t.info("open", name)
	if err != nil {
		return nil, err
	}
	if info.dir {
		entries, err := t.ReadDir(name)
		return &openDir{info: info, entries: entries}, err
	}
	return &openFile{info: info, Reader: bytes.NewReader(t.files[name])}, nil
}

// Stat implements fs.StatFS.
func (t tree) Stat(name string) (fs.FileInfo, error) {
	info, err := t.info("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

// ReadFile implements fs.ReadFileFS. The caller owns the returned bytes.
func (t tree) ReadFile(name string) ([]byte, error) {
	info, err := t.info("read", name)
	if err != nil {
		return nil, err
	}
	if info.dir {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	return bytes.Clone(t.files[name]), nil
}

// ReadDir implements fs.ReadDirFS, sorted by name.
func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := t.info("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.dir {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	entries := make([]fs.DirEntry, 0, len(t.dirs[name]))
	for _, child := range t.dirs[name] {
		info, err := t.info("readdir", strings.TrimPrefix(name+"/"+child, "./"))
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}

// fileInfo describes a file or directory of a tree; a commit has no times and nothing may be written.
type fileInfo struct {
	name string
	size int64
	dir  bool
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.dir }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type openFile struct {
	*bytes.Reader
	info fileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	info    fileInfo
	entries []fs.DirEntry
	next    int
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := d.entries[d.next:]
	if n <= 0 {
		d.next = len(d.entries)
		return rest, nil
	}
	if len(rest) == 0 {
		return nil, io.EOF
	}
	rest = rest[:min(n, len(rest))]
	d.next += len(rest)
	return rest, nil
}
