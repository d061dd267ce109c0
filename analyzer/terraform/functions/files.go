package functions

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

const (
	maxGlob       = 512 // bytes of a fileset pattern
	maxAlternates = 4   // of "{a,b}" in it: each doubles the work
	maxStars      = 4   // of "**" in it
)

// errElsewhere says that whether there is a file, and what it holds, is not for the repository to say.
var errElsewhere = errors.New("the file is outside the repository")

func (f Files) functions() map[string]function.Function {
	return map[string]function.Function{
		"file":             f.reading(func(data []byte) (string, error) { return utf8Text(data) }),
		"filebase64":       f.reading(func(data []byte) (string, error) { return base64.StdEncoding.EncodeToString(data), nil }),
		"filemd5":          f.hashing(md5Hex),
		"filesha1":         f.hashing(sha1Hex),
		"filesha256":       f.hashing(sha256Hex),
		"filesha512":       f.hashing(sha512Hex),
		"filebase64sha256": f.hashing(sha256Base64),
		"filebase64sha512": f.hashing(sha512Base64),
		"fileexists":       f.exists(),
		"fileset":          f.set(),
	}
}

func utf8Text(data []byte) (string, error) {
	if !utf8.Valid(data) {
		return "", errors.New("the file is not UTF-8; filebase64 reads any")
	}
	return string(data), nil
}

func (f Files) hashing(sum digest) function.Function {
	return f.reading(func(data []byte) (string, error) { return sum(data), nil })
}

func (f Files) reading(give func(data []byte) (string, error)) function.Function {
	return stringsTo(cty.String, []string{"path"}, func(args []string) (cty.Value, error) {
		data, err := f.read(args[0])
		if errors.Is(err, errElsewhere) {
			return cty.UnknownVal(cty.String), nil
		}
		if err != nil {
			return cty.NilVal, argError(0, err)
		}
		text, err := give(data)
		if err != nil {
			return cty.NilVal, argError(0, err)
		}
		return cty.StringVal(text), nil
	})
}

// argError points to an argument, except where that would hide a LimitError.
func argError(i int, err error) error {
	var limit *LimitError
	if errors.As(err, &limit) {
		return err
	}
	return function.NewArgError(i, err)
}

// resolve is the place in the file system that a path stands for.
func (f Files) resolve(name string) (string, error) {
	if f.FS == nil || path.IsAbs(name) || strings.HasPrefix(name, "~") {
		return "", errElsewhere
	}
	full := path.Join(".", f.Dir, name)
	if !fs.ValidPath(full) {
		return "", errElsewhere
	}
	return full, nil
}

// stat finds a file. Any error of the file system but that there is none says nothing about what Terraform finds.
func (f Files) stat(name string) (string, fs.FileInfo, error) {
	full, err := f.resolve(name)
	if err != nil {
		return "", nil, err
	}
	info, err := fs.Stat(f.FS, full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("there is no such file: %w", fs.ErrNotExist)
	case err != nil:
		return "", nil, errElsewhere
	default:
		return full, info, nil
	}
}

func (f Files) read(name string) ([]byte, error) {
	full, info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if info.Size() > MaxFileBytes {
		return nil, limitf("the file is larger than %d MB", MaxFileBytes>>20)
	}
	file, err := f.FS.Open(full)
	if err != nil {
		return nil, errElsewhere
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, MaxFileBytes+1))
	switch {
	case err != nil:
		return nil, errElsewhere
	case len(data) > MaxFileBytes:
		return nil, limitf("the file is larger than %d MB", MaxFileBytes>>20)
	default:
		return data, nil
	}
}

func (f Files) exists() function.Function {
	return stringsTo(cty.Bool, []string{"path"}, func(args []string) (cty.Value, error) {
		_, info, err := f.stat(args[0])
		switch {
		case errors.Is(err, errElsewhere):
			return cty.UnknownVal(cty.Bool), nil
		case errors.Is(err, fs.ErrNotExist):
			return cty.False, nil
		case err != nil:
			return cty.NilVal, function.NewArgError(0, err)
		case !info.Mode().IsRegular():
			return cty.NilVal, function.NewArgErrorf(0, "it is not a regular file")
		default:
			return cty.True, nil
		}
	})
}

func (f Files) set() function.Function {
	return stringsTo(cty.Set(cty.String), []string{"path", "pattern"}, func(args []string) (cty.Value, error) {
		dir, err := f.resolve(args[0])
		pattern := path.Clean(args[1])
		if err != nil || !fs.ValidPath(pattern) {
			return cty.UnknownVal(cty.Set(cty.String)), nil //nolint:nilerr // outside of the repository there may be files
		}
		if len(pattern) > maxGlob || strings.Count(pattern, "{") > maxAlternates || strings.Count(pattern, "**") > maxStars {
			return cty.NilVal, limitf("the pattern of fileset is too complex")
		}
		below, err := fs.Sub(f.FS, dir)
		if err != nil {
			return cty.UnknownVal(cty.Set(cty.String)), nil //nolint:nilerr // as above
		}
		return glob(below, pattern)
	})
}

func glob(fsys fs.FS, pattern string) (cty.Value, error) {
	var found []cty.Value
	err := doublestar.GlobWalk(fsys, pattern, func(name string, entry fs.DirEntry) error {
		info, err := fs.Stat(fsys, name)
		if err != nil || !info.Mode().IsRegular() {
			return nil //nolint:nilerr // a link to nowhere is no file
		}
		if found = append(found, cty.StringVal(name)); len(found) > maxElements {
			return limitf("fileset finds more than %d files", maxElements)
		}
		return nil
	})
	switch {
	case errors.Is(err, doublestar.ErrBadPattern):
		return cty.NilVal, function.NewArgErrorf(1, "the pattern is malformed")
	case err != nil:
		return cty.NilVal, err
	case len(found) == 0:
		return cty.SetValEmpty(cty.String), nil
	default:
		return cty.SetVal(found), nil
	}
}

var dirnameFunc = stringsTo(cty.String, []string{"path"}, func(args []string) (cty.Value, error) {
	return cty.StringVal(path.Dir(args[0])), nil
})

var basenameFunc = stringsTo(cty.String, []string{"path"}, func(args []string) (cty.Value, error) {
	return cty.StringVal(path.Base(args[0])), nil
})

// absPathFunc and pathExpandFunc depend on the machine, unless there is nothing for them to add.
var absPathFunc = stringsTo(cty.String, []string{"path"}, func(args []string) (cty.Value, error) {
	if !path.IsAbs(args[0]) {
		return cty.UnknownVal(cty.String), nil
	}
	return cty.StringVal(path.Clean(args[0])), nil
})

var pathExpandFunc = stringsTo(cty.String, []string{"path"}, func(args []string) (cty.Value, error) {
	if strings.HasPrefix(args[0], "~") {
		return cty.UnknownVal(cty.String), nil
	}
	return cty.StringVal(args[0]), nil
})
