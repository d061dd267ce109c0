package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Issue is an issue of a repository. It shares its numbers with the pull requests.
type Issue struct {
	repo     *Repository
	id       int64
	nodeID   string
	number   int
	title    string
	body     string
	author   *user
	state    string // "open", "closed"
	reason   string // of a closed one: "completed", "not_planned"; of a reopened one: "reopened"
	created  time.Time
	updated  time.Time
	closed   time.Time
	closedBy *user
	edits    int
}

// conversation is what issue comments stand under: a pull request or an issue.
type conversation interface {
	page() string
	issueJSON() object
	note(Event)
}

func (p *Pull) page() string      { return p.repo.sim.pullHTML(p) }
func (p *Pull) issueJSON() object { return p.repo.sim.pullIssueJSON(p) }

func (i *Issue) page() string {
	return fmt.Sprintf("%s/issues/%d", i.repo.sim.repositoryHTML(i.repo), i.number)
}
func (i *Issue) issueJSON() object { return i.repo.sim.issueJSON(i) }
func (i *Issue) note(Event)        {} // only pull requests have a timeline here

// pull is the pull request that a comment stands under, nil if it is an issue.
func (c *issueComment) pull() *Pull {
	p, _ := c.on.(*Pull)
	return p
}

// nextNumber is the number of the next issue or pull request.
func (r *Repository) nextNumber() int { return len(r.pulls) + len(r.issues) + r.deletedIssues + 1 }

func (r *Repository) pullNumber(number int64) *Pull {
	for _, p := range r.pulls {
		if int64(p.number) == number {
			return p
		}
	}
	return nil
}

func (r *Repository) issueNumber(number int64) *Issue {
	for _, i := range r.issues {
		if int64(i.number) == number {
			return i
		}
	}
	return nil
}

// conversation finds the issue or pull request that a path names.
func (c *call) conversation() conversation {
	if p := c.pull(); p != nil {
		return p
	}
	if i := c.repo.issueNumber(c.id("number")); i != nil {
		return i
	}
	return nil
}

// IssueState is an issue as a page shows it.
type IssueState struct {
	Number      int
	Title, Body string
	Author      string
	State       string // "open", "closed"
	Created     time.Time
	Edits       int // by anybody, since it was opened
}

// Issues lists the repository's issues by number.
func (r *Repository) Issues() []*Issue {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return slices.Clone(r.issues)
}

// State reads the issue.
func (i *Issue) State() IssueState {
	i.repo.sim.mu.Lock()
	defer i.repo.sim.mu.Unlock()
	return IssueState{Number: i.number, Title: i.title, Body: i.body, Author: i.author.login, State: i.state, Created: i.created, Edits: i.edits}
}

// Comments lists what was said under the issue.
func (i *Issue) Comments() []Comment {
	i.repo.sim.mu.Lock()
	defer i.repo.sim.mu.Unlock()
	var list []Comment
	for _, c := range i.repo.comments {
		if c.on == conversation(i) {
			list = append(list, Comment{ID: c.id, NodeID: c.nodeID, Author: c.author.login, Body: c.body, Created: c.created,
				Reactions: viewReactions(c.reactions)})
		}
	}
	return list
}

// OpenIssue opens an issue as a person.
func (r *Repository) OpenIssue(by, title, body string) (*Issue, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	i := r.addIssue(r.sim.person(by), title, body)
	return i, r.sim.emitIssue(i, "opened", i.author, nil)
}

// Close closes the issue as a person.
func (i *Issue) Close(by string) error {
	i.repo.sim.mu.Lock()
	defer i.repo.sim.mu.Unlock()
	return i.setState(i.repo.sim.person(by), "closed", "completed")
}

// Reopen reopens the issue as a person.
func (i *Issue) Reopen(by string) error {
	i.repo.sim.mu.Lock()
	defer i.repo.sim.mu.Unlock()
	return i.setState(i.repo.sim.person(by), "open", "reopened")
}

