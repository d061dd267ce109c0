package simulator

import "time"

// Event is one thing that happened to a pull request.
type Event struct {
	At         time.Time
	Kind       string // "opened", "pushed", "review", "comment", "reply", "check run", "minimized", "reaction", "closed", ...
	Actor      string // login
	SHA        string
	Text       string
	ReviewID   int64
	CommentID  int64 // of a review comment or an issue comment
	CheckRunID int64
}

func (p *Pull) note(e Event) {
	e.At = p.repo.sim.clock()
	p.timeline = append(p.timeline, e)
}

// PullState is a pull request as a page shows it.
type PullState struct {
	Number               int
	Title, Body          string
	Author               string
	State                string // "open", "closed"
	Draft, Merged, Fork  bool
	HeadRepository       string // "owner/name", "" where it is gone
	HeadRef, HeadSHA     string
	BaseRef, BaseSHA     string
	MergeBase            string
	Created, Updated     time.Time
	Additions, Deletions int
}

// State reads the pull request.
func (p *Pull) State() PullState {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	st := PullState{
		Number: p.number, Title: p.title, Body: p.body, Author: p.author.login, State: p.state, Draft: p.draft,
		Merged: p.merged, Fork: p.fork(), HeadRef: p.headRef, HeadSHA: p.headSHA, BaseRef: p.baseRef, BaseSHA: p.baseSHA,
		MergeBase: p.mergeBase(), Created: p.created, Updated: p.updated,
	}
	if !p.headRepo.deleted {
		st.HeadRepository = p.headRepo.fullName()
	}
	files, err := p.files()
	if err != nil {
		return st // unrelated histories show no files, on GitHub too
	}
	for _, f := range files {
		st.Additions += f.additions
		st.Deletions += f.deletions
	}
	return st
}

// File is a changed file as a page shows it.
type File struct {
	Path, OldPath        string // OldPath only where it differs
	Status               string // added, removed, modified, renamed, changed
	Additions, Deletions int
	Patch                string // "" where GitHub shows none
	Hunks                []Hunk
}

// Files lists the changes of the pull request.
func (p *Pull) Files() ([]File, error) {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	diffs, err := p.files()
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(diffs))
	for _, d := range diffs {
		f := File{Path: d.path, OldPath: d.oldPath, Status: d.status, Additions: d.additions, Deletions: d.deletions}
		if d.hasPatch() {
			f.Patch, f.Hunks = d.patch, d.hunks
		}
		files = append(files, f)
	}
	return files, nil
}

// Commits lists the pull request's commits, oldest first.
func (p *Pull) Commits() ([]Commit, error) {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	list, err := p.commits()
	if err != nil {
		return nil, err
	}
	commits := make([]Commit, 0, len(list))
	for _, sha := range list {
		c, err := p.repo.readCommit(sha)
		if err != nil {
			return nil, err
		}
		commits = append(commits, *c)
	}
	return commits, nil
}

// Timeline lists what happened, oldest first.
func (p *Pull) Timeline() []Event {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	return append([]Event(nil), p.timeline...)
}

// Pulls lists the repository's pull requests by number.
func (r *Repository) Pulls() []*Pull {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return append([]*Pull(nil), r.pulls...)
}
