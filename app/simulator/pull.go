package simulator

import (
	"fmt"
	"strings"
	"time"
)

// Pull is a pull request.
type Pull struct {
	repo      *Repository
	id        int64
	nodeID    string
	number    int
	title     string
	body      string
	author    *user
	headRepo  *Repository
	headOwner *user
	headRef   string
	headSHA   string
	baseRef   string
	baseSHA   string // the base branch when the pull request was opened, pushed or retargeted last
	state     string // "open", "closed"
	draft     bool
	merged    bool
	mergeSHA  string
	created   time.Time
	updated   time.Time
	closed    time.Time
	mergedAt  time.Time
	reviews   []*review
	threads   []*thread
	timeline  []Event
}

// PullOptions says how a pull request is opened.
type PullOptions struct {
	Title    string
	Body     string
	Head     string // branch
	Base     string // branch; "" is the default branch
	Author   string // login; "" is "author"
	Draft    bool
	HeadRepo *Repository // of a fork that Fork made; nil: this repository
	Fork     bool        // move the branch Head to a fork that belongs to Author, and open from there
}

// OpenPull opens a pull request.
func (r *Repository) OpenPull(o PullOptions) (*Pull, error) {
	s := r.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Author == "" {
		o.Author = "author"
	}
	if o.Base == "" {
		o.Base = r.defaultBranch
	}
	p, err := r.openPull(o)
	if err != nil {
		return nil, fmt.Errorf("open pull request from %q in %s: %w", o.Head, r.fullName(), err)
	}
	return p, s.emitPull(p, "opened", p.author, nil)
}

func (r *Repository) openPull(o PullOptions) (*Pull, error) {
	s := r.sim
	head := o.HeadRepo
	if head == nil {
		head = r
	}
	if o.Fork {
		var err error
		if head, err = r.moveToFork(o.Author, o.Head); err != nil {
			return nil, err
		}
	}
	if head.branchHead(o.Head) == "" || r.branchHead(o.Base) == "" {
		return nil, fmt.Errorf("no branch %q or no branch %q", o.Head, o.Base)
	}
	p := &Pull{
		repo: r, id: s.newID(), number: r.nextNumber(), title: o.Title, body: o.Body, author: s.person(o.Author),
		headRepo: head, headOwner: head.owner, headRef: o.Head, baseRef: o.Base, state: "open", draft: o.Draft,
		created: s.clock(), updated: s.clock(),
	}
	p.nodeID = s.nodeID("PR", p.id)
	if err := p.readHead(); err != nil {
		return nil, err
	}
	commits, err := p.commits()
	if err != nil {
		return nil, err
	}
	if len(commits) == 0 { // docs:rest/pulls/pulls#create-a-pull-request (422)
		return nil, fmt.Errorf("no commits between %s and %s", o.Base, o.Head)
	}
	r.pulls = append(r.pulls, p)
	s.nodes[p.nodeID] = p
	p.note(Event{Kind: "opened", Actor: p.author.login, SHA: p.headSHA, Text: p.title})
	return p, nil
}

// moveToFork takes a branch away from the repository and puts it into a fork.
func (r *Repository) moveToFork(owner, branch string) (*Repository, error) {
	f, err := r.fork(owner)
	if err != nil {
		return nil, err
	}
	if err := f.fetch(r, branch, "refs/heads/"+branch); err != nil {
		return nil, err
	}
	_, err = r.sim.git(r.dir, nil, "update-ref", "-d", "refs/heads/"+branch)
	return f, err
}

// readHead brings the head into the base repository and reads both ends.
func (p *Pull) readHead() error {
	if err := p.repo.fetch(p.headRepo, p.headRef, fmt.Sprintf("refs/pull/%d/head", p.number)); err != nil {
		return err
	}
	p.headSHA = p.headRepo.branchHead(p.headRef)
	p.baseSHA = p.repo.branchHead(p.baseRef)
	return nil
}

// mergeBase is the commit against which GitHub shows the changes.
func (p *Pull) mergeBase() string { return p.repo.mergeBase(p.baseSHA, p.headSHA) }

// files are the changes that the pull request shows, in git's order.
func (p *Pull) files() ([]*fileDiff, error) { return p.filesAt(p.headSHA) }

func (p *Pull) filesAt(commit string) ([]*fileDiff, error) {
	base := p.repo.mergeBase(p.baseSHA, commit)
	if base == "" {
		return nil, fmt.Errorf("pull request %d: no common ancestor of %s and %s", p.number, p.baseSHA, commit)
	}
	return p.repo.diff(base, commit)
}

// commits are the pull request's commits, oldest first.
func (p *Pull) commits() ([]string, error) { return p.repo.commitsBetween(p.baseSHA, p.headSHA) }

// fork tells whether the head is in another repository.
func (p *Pull) fork() bool { return p.headRepo != p.repo }