// Edit changes the body as a person, as ticking a box does.
func (i *Issue) Edit(by, body string) error {
	i.repo.sim.mu.Lock()
	defer i.repo.sim.mu.Unlock()
	return i.setBody(i.repo.sim.person(by), body)
}

// Comment writes under the issue as a person and returns the comment's id.
func (i *Issue) Comment(by, body string) (int64, error) {
	s := i.repo.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	c := i.repo.addIssueComment(i, i.number, s.person(by), body)
	return c.id, s.emitIssueComment(c, "created", "")
}

// Delete deletes the issue, which only people can.
func (i *Issue) Delete(by string) error {
	s := i.repo.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.emitIssue(i, "deleted", s.person(by), nil)
	i.repo.deletedIssues++
	i.repo.issues = slices.DeleteFunc(i.repo.issues, func(other *Issue) bool { return other == i })
	return err
}

func (r *Repository) addIssue(author *user, title, body string) *Issue {
	s := r.sim
	i := &Issue{repo: r, id: s.newID(), number: r.nextNumber(), title: title, body: body, author: author, state: "open",
		created: s.clock(), updated: s.clock()}
	i.nodeID = s.nodeID("I", i.id)
	r.issues = append(r.issues, i)
	return i
}

func (i *Issue) setBody(by *user, body string) error {
	if body == i.body {
		return nil
	}
	before := i.body
	i.body, i.updated = body, i.repo.sim.clock()
	i.edits++
	return i.repo.sim.emitIssue(i, "edited", by, object{"changes": object{"body": object{"from": before}}})
}

func (i *Issue) setState(by *user, state, reason string) error {
	if state == i.state {
		return nil
	}
	s := i.repo.sim
	i.state, i.reason, i.updated = state, reason, s.clock()
	if state == "closed" {
		i.closed, i.closedBy = s.clock(), by
		return s.emitIssue(i, "closed", by, nil)
	}
	i.closed, i.closedBy = time.Time{}, nil
	return s.emitIssue(i, "reopened", by, nil)
}

func (s *Simulator) issueJSON(i *Issue) object {
	at := fmt.Sprintf("%s/issues/%d", s.repositoryURL(i.repo), i.number)
	comments := 0
	for _, c := range i.repo.comments {
		if c.on == conversation(i) {
			comments++
		}
	}
	o := object{
		"url": at, "repository_url": s.repositoryURL(i.repo), "labels_url": at + "/labels{/name}",
		"comments_url": at + "/comments", "events_url": at + "/events", "html_url": i.page(), "id": i.id,
		"node_id": i.nodeID, "number": i.number, "title": i.title, "user": s.userJSON(i.author), "labels": []object{},
		"state": i.state, "locked": false, "assignee": nil, "assignees": []object{}, "milestone": nil,
		"comments": comments, "created_at": stamp(i.created), "updated_at": stamp(i.updated),
		"closed_at": maybe(i.closed), "author_association": i.repo.association(i.author), "active_lock_reason": nil,
		"body": orNil(i.body), "performed_via_github_app": nil, "state_reason": orNil(i.reason),
		"timeline_url": at + "/timeline", "reactions": reactionCounts(at, nil),
	}
	if i.author == s.app.bot {
		o["performed_via_github_app"] = s.appJSON()
	}
	return o
}

