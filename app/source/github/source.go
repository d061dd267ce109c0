// Package github owns the reading of a pull request (or a merge group) from GitHub: what it changes, the
// directories that the change reaches, and what this App has already said there; and the reading of default branches
// (look.go, branch.go). It only reads.
//
// The requests, in order, and why they are so few:
//
//  1. REST compare of the SHAs that the delivery named: merge base, paths, hunks. If no path concerns Terraform
//     and the App has no comment on the pull request, that is all.
//  2. One GraphQL document with the state of the pull request, our review threads, the settings files, and
//     whatever the cache lacks: directories at the merge base with their contents, contents by object id, and
//     the modes of the changed directories at head (a diff does not show that a file became a symlink).
//  3. More documents of contents alone, where a local module or a file() led to another directory.
//
// The text at head is the text at the merge base with GitHub's patch applied, accepted only if its SHA-1 is the
// one that GitHub names; otherwise it is fetched by that id. The listing of a directory at head is the one at
// the merge base with the changed files entered. Blobs and listings of commits never change, so they come from
// the store when it has them: a second push to the same pull request costs the compare and the state query.
//
// Read are the directories of changed files, the local modules that they call, what they name in file() and its kin,
// the directories that call what the change touches, directly or through others, and the var files that the settings
// name for any of them. A changed var file that they give to directories by a pattern costs one request for the tree.
//
// Callers are found in a map that the store keeps of the default branch: which file calls which directory, by the
// file's blob. It is made once a review has changed a module that can be called, and brought up to date by each push
// to the default branch with the blobs that are new. Only where to look comes from it; what a directory calls is seen
// in its contents at the merge base. A pull request's own new calls lie in directories that it changes, so they need
// no map. What it costs:
//
//   - a change to a module: nothing more, since callers come with the first document; one more document where they
//     call modules that are not known;
//   - the first such change in a repository: the tree and a document for each 100 configuration files, within the
//     review up to 300 files, after it in larger repositories. Until then the review says that callers are not known,
//     and what is under modules/ has undecided variables;
//   - a push to the default branch: the tree, and a document for each 100 new blobs of configuration files.
//
// A delivery's SHAs are hints. Where the pull request has moved, compare and contents are read once more from
// the truth; a pull request that moves again meanwhile ends in gh.ErrGone, because the newer push has a delivery
// of its own. What exists and could not be read is a Gap with a reason, never silently absent.
package github

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

// Source reads pull requests. Safe for concurrent use.
type Source struct {
	store *store.Store
	log   *slog.Logger
}

// New returns a Source that caches what cannot change in the store.
func New(store *store.Store, log *slog.Logger) *Source {
	return &Source{store: store, log: log}
}

// Ref names what to read. BaseSHA and HeadSHA are hints for a pull request, may be empty there, and are the
// truth for a merge group.
type Ref struct {
	Repo             change.Repo
	InstallationID   int64
	Number           int // 0: a merge group
	BaseSHA, HeadSHA string
	// Unsure hints are those of one of several deliveries, which may not be the newest: that nothing in such a change
	// concerns Terraform is not believed before GitHub was asked which head is the pull request's.
	Unsure bool
}

// Fetched is everything that a review needs. If Irrelevant, nothing in the change concerns Terraform and the App
// has nothing open on the pull request; then Pull may hold no more than the Ref did, and the Change no trees.
type Fetched struct {
	Pull         change.Pull
	Change       change.Change
	Conversation change.Conversation
	Irrelevant   bool
	Unmapped     bool // a changed module may have more callers than were read: MapCalls finds them
}

// Fetch reads a pull request or a merge group. gh.ErrGone: it is closed, or its head moved on. A 404 is an
// ordinary error: directly after a delivery it passes.
func (s *Source) Fetch(ctx context.Context, client *gh.Client, ref Ref) (Fetched, error) {
	r := &reading{source: s, client: client, ref: ref, base: ref.BaseSHA, head: ref.HeadSHA}
	fetched, err := r.fetch(ctx)
	if err != nil {
		return Fetched{}, fmt.Errorf("read %s: %w", ref, err)
	}
	return fetched, nil
}

func (r Ref) String() string {
	if r.Number == 0 {
		return fmt.Sprintf("merge group %s of %s", r.HeadSHA, r.Repo.FullName())
	}
	return fmt.Sprintf("pull request %d of %s", r.Number, r.Repo.FullName())
}

// reading is one Fetch under way.
type reading struct {
	source *Source
	client *gh.Client
	ref    Ref
	state  *state // nil until asked for

	base, head string // what is compared: hints at first, then the truth
}

// attempts bounds how often a moving pull request is followed within one job.
const attempts = 2

func (r *reading) fetch(ctx context.Context) (Fetched, error) {
	if r.ref.Number != 0 && (r.base == "" || r.head == "") {
		if err := r.askState(ctx); err != nil {
			return Fetched{}, err
		}
	}
	for attempt := 1; attempt <= attempts; attempt++ {
		compared, err := r.compare(ctx)
		if err != nil {
			return Fetched{}, err
		}
		commented, err := r.commented(ctx)
		if err != nil {
			return Fetched{}, err
		}
		if !commented && !compared.relevant() {
			if r.ref.Unsure && r.state == nil {
				if err := r.askState(ctx); err != nil {
					return Fetched{}, err
				}
			}
			if compared.base == r.base && compared.head == r.head {
				return Fetched{Pull: r.pull(), Change: compared.change(), Irrelevant: true}, nil
			}
			continue
		}
		ws := newWorkspace(r, compared)
		if err := ws.read(ctx); err != nil {
			return Fetched{}, err
		}
		if r.settled(attempt == attempts) {
			return r.assemble(ws, commented), nil
		}
		r.base, r.head, r.state = r.state.pull.BaseSHA, r.state.pull.HeadSHA, nil
	}
	return Fetched{}, fmt.Errorf("the head moved while it was read: %w", gh.ErrGone)
}

// commented tells whether the App may have said something that a harmless push could make untrue.
func (r *reading) commented(ctx context.Context) (bool, error) {
	if r.ref.Number == 0 {
		return false, nil
	}
	if r.state != nil {
		return len(r.state.comments) > 0, nil
	}
	return r.source.store.HasComments(ctx, r.ref.Repo.ID, r.ref.Number)
}

// settled tells whether what was compared is what the pull request is. A base that moves all the time is good
// enough in the end: its pushes have no delivery that would bring another review.
func (r *reading) settled(end bool) bool {
	return r.ref.Number == 0 || r.state.pull.HeadSHA == r.head && (end || r.state.pull.BaseSHA == r.base)
}

func (r *reading) pull() change.Pull {
	if r.state != nil {
		return r.state.pull
	}
	return change.Pull{
		Repo: r.ref.Repo, InstallationID: r.ref.InstallationID, Number: r.ref.Number,
		BaseSHA: r.base, HeadSHA: r.head, Open: true,
	}
}

func (r *reading) assemble(ws *workspace, commented bool) Fetched {
	fetched := Fetched{Pull: r.pull(), Change: ws.compared.change(), Conversation: ws.conversation, Unmapped: ws.unmapped}
	if r.state != nil {
		fetched.Conversation.Comments = r.state.comments
	}
	ws.fill(&fetched.Change)
	fetched.Irrelevant = !commented && len(fetched.Conversation.Comments) == 0 &&
		len(fetched.Change.Gaps) == 0 && !ws.hasConfig() && !ws.compared.touches(settingsPath)
	return fetched
}
