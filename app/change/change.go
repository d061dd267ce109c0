// Package change owns the values that say what a pull request changes: revisions, changed files with their
// hunks, the two file trees, and what this App has already said there. It knows neither GitHub nor git.
package change

import "io/fs"

// Repo names a repository on the forge. IDs survive renames.
type Repo struct {
	ID            int64
	Owner, Name   string
	DefaultBranch string
	Private       bool
}

// FullName is "owner/name".
func (r Repo) FullName() string { return r.Owner + "/" + r.Name }

// Pull is the state of a pull request when it was read.
type Pull struct {
	Repo           Repo
	InstallationID int64
	Number         int    // 0 for a merge group
	NodeID         string // GraphQL id
	BaseSHA        string // head of the base branch
	HeadSHA        string
	Author         string // login
	Open           bool
	Draft          bool
	Fork           bool // the head is in another repository, or that repository is gone
}

// Change is what lies between the merge base and the head.
type Change struct {
	BaseSHA string // merge base: what Base holds
	HeadSHA string // "worktree" for uncommitted files
	Files   []File // sorted by Path

	// Base and Head are the repository's trees as far as they were read: directories of changed Terraform
	// files, of those that call them, and of the local modules that these call. Paths are relative to the
	// repository's root. A file that exists but could not be read is in Gaps, not silently absent.
	Base, Head fs.FS
	Gaps       []Gap

	// Remarks are sentences for the reader of the check run on how far the change was followed. Unlike gaps they say
	// nothing against what was judged.
	Remarks []string
}

// Gap is something that exists and could not be read; a review with gaps is never green.
type Gap struct {
	Path   string // "" for the whole change
	Reason string // a sentence for the reader of the check run
}

// FileStatus is what happened to a file.
type FileStatus string

// The statuses of a changed file. A copied file is Added.
const (
	Added    FileStatus = "added"
	Removed  FileStatus = "removed"
	Modified FileStatus = "modified"
	Renamed  FileStatus = "renamed"
)

// File is a changed file.
type File struct {
	Path    string // at head; of a removed file, at base
	OldPath string // at base, where it differs
	Status  FileStatus
	Hunks   []Hunk // as the forge shows them; none where it gave no patch
}

// Hunk is a part of a file that a reviewer sees. Lines are counted from 1.
type Hunk struct {
	OldStart, OldLines int
	NewStart, NewLines int
	Added              []int // lines at head that were added or changed, ascending
	Removed            []int // lines at base that were removed or changed, ascending
}

// ContainsNew tells whether the lines start..end at head all lie inside the hunk, where a comment can stand.
func (h Hunk) ContainsNew(start, end int) bool {
	return h.NewStart <= start && start <= end && end < h.NewStart+h.NewLines
}

// ContainsOld tells the same of lines at base.
func (h Hunk) ContainsOld(start, end int) bool {
	return h.OldStart <= start && start <= end && end < h.OldStart+h.OldLines
}

// FileAtBase finds a changed file by its path at base.
func (c Change) FileAtBase(path string) (File, bool) {
	for _, f := range c.Files {
		if f.Status != Added && (f.OldPath == path || f.OldPath == "" && f.Path == path) {
			return f, true
		}
	}
	return File{}, false
}

// FileAt finds a changed file by its path at head.
func (c Change) FileAt(path string) (File, bool) {
	for _, f := range c.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}

// Comment is an inline comment that this App left on the pull request.
type Comment struct {
	ID           int64  // REST id
	NodeID       string // GraphQL id, for minimizing
	ThreadID     string
	Fingerprint  string // from the hidden marker
	Path         string
	Line         int    // 0 where outdated
	Body         string // Markdown as posted
	Minimized    bool
	Resolved     bool // a person resolved the thread
	HumanReplied bool
}

// SettingsFile is a settings file as read: raw text and where it lies.
type SettingsFile struct {
	Origin string // "owner/name:path@sha", for messages
	Text   []byte // nil where there is none
}

// Conversation is what the App needs to know about a pull request besides its change.
type Conversation struct {
	Comments     []Comment
	RepoSettings SettingsFile // from the base commit: a pull request cannot weaken its own review
	OrgSettings  SettingsFile // from the organisation's .github repository
}
