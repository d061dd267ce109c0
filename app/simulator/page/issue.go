package page

import (
	"html/template"
	"net/http"
	"strconv"

	"github.com/kms-review/kms-review/app/simulator"
)

// issuePage is an issue with what was said under it.
type issuePage struct {
	frame
	issueHead
	Body     template.HTML
	Comments []commentView
}

// issueHead is an issue in a list and above its text.
type issueHead struct {
	State  simulator.IssueState
	Author author
	Repo   string // "owner/name"
	Path   string
	Badge  string
	Said   int
}

func newIssueHead(repo *simulator.Repository, issue *simulator.Issue) issueHead {
	h := issueHead{State: issue.State(), Repo: repo.FullName(), Badge: "Open", Said: len(issue.Comments())}
	h.Author = authorOf(h.State.Author)
	h.Path = "/" + h.Repo + "/issues/" + strconv.Itoa(h.State.Number)
	if h.State.State != "open" {
		h.Badge = "Closed"
	}
	return h
}

func (s *site) issue(w http.ResponseWriter, r *http.Request) {
	repo, found := s.repository(w, r)
	if !found {
		return
	}
	for _, issue := range repo.Issues() {
		h := newIssueHead(repo, issue)
		if strconv.Itoa(h.State.Number) != r.PathValue("number") {
			continue
		}
		data := issuePage{frame: frame{Title: h.State.Title}, issueHead: h, Body: s.markdown.render(h.State.Body, nil)}
		for _, c := range issue.Comments() {
			data.Comments = append(data.Comments, s.comment(repo, c))
		}
		s.show(w, http.StatusOK, "issue", data)
		return
	}
	s.missing(w, "There is no issue "+r.PathValue("number")+" in "+repo.FullName()+".")
}
