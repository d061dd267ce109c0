package github

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/render"
)

// state is the pull request as it is, and what the App has said there.
type state struct {
	pull     change.Pull
	comments []change.Comment
}

// pullAnswer is PullRequest of GitHub's GraphQL schema.
type pullAnswer struct {
	ID                string `json:"id"`
	State             string `json:"state"` // OPEN, CLOSED, MERGED
	IsDraft           bool   `json:"isDraft"`
	IsCrossRepository bool   `json:"isCrossRepository"`
	BaseRefOid        string `json:"baseRefOid"`
	HeadRefOid        string `json:"headRefOid"`
	Author            *struct {
		Login string `json:"login"`
	} `json:"author"` // null: the account is gone
	HeadRepository *struct {
		ID string `json:"id"`
	} `json:"headRepository"` // null: the fork is gone
	ReviewThreads struct {
		PageInfo struct {
			HasNextPage bool   `json:"hasNextPage"`
			EndCursor   string `json:"endCursor"`
		} `json:"pageInfo"`
		Nodes []thread `json:"nodes"`
	} `json:"reviewThreads"`
}

type thread struct {
	ID         string `json:"id"`
	IsResolved bool   `json:"isResolved"`
	Comments   struct {
		TotalCount int             `json:"totalCount"`
		Nodes      []threadComment `json:"nodes"`
	} `json:"comments"`
}

// threadComment is one comment. fullDatabaseId is a number in a string: ids have passed 32 bits.
type threadComment struct {
	ID              string `json:"id"`
	FullDatabaseID  string `json:"fullDatabaseId"`
	Body            string `json:"body"`
	Path            string `json:"path"`
	Line            *int   `json:"line"` // null: outdated
	IsMinimized     bool   `json:"isMinimized"`
	ViewerDidAuthor bool   `json:"viewerDidAuthor"`
}

// maxThreadPages bounds the walk through the review threads: 5000 threads.
const maxThreadPages = 50

// askState reads the state alone, where no delivery gave hints, and takes it for the truth to compare.
func (r *reading) askState(ctx context.Context) error {
	answered, err := r.ask(ctx, question{number: r.ref.Number})
	if err != nil {
		return err
	}
	if err := r.learn(ctx, answered.pull); err != nil {
		return err
	}
	r.base, r.head = r.state.pull.BaseSHA, r.state.pull.HeadSHA
	return nil
}

// learn takes the first page of the state, and asks for the remaining threads.
func (r *reading) learn(ctx context.Context, p *pullAnswer) error {
	if p == nil {
		return fmt.Errorf("GitHub does not show the pull request (yet)")
	}
	if p.State != "OPEN" {
		return fmt.Errorf("it is %s: %w", strings.ToLower(p.State), gh.ErrGone)
	}
	if p.BaseRefOid == "" || p.HeadRefOid == "" {
		return fmt.Errorf("GitHub names no base or no head of the pull request")
	}
	read := &state{pull: change.Pull{
		Repo: r.ref.Repo, InstallationID: r.ref.InstallationID, Number: r.ref.Number, NodeID: p.ID,
		BaseSHA: p.BaseRefOid, HeadSHA: p.HeadRefOid, Open: true, Draft: p.IsDraft,
		Fork: p.IsCrossRepository || p.HeadRepository == nil,
	}}
	if p.Author != nil {
		read.pull.Author = p.Author.Login
	}
	for page := 1; ; page++ {
		for _, thread := range p.ReviewThreads.Nodes {
			read.comments = append(read.comments, thread.ours()...)
		}
		if !p.ReviewThreads.PageInfo.HasNextPage {
			break
		}
		if page == maxThreadPages {
			return fmt.Errorf("the pull request has more than %d review threads", 100*maxThreadPages)
		}
		answered, err := r.ask(ctx, question{number: r.ref.Number, after: p.ReviewThreads.PageInfo.EndCursor})
		if err != nil {
			return fmt.Errorf("read more review threads: %w", err)
		}
		if p = answered.pull; p == nil {
			return fmt.Errorf("GitHub does not show the pull request any more")
		}
	}
	r.state = read
	return nil
}

// ours are the comments of a thread that the App wrote and marked. A comment that is not shown here (only 20
// are asked for) is taken for a person's: the App writes one in a thread.
func (t thread) ours() []change.Comment {
	foreign := t.Comments.TotalCount > len(t.Comments.Nodes)
	for _, c := range t.Comments.Nodes {
		foreign = foreign || !c.ViewerDidAuthor
	}
	var comments []change.Comment
	for _, c := range t.Comments.Nodes {
		marker, marked := render.ParseMarker(c.Body)
		id, err := strconv.ParseInt(c.FullDatabaseID, 10, 64)
		if !c.ViewerDidAuthor || !marked || err != nil {
			continue
		}
		comment := change.Comment{
			ID: id, NodeID: c.ID, ThreadID: t.ID, Fingerprint: marker.Fingerprint, Path: c.Path, Body: c.Body,
			Minimized: c.IsMinimized, Resolved: t.IsResolved, HumanReplied: foreign,
		}
		if c.Line != nil {
			comment.Line = *c.Line
		}
		comments = append(comments, comment)
	}
	return comments
}
