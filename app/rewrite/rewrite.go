// Package rewrite owns changing files on disk: whole files of one directory, each replaced at once, never through a
// symbolic link and never over what somebody wrote in the meantime.
package rewrite

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// File is a file as it was read, and as it should be.
type File struct {
	Path          string // relative to the directory, with slashes
	Before, After []byte
}

var (
	errChanged = errors.New("it was changed since it was reviewed")
	errLink    = errors.New("it is a symbolic link, or lies behind one")
	errKind    = errors.New("it is not a regular file")
)

// Files replaces files of a directory. Those that can be replaced are, whatever becomes of the others; the error names
// each of the others, and done holds the paths that were written.
func Files(dir string, files []File) (done []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a descriptor of the directory
	var failed []error
	for _, f := range files {
		if err := replace(root, f); err != nil {
			failed = append(failed, fmt.Errorf("write %q: %w", f.Path, plain(err)))
			continue
		}
		done = append(done, f.Path)
	}
	return done, errors.Join(failed...)
}

// replace writes a new file beside the old one and renames it: a reader, or a power failure, sees either text and never
// a part.
func replace(root *os.Root, f File) error {
	mode, err := check(root, f)
	if err != nil {
		return err
	}
	temporary := path.Join(path.Dir(f.Path), ".kms-review-"+rand.Text())
	if err := write(root, temporary, f.After, mode); err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	if _, err := check(root, f); err != nil { // again: the shorter the time, the less can be overwritten
		return errors.Join(err, root.Remove(temporary))
	}
	if err := root.Rename(temporary, f.Path); err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
}

// check tells that a file is still the one that was reviewed, and returns its mode.
func check(root *os.Root, f File) (fs.FileMode, error) {
	if !fs.ValidPath(f.Path) {
		return 0, fs.ErrInvalid
	}
	parts := strings.Split(f.Path, "/")
	var info fs.FileInfo
	for i := range parts {
		var err error
		if info, err = root.Lstat(path.Join(parts[:i+1]...)); err != nil {
			return 0, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return 0, errLink
		}
	}
	if !info.Mode().IsRegular() {
		return 0, errKind
	}
	file, err := root.Open(f.Path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, int64(len(f.Before))+1))
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(text, f.Before) {
		return 0, errChanged
	}
	return info.Mode().Perm(), nil
}

func write(root *os.Root, name string, text []byte, mode fs.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

// plain takes the operation and the path off an error whose message names the file already.
func plain(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