func (p *Pull) issueComments() []*issueComment {
	var list []*issueComment
	for _, c := range p.repo.comments {
		if c.pull() == p {
			list = append(list, c)
		}
	}
	return list
}

// pushed tells everybody that a branch moved.
func (r *Repository) pushed(branch, before, after string, by *user) error {
	s := r.sim
	if err := s.emitPush(r, branch, before, after, by); err != nil {
		return err
	}
	if err := s.emitSuiteRequested(r, branch, after, by); err != nil {
		return err
	}
	for _, base := range s.repos {
		for _, p := range base.pulls {
			if p.headRepo == r && p.headRef == branch && p.state == "open" && p.headSHA != after {
				if err := p.synchronize(by); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *Pull) synchronize(by *user) error {
	before := p.headSHA
	if err := p.readHead(); err != nil {
		return fmt.Errorf("synchronize pull request %d: %w", p.number, err)
	}
	p.updated = p.repo.sim.clock()
	if err := p.moveThreads(); err != nil {
		return err
	}
	p.note(Event{Kind: "pushed", Actor: by.login, SHA: p.headSHA})
	return p.repo.sim.emitPull(p, "synchronize", by, object{"before": before, "after": p.headSHA})
}

// Push commits to the pull request's head branch.
func (p *Pull) Push(message string, files map[string]string, opts ...CommitOption) (string, error) {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	if p.headRepo.deleted {
		return "", fmt.Errorf("push to pull request %d: its head repository is gone", p.number)
	}
	return p.headRepo.commit(p.headRef, message, newPlan(files, opts))
}

// Rewind pushes by force: the head branch is set to a commit that the repository has.
func (p *Pull) Rewind(sha, by string) error {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	before := p.headSHA
	if err := p.headRepo.updateRef("refs/heads/"+p.headRef, sha); err != nil {
		return fmt.Errorf("rewind pull request %d: %w", p.number, err)
	}
	return p.headRepo.pushed(p.headRef, before, sha, p.repo.sim.person(by))
}

// change runs a transition of the pull request's state.
func (p *Pull) change(event, by string, payload object, apply func() error) error {
	s := p.repo.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := apply(); err != nil {
		return fmt.Errorf("pull request %d: %s: %w", p.number, event, err)
	}
	p.updated = s.clock()
	actor := s.person(by)
	p.note(Event{Kind: strings.ReplaceAll(event, "_", " "), Actor: by, SHA: p.headSHA})
	return s.emitPull(p, event, actor, payload)
}

// ReadyForReview ends the draft.
func (p *Pull) ReadyForReview(by string) error {
	return p.change("ready_for_review", by, nil, func() error {
		if !p.draft {
			return fmt.Errorf("is no draft")
		}
		p.draft = false
		return nil
	})
}

// ConvertToDraft makes it a draft.
func (p *Pull) ConvertToDraft(by string) error {
	return p.change("converted_to_draft", by, nil, func() error {
		if p.draft {
			return fmt.Errorf("is a draft")
		}
		p.draft = true
		return nil
	})
}

// Close closes the pull request without a merge.
func (p *Pull) Close(by string) error {
	return p.change("closed", by, nil, func() error {
		if p.state != "open" {
			return fmt.Errorf("is closed")
		}
		p.state, p.closed = "closed", p.repo.sim.clock()
		return nil
	})
}

// Reopen opens it again.
func (p *Pull) Reopen(by string) error {
	return p.change("reopened", by, nil, func() error {
		if p.state != "closed" || p.merged {
			return fmt.Errorf("is open or merged")
		}
		p.state, p.closed = "open", time.Time{}
		return nil
	})
}

// Retarget changes the base branch.
func (p *Pull) Retarget(base, by string) error {
	payload := object{}
	return p.change("edited", by, payload, func() error {
		sha := p.repo.branchHead(base)
		if sha == "" {
			return fmt.Errorf("no branch %q", base)
		}
		payload["changes"] = object{"base": object{"ref": object{"from": p.baseRef}, "sha": object{"from": p.baseSHA}}}
		p.baseRef, p.baseSHA = base, sha
		return p.moveThreads()
	})
}

// SetTitle edits the title, which an App that follows `edited` must tell from a new base.
func (p *Pull) SetTitle(title, by string) error {
	payload := object{}
	return p.change("edited", by, payload, func() error {
		payload["changes"] = object{"title": object{"from": p.title}}
		p.title = title
		return nil
	})
}

// Number is the pull request's number in its repository.
func (p *Pull) Number() int { return p.number }

// HeadSHA is the commit that the pull request proposes.
func (p *Pull) HeadSHA() string {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	return p.headSHA
}

// Repository is the base repository.
func (p *Pull) Repository() *Repository { return p.repo }
