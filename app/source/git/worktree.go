package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kms-review/kms-review/app/change"
)

// workTree compares a commit with the files on disk: the tracked ones and the untracked that are not ignored. Ignored
// files stay out, because a commit never has them: a terraform.tfvars that is only here would look like a change.
func (r *Repository) workTree(ctx context.Context, base string) ([]change.File, fs.FS, error) {
	temporary, err := os.MkdirTemp("", "kms-review-")
	if err != nil {
		return nil, nil, fmt.Errorf("make room for a copy of the index: %w", err)
	}
	defer os.RemoveAll(temporary)
	indexed, paths, err := r.index(ctx, filepath.Join(temporary, "index"), len(base))
	if err != nil {
		return nil, nil, err
	}
	files, err := indexed.diff(ctx, "diff-index", base)
	if err != nil {
		return nil, nil, err
	}
	head, err := openTree(r.top, known(paths))
	if err != nil {
		return nil, nil, fmt.Errorf("open the work tree: %w", err)
	}
	return files, head, nil
}

// index makes a copy of the repository's index in which untracked files stand too, and returns the repository seen
// through it, with all paths of the index. Git would otherwise neither pair a renamed file that was not added yet,
// nor refrain from refreshing the repository's own index.
func (r *Repository) index(ctx context.Context, file string, idLength int) (*Repository, []string, error) {
	git, err := r.withoutFilters(ctx)
	if err != nil {
		return nil, nil, err
	}
	untracked, err := git.output(ctx, nil, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return nil, nil, fmt.Errorf("list untracked files: %w", err)
	}
	original, err := git.line(ctx, "rev-parse", "--git-path", "index")
	if err != nil {
		return nil, nil, fmt.Errorf("find the index: %w", err)
	}
	if !filepath.IsAbs(original) {
		original = filepath.Join(git.dir, original)
	}
	if err := copyIndex(file, original); err != nil {
		return nil, nil, fmt.Errorf("copy the index: %w", err)
	}
	git = git.with("GIT_INDEX_FILE=" + file)
	var entries bytes.Buffer
	for name := range bytes.SplitSeq(untracked, []byte{0}) {
		if len(name) == 0 || bytes.HasSuffix(name, []byte("/")) { // the end, or another repository inside this one
			continue
		}
		// The id is that of no object: git looks at the file itself, since the entry has no times.
		fmt.Fprintf(&entries, "100644 %s\t%s\x00", strings.Repeat("1", idLength), name)
	}
	if _, err := git.output(ctx, &entries, "update-index", "-z", "--add", "--replace", "--index-info"); err != nil {
		return nil, nil, fmt.Errorf("add untracked files to the copy of the index: %w", err)
	}
	// Without it a file that was only touched counts as changed. Its exit code says that some file is changed.
	if _, err := git.output(ctx, nil, "update-index", "-q", "--unmerged", "--ignore-submodules", "--refresh"); err != nil && !saidNo(err) {
		return nil, nil, fmt.Errorf("compare the index with the work tree: %w", err)
	}
	all, err := git.output(ctx, nil, "ls-files", "-z", "--cached")
	if err != nil {
		return nil, nil, fmt.Errorf("list files: %w", err)
	}
	return &Repository{git: git, top: r.top, objects: r.objects}, strings.Split(string(all), "\x00"), nil
}

// withoutFilters switches off the commands that the configuration names for converting files (git-lfs is one): to
// compare a file with its object, git would run them.
func (r *Repository) withoutFilters(ctx context.Context) (command, error) {
	out, err := r.git.output(ctx, nil, "config", "-z", "--name-only", "--get-regexp", `^filter\.`)
	if err != nil && !saidNo(err) { // 1: there is none
		return command{}, fmt.Errorf("list the configured filters: %w", err)
	}
	settings := map[string]string{}
	for name := range strings.SplitSeq(string(out), "\x00") {
		last := strings.LastIndexByte(name, '.')
		if last <= len("filter.") {
			continue
		}
		driver := name[:last]
		settings[driver+".clean"], settings[driver+".process"], settings[driver+".smudge"] = "", "", ""
		settings[driver+".required"] = "false"
	}
	return r.git.configured(settings), nil
}

func copyIndex(to, from string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever added
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	info, err := in.Stat()
	if err != nil {
		return err
	}
	// Git takes a file for changed that is as young as its index: with a younger copy it would miss a file that was
	// written, at the same size, right after the index was. https://git-scm.com/docs/racy-git
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// known makes of a list of files the test whether a path is one of them or a directory above one.
func known(files []string) func(string) bool {
	set := map[string]bool{}
	for _, file := range files {
		for file != "" && file != "." && !set[file] {
			set[file] = true
			file = path.Dir(file)
		}
	}
	return func(name string) bool { return set[name] }
}
