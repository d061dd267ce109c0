// Package git owns reading a local repository: two revisions of it, or a revision and the work tree, become a
// change.Change. It drives the git command, because only git knows each repository's formats, and it treats the
// repository as hostile: nothing that its configuration or attributes name is run, and nothing is ever written to it.
package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
)

// WorkTree is what Change.HeadSHA says where the head is the work tree and not a commit.
const WorkTree = "worktree"

// Repository is a local repository, bare or with a work tree.
type Repository struct {
	git     command
	top     string // root of the work tree; "" where there is none
	objects *objects
}

// Open finds the repository that holds dir. The repository must be closed; until then it may keep one git process.
// The file systems of its changes can be read until then, and not after ctx is done.
func Open(ctx context.Context, dir string) (*Repository, error) {
	if err := checkDirectory(dir); err != nil {
		return nil, err
	}
	git, err := newCommand(dir)
	if err != nil {
		return nil, err
	}
	inside, err := git.line(ctx, "rev-parse", "--is-inside-work-tree")
	if err != nil {
		return nil, explainOpen(dir, err)
	}
	repository := &Repository{git: git}
	if inside == "true" {
		if repository.top, err = git.line(ctx, "rev-parse", "--show-toplevel"); err != nil {
			return nil, fmt.Errorf("find the root of the repository at %s: %w", dir, err)
		}
		// core.worktree in a repository's own configuration can point at any directory of this machine, whose
		// files would then be read and shown as if they were the repository's.
		if _, err := os.Lstat(filepath.Join(repository.top, ".git")); err != nil {
			return nil, fmt.Errorf("%s: core.worktree points to %s, which is not where the repository lies; give both --base and --head, or scan the directory", dir, repository.top)
		}
		repository.git.dir = repository.top
	}
	repository.objects = newObjects(ctx, repository.git)
	return repository, nil
}

// Close ends the git process.
func (r *Repository) Close() error { return r.objects.close() }

func checkDirectory(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no such directory: %s", dir)
	case err != nil:
		return fmt.Errorf("open directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	}
	return nil
}

func explainOpen(dir string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "not a git repository"):
		return fmt.Errorf("%s is not in a git repository; for a plain directory use: kms-review scan %s", dir, dir)
	case strings.Contains(text, "dubious ownership"):
		return fmt.Errorf("git does not trust %s, because another user owns it; if you do: git config --global --add safe.directory %s", dir, dir)
	}
	return fmt.Errorf("open the repository at %s: %w", dir, err)
}

// Change reads what lies between two revisions. An empty head is the work tree with everything that is not
// committed, untracked files included where they are not ignored. An empty base is the merge base of the head and
// the default branch; a base that is given is compared as it is.
func (r *Repository) Change(ctx context.Context, base, head string) (change.Change, error) {
	if head == "" && r.top == "" {
		return change.Change{}, errors.New("the repository has no work tree here; say which revisions to compare with --base and --head")
	}
	headCommit, err := r.commit(ctx, "head", orHEAD(head))
	if err != nil {
		return change.Change{}, err
	}
	baseCommit, err := r.base(ctx, base, headCommit)
	if err != nil {
		return change.Change{}, err
	}
	baseTree, err := r.revision(baseCommit)
	if err != nil {
		return change.Change{}, err
	}
	result := change.Change{BaseSHA: baseCommit, HeadSHA: headCommit, Base: baseTree}
	if head == "" {
		result.HeadSHA = WorkTree
		result.Files, result.Head, err = r.workTree(ctx, baseCommit)
	} else {
		result.Files, err = r.diff(ctx, "diff-tree", "-r", baseCommit, headCommit)
		if err == nil {
			result.Head, err = r.revision(headCommit)
		}
	}
	if err != nil {
		return change.Change{}, err
	}
	result.Gaps = gaps(result)
	return result, nil
}

func orHEAD(rev string) string {
	if rev == "" {
		return "HEAD"
	}
	return rev
}

// gaps lists the changed Terraform files that the file systems will refuse: found here, a reader learns of them even
// where nothing else asks for the file.
func gaps(c change.Change) []change.Gap {
	var found []change.Gap
	for _, file := range c.Files {
		if file.Status == change.Removed || !isTerraform(file.Path) {
			continue
		}
		if _, err := fs.Stat(c.Head, file.Path); err != nil {
			found = append(found, change.Gap{Path: file.Path, Reason: reason(err)})
		}
	}
	return found
}

func reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

func isTerraform(path string) bool { return terraform.IsConfig(path) || terraform.IsVarFile(path) }

// Root is the directory that paths of a change are relative to: the root of the work tree, or where there is none
// the directory that was opened.
func (r *Repository) Root() string { return r.git.dir }
