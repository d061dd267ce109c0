package simulator

import (
	"fmt"
	"time"
)

// Comment is a comment as a page shows it: inline (with a thread) or in the conversation.
type Comment struct {
	ID        int64
	NodeID    string
	Author    string
	Body      string
	Created   time.Time
	Minimized string // the reason, "" where it is shown
	Reactions []Reaction
	ReviewID  int64
	Inline    bool

	ThreadID      string
	Path          string
	Side          string
	StartLine     int // 0: one line
	Line          int // 0: outdated
	OriginalLine  int
	OriginalStart int // 0: one line
	OriginalSHA   string
	DiffHunk      string
	Outdated      bool
	Resolved      bool
	ReplyTo       int64 // the first comment of the thread; 0 for that one
}

// Reaction is an emoji that somebody left.
type Reaction struct {
	User    string
	Content string // "eyes", "rocket", "confused", "+1", ...
}

// Thread is an inline conversation.
type Thread struct {
	ID         string
	Path       string
	Side       string
	StartLine  int
	Line       int // 0: outdated
	Outdated   bool
	Resolved   bool
	ResolvedBy string
	Comments   []Comment
}

// Review is a submitted review.
type Review struct {
	ID       int64
	Author   string
	Body     string
	State    string
	SHA      string
	At       time.Time
	Comments []Comment
}

// Comments lists the inline comments of the pull request by age.
func (p *Pull) Comments() []Comment {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	var list []Comment
	for _, c := range p.reviewComments() {
		list = append(list, c.view())
	}
	return list
}

// Conversation lists the comments that are not inline.
func (p *Pull) Conversation() []Comment {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	var list []Comment
	for _, c := range p.issueComments() {
		list = append(list, Comment{ID: c.id, NodeID: c.nodeID, Author: c.author.login, Body: c.body, Created: c.created,
			Minimized: c.minimized, Reactions: viewReactions(c.reactions)})
	}
	return list
}

// Threads lists the inline conversations.
func (p *Pull) Threads() []Thread {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	var list []Thread
	for _, t := range p.threads {
		v := Thread{ID: t.nodeID, Path: t.path, Side: t.side, StartLine: t.start, Line: t.line, Outdated: t.outdated(),
			Resolved: t.resolvedBy != nil}
		if t.resolvedBy != nil {
			v.ResolvedBy = t.resolvedBy.login
		}
		for _, c := range t.comments {
			v.Comments = append(v.Comments, c.view())
		}
		list = append(list, v)
	}
	return list
}

// Reviews lists the reviews.
func (p *Pull) Reviews() []Review {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	var list []Review
	for _, r := range p.reviews {
		v := Review{ID: r.id, Author: r.author.login, Body: r.body, State: r.state, SHA: r.commit, At: r.at}
		for _, c := range r.comments {
			v.Comments = append(v.Comments, c.view())
		}
		list = append(list, v)
	}
	return list
}

func (c *reviewComment) view() Comment {
	t := c.thread
	v := Comment{
		ID: c.id, NodeID: c.nodeID, Author: c.author.login, Body: c.body, Created: c.created, Minimized: c.minimized,
		Reactions: viewReactions(c.reactions), Inline: true, ThreadID: t.nodeID, Path: t.path, Side: t.side,
		StartLine: t.start, Line: t.line, OriginalLine: t.origin.line, OriginalStart: t.origin.start, OriginalSHA: t.origin.commit,
		DiffHunk: t.comments[0].hunk, Outdated: t.outdated(), Resolved: t.resolvedBy != nil,
	}
	if c.review != nil {
		v.ReviewID = c.review.id
	}
	if c != t.comments[0] {
		v.ReplyTo = t.comments[0].id
	}
	return v
}

func viewReactions(list []*reaction) []Reaction {
	var views []Reaction
	for _, r := range list {
		views = append(views, Reaction{User: r.user.login, Content: r.content})
	}
	return views
}

// findComment finds an inline comment.
func (p *Pull) findComment(id int64) (*reviewComment, error) {
	for _, c := range p.reviewComments() {
		if c.id == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("pull request %d: no inline comment %d", p.number, id)
}

// Reply answers an inline comment as a person.
func (p *Pull) Reply(commentID int64, by, body string) (int64, error) {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	c, err := p.findComment(commentID)
	if err != nil {
		return 0, err
	}
	answer := c.thread.addComment(p.repo.sim.person(by), body)
	p.note(Event{Kind: "reply", Actor: by, Text: body, CommentID: answer.id})
	return answer.id, nil
}

// Minimize hides an inline comment as a person, for a reason in the words of GraphQL's minimizedReason: "resolved".
func (p *Pull) Minimize(commentID int64, by, reason string) error {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	c, err := p.findComment(commentID)
	if err != nil {
		return err
	}
	c.minimized = reason
	p.note(Event{Kind: "minimized", Actor: by, Text: reason, CommentID: commentID})
	return nil
}

// Resolve resolves the thread of an inline comment as a person.
func (p *Pull) Resolve(commentID int64, by string) error {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	c, err := p.findComment(commentID)
	if err != nil {
		return err
	}
	c.thread.resolvedBy = p.repo.sim.person(by)
	p.note(Event{Kind: "resolved", Actor: by, CommentID: commentID})
	return nil
}
