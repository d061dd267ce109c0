package page

import (
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// conversationPage is the first tab: what happened, in order.
type conversationPage struct {
	frame
	Description  template.HTML
	Items        []item
	Reviewers    []author
	Participants []author
}

// item is one entry of the timeline; only the parts of its kind are there.
type item struct {
	Kind    string // "commits", "review", "comment", "check", "event"
	At      time.Time
	Author  author
	Text    string
	Anchor  string
	Commits []commitView
	Forced  bool
	Body    template.HTML
	Threads []threadView
	Comment commentView
	Run     runView
}

// commitView is a commit of the pull request with the state of its checks.
type commitView struct {
	SHA    string
	Title  string
	Author author
	Mark   string
}

func (s *site) conversation(w http.ResponseWriter, r *http.Request) {
	p, found := s.pull(w, r)
	if !found {
		return
	}
	f := s.frame(p, "conversation", "")
	t := &timeline{site: s, pull: p, repo: p.Repository()}
	s.show(w, http.StatusOK, "conversation", conversationPage{
		frame: f, Description: s.markdown.render(f.Pull.State.Body, nil), Items: t.items(),
		Reviewers: actors(p, "review"), Participants: actors(p, "opened", "pushed", "comment", "reply", "review"),
	})
}

// actors lists who did something of these kinds, in order of the first time.
func actors(p *simulator.Pull, kinds ...string) []author {
	var list []author
	for _, e := range p.Timeline() {
		if a := authorOf(e.Actor); slices.Contains(kinds, e.Kind) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// timeline turns events into items.
type timeline struct {
	site    *site
	pull    *simulator.Pull
	repo    *simulator.Repository
	commits []simulator.Commit // that were not shown yet
	reviews map[int64]simulator.Review
	threads map[int64][]simulator.Thread // by review
	talk    map[int64]simulator.Comment
	runs    map[int64]simulator.CheckRun
}

func (t *timeline) items() []item {
	t.read()
	var items []item
	for _, e := range t.pull.Timeline() {
		items = append(items, t.item(e)...)
	}
	return items
}

// read gathers what the events refer to.
func (t *timeline) read() {
	t.commits, _ = t.pull.Commits() // unrelated histories have none to show
	t.reviews, t.talk = map[int64]simulator.Review{}, map[int64]simulator.Comment{}
	t.threads, t.runs = map[int64][]simulator.Thread{}, map[int64]simulator.CheckRun{}
	for _, r := range t.pull.Reviews() {
		t.reviews[r.ID] = r
	}
	for _, thread := range t.pull.Threads() {
		if len(thread.Comments) > 0 {
			id := thread.Comments[0].ReviewID
			t.threads[id] = append(t.threads[id], thread)
		}
	}
	for _, c := range t.pull.Conversation() {
		t.talk[c.ID] = c
	}
	for _, run := range allRuns(t.pull) {
		t.runs[run.ID] = run
	}
}

func (t *timeline) item(e simulator.Event) []item {
	it := item{Kind: "event", At: e.At, Author: authorOf(e.Actor), Text: e.Kind}
	switch e.Kind {
	case "opened", "pushed":
		return t.pushed(e)
	case "review":
		it.Kind = "review"
		it.Body = t.site.markdown.render(t.reviews[e.ReviewID].Body, nil)
		for _, thread := range t.threads[e.ReviewID] {
			it.Threads = append(it.Threads, t.site.thread(t.repo, thread))
		}
	case "comment":
		c, found := t.talk[e.CommentID]
		if !found {
			return nil // deleted since
		}
		it.Kind, it.Comment = "comment", t.site.comment(t.repo, c)
	case "check run":
		run, found := t.runs[e.CheckRunID]
		if !found {
			return nil
		}
		it.Kind, it.Run = "check", viewRun(run)
	case "minimized", "unminimized", "reaction", "reply", "resolved", "suggestion applied":
		return nil // seen on the comment itself
	}
	return []item{it}
}

// pushed lists the commits that came with a push. A head that is not among the commits was forced away since.
func (t *timeline) pushed(e simulator.Event) []item {
	at := -1
	for i, c := range t.commits {
		if c.SHA == e.SHA {
			at = i
		}
	}
	it := item{Kind: "commits", At: e.At, Author: authorOf(e.Actor), Text: short(e.SHA), Forced: at < 0}
	for _, c := range t.commits[:at+1] {
		it.Commits = append(it.Commits, commitView{
			SHA: c.SHA, Title: firstLine(c.Message), Author: authorOf(c.Author), Mark: verdict(latest(t.repo.CheckRuns(c.SHA))),
		})
	}
	t.commits = t.commits[at+1:]
	return []item{it}
}