// listIssues lists issues and pull requests, which are issues to GitHub, newest first (OAS).
func listIssues(c *call) reply {
	q := c.req.URL.Query()
	for name := range q {
		if !slices.Contains([]string{"state", "creator", "page", "per_page"}, name) {
			return *c.unsupported("listing issues by " + name)
		}
	}
	state := q.Get("state")
	if state == "" {
		state = "open"
	}
	all := make([]conversation, c.repo.nextNumber())
	wanted := func(author *user, is string) bool {
		return (state == "all" || is == state) && (q.Get("creator") == "" || strings.EqualFold(q.Get("creator"), author.login))
	}
	for _, i := range c.repo.issues {
		if wanted(i.author, i.state) {
			all[i.number] = i
		}
	}
	for _, p := range c.repo.pulls {
		if wanted(p.author, p.state) {
			all[p.number] = p
		}
	}
	list := []object{}
	for _, entry := range slices.Backward(all) {
		if entry != nil {
			list = append(list, entry.issueJSON())
		}
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

// getIssue answers 410 for a deleted issue (OAS), and a pull request too.
func getIssue(c *call) reply {
	if on := c.conversation(); on != nil {
		return ok(on.issueJSON())
	}
	if n := c.id("number"); n > 0 && n < int64(c.repo.nextNumber()) {
		return failure(http.StatusGone, "This issue was deleted")
	}
	return notFound()
}

func createIssue(c *call) reply {
	var in struct {
		Title string  `json:"title"`
		Body  *string `json:"body"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if c.repo.withoutIssues {
		return failure(http.StatusGone, "Issues has been disabled in this repository.")
	}
	if refused := checkIssue(&in.Title, in.Body); refused != nil {
		return *refused
	}
	i := c.repo.addIssue(c.sim.app.bot, in.Title, deref(in.Body))
	if err := c.sim.emitIssue(i, "opened", i.author, nil); err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	body := i.issueJSON()
	return reply{status: http.StatusCreated, body: body, header: http.Header{"Location": {body["url"].(string)}}}
}

// maxTitle is the longest title of an issue ("title is too long (maximum is 256 characters)").
const maxTitle = 256

func checkIssue(title, body *string) *reply {
	var refused reply
	switch {
	case title != nil && strings.TrimSpace(*title) == "":
		refused = invalid("title", "title can't be blank")
	case title != nil && utf8.RuneCountInString(*title) > maxTitle:
		refused = invalid("title", "title is too long (maximum is 256 characters)")
	case body != nil && utf8.RuneCountInString(*body) > maxBody:
		refused = invalid("body", "body is too long (maximum is 65536 characters)")
	default:
		return nil
	}
	return &refused
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// updateIssue changes what is named.
func updateIssue(c *call) reply {
	i := c.repo.issueNumber(c.id("number"))
	if i == nil {
		return getIssue(c)
	}
	var in struct {
		Title  *string `json:"title"`
		Body   *string `json:"body"`
		State  *string `json:"state"`
		Reason *string `json:"state_reason"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if refused := checkIssue(in.Title, in.Body); refused != nil {
		return *refused
	}
	if in.Title != nil && *in.Title != i.title {
		before := i.title
		i.title, i.updated = *in.Title, c.sim.clock()
		if err := c.sim.emitIssue(i, "edited", c.sim.app.bot, object{"changes": object{"title": object{"from": before}}}); err != nil {
			return failure(http.StatusInternalServerError, err.Error())
		}
	}
	var err error
	if in.Body != nil {
		err = i.setBody(c.sim.app.bot, *in.Body)
	}
	if in.State != nil && err == nil {
		reason := map[string]string{"open": "reopened", "closed": "completed"}[*in.State]
		if reason == "" {
			return invalid("state", "state is not included in the list")
		}
		if in.Reason != nil {
			reason = *in.Reason
		}
		err = i.setState(c.sim.app.bot, *in.State, reason)
	}
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	return ok(i.issueJSON())
}

// emitIssue sends an event of an issue. GitHub shows a closed issue in it as closed, a deleted one as it was.
func (s *Simulator) emitIssue(i *Issue, action string, by *user, extra object) error {
	installation := s.deliverable(i.repo, "issues", grant{"issues", "read"})
	if installation == nil {
		return nil
	}
	payload := s.about(i.repo, by)
	issue := i.issueJSON()
	if action == "opened" || action == "edited" || action == "deleted" {
		issue["closed_at"] = maybe(i.closed)
	}
	payload["issue"] = issue
	if action == "edited" {
		payload["changes"] = object{}
	}
	for k, v := range extra {
		payload[k] = v
	}
	return s.emit("issues", action, installation, i.repo, payload)
}

// WithoutIssues makes a repository whose issues are switched off: what would create one is answered with 410.
func WithoutIssues() RepositoryOption { return func(r *Repository) { r.withoutIssues = true } }
