package page

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// pullHead is what stands above the tabs of a pull request.
type pullHead struct {
	State    simulator.PullState
	Author   author
	Repo     string // "owner/name"
	Path     string // of the first tab
	Tab      string
	Comments int
	Files    int
	Checks   int
	Runs     []runView // the latest of each name on the head
	Verdict  string    // the worst of the runs: "failure", "pending", "neutral", "success", "" without one
}

// HeadLabel is the branch that is to be merged, with its owner where it comes from a fork.
func (p *pullHead) HeadLabel() string {
	if p.State.Fork {
		owner, _, _ := strings.Cut(p.State.HeadRepository, "/")
		if owner == "" {
			owner = "unknown repository"
		}
		return owner + ":" + p.State.HeadRef
	}
	return p.State.HeadRef
}

// Badge is the state as it is shown.
func (p *pullHead) Badge() string {
	switch {
	case p.State.Merged:
		return "Merged"
	case p.State.State != "open":
		return "Closed"
	case p.State.Draft:
		return "Draft"
	}
	return "Open"
}

// pull finds the pull request of a path, or answers that there is none.
func (s *site) pull(w http.ResponseWriter, r *http.Request) (*simulator.Pull, bool) {
	repo, found := s.repository(w, r)
	if !found {
		return nil, false
	}
	for _, p := range repo.Pulls() { // issues have numbers of the same row
		if strconv.Itoa(p.State().Number) == r.PathValue("number") {
			return p, true
		}
	}
	s.missing(w, "There is no pull request "+r.PathValue("number")+" in "+repo.FullName()+".")
	return nil, false
}

// patience is how long after a push a page reloads although no check run has come: an App may be gone for good.
const patience = time.Minute

func (s *site) frame(p *simulator.Pull, tab, title string) frame {
	h := &pullHead{State: p.State(), Repo: p.Repository().FullName(), Tab: tab, Comments: len(p.Conversation()) + len(p.Comments())}
	h.Author = authorOf(h.State.Author)
	h.Path = "/" + h.Repo + "/pull/" + strconv.Itoa(h.State.Number)
	if files, err := p.Files(); err == nil {
		h.Files = len(files)
	}
	h.Runs = latest(p.CheckRuns())
	h.Checks = len(h.Runs)
	h.Verdict = verdict(h.Runs)
	waiting := h.Verdict == "" && h.State.State == "open" && time.Since(h.State.Updated) < patience
	return frame{Title: title + h.State.Title, Refresh: h.Verdict == "pending" || waiting, Pull: h}
}

// verdict is what the runs mean together.
func verdict(runs []runView) string {
	worst := ""
	rank := map[string]int{"success": 1, "neutral": 1, "pending": 2, "failure": 3}
	for _, run := range runs {
		if rank[run.Mark] > rank[worst] || worst == "neutral" && run.Mark == "success" {
			worst = run.Mark
		}
	}
	return worst
}
