package github

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/change"
)

const (
	// compareLimit is the number of files at which compare stops without saying so.
	// https://docs.github.com/rest/commits/commits#compare-two-commits
	compareLimit = 300
	// GitHub lists at most 3000 files of a pull request; patches vanish on large pages.
	// https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
	pullFilesLimit = 3000
	pullFilesPage  = 50
)

// comparison is what lies between the merge base and the head.
type comparison struct {
	base, head string // what was compared
	mergeBase  string
	files      []changedFile // sorted by path
	gaps       []change.Gap
}

// changedFile is a changed file as GitHub describes it.
type changedFile struct {
	change.File
	sha      string // blob at head; "" where unknown; of a removed file, at base
	patch    string
	hasPatch bool
}

// oldPath is the path at base, "" if there was none.
func (f changedFile) oldPath() string {
	switch {
	case f.Status == change.Added:
		return ""
	case f.OldPath != "":
		return f.OldPath
	}
	return f.Path
}

// newPath is the path at head, "" if there is none.
func (f changedFile) newPath() string {
	if f.Status == change.Removed {
		return ""
	}
	return f.Path
}

func (c comparison) relevant() bool {
	return len(c.gaps) > 0 || slices.ContainsFunc(c.files, func(f changedFile) bool {
		return kindOf(f.Path) != other || (f.OldPath != "" && kindOf(f.OldPath) != other)
	}) || c.touches(settingsPath)
}

func (c comparison) touches(name string) bool {
	return slices.ContainsFunc(c.files, func(f changedFile) bool { return f.Path == name || f.OldPath == name })
}

// change is the value without its trees.
func (c comparison) change() change.Change {
	files := make([]change.File, 0, len(c.files))
	for _, f := range c.files {
		files = append(files, f.File)
	}
	return change.Change{
		BaseSHA: c.mergeBase, HeadSHA: c.head, Files: files, Gaps: slices.Clone(c.gaps),
		Base: change.NewTree(nil), Head: change.NewTree(nil),
	}
}

// compare asks for the change. Above 300 files it pages through the pull request's, and above 3000, or in a
// merge group, it compares the two trees.
func (r *reading) compare(ctx context.Context) (comparison, error) {
	repo := r.ref.Repo
	answer, _, err := r.client.REST.Repositories.CompareCommits(ctx, repo.Owner, repo.Name, r.base, r.head,
		&github.ListOptions{PerPage: 1}) // pages count commits, of which none is needed; files are on the first
	if err != nil {
		return comparison{}, fmt.Errorf("compare %s...%s: %w", r.base, r.head, err)
	}
	compared := comparison{base: r.base, head: r.head, mergeBase: answer.GetMergeBaseCommit().GetSHA()}
	if compared.mergeBase == "" {
		return comparison{}, fmt.Errorf("compare %s...%s: the answer names no merge base", r.base, r.head)
	}
	files := answer.Files
	if len(files) >= compareLimit {
		if files, err = r.pullFiles(ctx); err != nil {
			return comparison{}, err
		}
	}
	if len(files) >= pullFilesLimit || (len(files) == 0 && len(answer.Files) > 0) {
		if err := r.compareTrees(ctx, &compared); err != nil {
			return comparison{}, err
		}
	} else {
		compared.files = convertFiles(files)
	}
	slices.SortFunc(compared.files, func(a, b changedFile) int { return strings.Compare(a.Path, b.Path) })
	return compared, nil
}

// pullFiles lists a pull request's files; none for a merge group, which has no such list.
func (r *reading) pullFiles(ctx context.Context) ([]*github.CommitFile, error) {
	if r.ref.Number == 0 {
		return nil, nil
	}
	var all []*github.CommitFile
	opts := &github.ListOptions{PerPage: pullFilesPage, Page: 1}
	for opts.Page != 0 && len(all) < pullFilesLimit {
		files, resp, err := r.client.REST.PullRequests.ListFiles(ctx, r.ref.Repo.Owner, r.ref.Repo.Name, r.ref.Number, opts)
		if err != nil {
			return nil, fmt.Errorf("list changed files, page %d: %w", opts.Page, err)
		}
		all = append(all, files...)
		opts.Page = resp.NextPage
	}
	return all, nil
}

func convertFiles(files []*github.CommitFile) []changedFile {
	converted := make([]changedFile, 0, len(files))
	for _, f := range files {
		file := changedFile{sha: f.GetSHA(), patch: f.GetPatch(), hasPatch: f.Patch != nil}
		file.Path, file.Status = f.GetFilename(), statusOf(f.GetStatus())
		if file.Status == change.Renamed {
			file.OldPath = f.GetPreviousFilename()
		}
		if f.GetStatus() == "copied" {
			file.hasPatch = false // it is against the copied file, which may lie anywhere
		}
		// A patch that cannot be trusted leaves a file without hunks: its findings stand in the check run.
		file.Hunks, _ = change.ParseHunks([]byte(f.GetPatch()))
		converted = append(converted, file)
	}
	return converted
}

func statusOf(status string) change.FileStatus {
	switch status {
	case "added", "copied":
		return change.Added
	case "removed":
		return change.Removed
	case "renamed":
		return change.Renamed
	}
	return change.Modified // "modified", "changed" (the mode)
}

// compareTrees finds the changed files by the two recursive trees: no limit but GitHub's 100,000 entries, no
// patches, renames as a removal and an addition.
// https://docs.github.com/rest/git/trees#get-a-tree
func (r *reading) compareTrees(ctx context.Context, compared *comparison) error {
	old, oldWhole, err := r.tree(ctx, compared.mergeBase)
	if err != nil {
		return err
	}
	new, newWhole, err := r.tree(ctx, compared.head)
	if err != nil {
		return err
	}
	if !oldWhole || !newWhole {
		compared.gaps = append(compared.gaps, change.Gap{
			Reason: "The change touches more files than GitHub lists, so it could not be read completely.",
		})
	}
	for name, sha := range new {
		if was, existed := old[name]; !existed {
			compared.files = append(compared.files, changedFile{File: change.File{Path: name, Status: change.Added}, sha: sha})
		} else if was != sha {
			compared.files = append(compared.files, changedFile{File: change.File{Path: name, Status: change.Modified}, sha: sha})
		}
	}
	for name, sha := range old {
		if _, exists := new[name]; !exists && newWhole {
			compared.files = append(compared.files, changedFile{File: change.File{Path: name, Status: change.Removed}, sha: sha})
		}
	}
	return nil
}

func (r *reading) tree(ctx context.Context, commit string) (files map[string]string, whole bool, err error) {
	answer, err := r.listTree(ctx, commit)
	if err != nil {
		return nil, false, err
	}
	files = make(map[string]string, len(answer.Entries))
	for _, entry := range answer.Entries {
		if entry.GetType() == "blob" {
			files[path.Clean(entry.GetPath())] = entry.GetSHA()
		}
	}
	return files, !answer.GetTruncated(), nil
}

func (r *reading) listTree(ctx context.Context, commit string) (*github.Tree, error) {
	tree, _, err := r.client.REST.Git.GetTree(ctx, r.ref.Repo.Owner, r.ref.Repo.Name, commit, true)
	if err != nil {
		return nil, fmt.Errorf("list the tree of %s: %w", commit, err)
	}
	return tree, nil
}
