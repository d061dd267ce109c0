package git

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Directory is a plain directory's files for a scan. Left out is what holds no configuration: git's own files, what
// `terraform init` downloaded besides modules, and JavaScript packages.
func Directory(dir string) (fs.FS, error) {
	if err := checkDirectory(dir); err != nil {
		return nil, err
	}
	return openTree(dir, func(name string) bool {
		switch path.Base(name) {
		case ".git", "node_modules":
			return false
		}
		return path.Base(path.Dir(name)) != ".terraform" || path.Base(name) == "modules"
	})
}

// openTree is the file system of a directory on disk, as far as shown lets it be seen. os.Root keeps a file that is
// replaced by a symbolic link while we look from leading out of it.
func openTree(dir string, shown func(path string) bool) (fs.FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return newTree(node{kind: directory},
		func(at string, _ node) ([]node, error) {
			entries, err := fs.ReadDir(root.FS(), at)
			if err != nil {
				return nil, err
			}
			var nodes []node
			for _, e := range entries {
				if usable(e.Name()) && shown(path.Join(at, e.Name())) {
					nodes = append(nodes, node{name: e.Name(), kind: kindOf(e.Type())})
				}
			}
			return nodes, nil
		},
		func(at string, n node) ([]byte, error) {
			if n.kind == symlink {
				target, err := root.Readlink(at)
				return []byte(filepath.ToSlash(target)), plain(err)
			}
			return readBounded(root, at)
		},
	), nil
}

func kindOf(mode fs.FileMode) kind {
	switch {
	case mode.IsRegular():
		return regular
	case mode.IsDir():
		return directory
	case mode&fs.ModeSymlink != 0:
		return symlink
	}
	return special
}

func readBounded(root *os.Root, name string) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, plain(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errTooLarge
	}
	return data, plain(err)
}

// plain takes the operation and the path off an error: the caller adds its own.
func plain(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
