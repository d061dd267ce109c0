package webhook

// Kind is what an accepted delivery asks for.
type Kind string

// The kinds of events. Everything else that GitHub sends is answered and dropped.
const (
	PullDirty    Kind = "pull_dirty"   // a pull request must be reviewed: opened, pushed, retargeted, ready, reopened
	PullClosed   Kind = "pull_closed"  // its queued review is pointless
	Recheck      Kind = "recheck"      // a comment says /kms-recheck
	Rerequested  Kind = "rerequested"  // the re-run button of the check run or the check suite
	MergeGroup   Kind = "merge_group"  // a merge queue asks for a check of Head against Base
	Push         Kind = "push"         // a branch moved; Ref says which
	Installation Kind = "installation" // created, deleted, suspended, or its repositories changed
	Repository   Kind = "repository"   // renamed, moved, archived, shown to everybody, deleted, or the opposite
	Issue        Kind = "issue"        // a person changed an issue of this App's
	Rescan       Kind = "rescan"       // a comment on such an issue says /kms-recheck
)

// Event is a verified, decoded delivery, reduced to what the App acts on. It is stored in the queue as JSON, so
// it holds no text that a stranger wrote besides names and refs.
type Event struct {
	Delivery       string  `json:"delivery"` // X-GitHub-Delivery; a redelivery has the same
	Kind           Kind    `json:"kind"`
	Action         string  `json:"action,omitempty"`
	InstallationID int64   `json:"installation_id"`
	Account        string  `json:"account,omitempty"` // login of the installation's owner (installation events)
	Repo           RepoRef `json:"repo"`
	Number         int     `json:"number,omitempty"`   // pull request or issue; 0 in Rerequested: all with this head
	BaseSHA        string  `json:"base_sha,omitempty"` // hints: the worker reads the truth
	HeadSHA        string  `json:"head_sha,omitempty"`
	Draft          bool    `json:"draft,omitempty"`
	Ref            string  `json:"ref,omitempty"`        // push, merge group
	CommentID      int64   `json:"comment_id,omitempty"` // Recheck, Rescan: for the reactions
	Sender         string  `json:"sender,omitempty"`     // login; Recheck, Rescan, Issue: whose permission counts
	Terraform      bool    `json:"terraform,omitempty"`  // Push: a path in it is Terraform's

	AddedRepos   []RepoRef `json:"added_repos,omitempty"` // Installation
	RemovedRepos []RepoRef `json:"removed_repos,omitempty"`
}

// RepoRef names a repository as the payload does.
type RepoRef struct {
	ID            int64  `json:"id"`
	Owner         string `json:"owner"`
	Name          string `json:"name"`
	DefaultBranch string `json:"default_branch,omitempty"`
	Private       bool   `json:"private,omitempty"`
	Archived      bool   `json:"archived,omitempty"`
	NodeID        string `json:"node_id,omitempty"` // GraphQL's
}
