package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// issueComment is a comment in the conversation of a pull request or an issue.
type issueComment struct {
	id        int64
	nodeID    string
	repo      *Repository
	number    int
	on        conversation
	author    *user
	body      string
	created   time.Time
	updated   time.Time
	minimized string
	reactions []*reaction
}

// reaction is an emoji under a comment.
type reaction struct {
	id      int64
	nodeID  string
	user    *user
	content string
	at      time.Time
}

// Comment writes into the conversation as a person and returns the comment's id.
func (p *Pull) Comment(by, body string) (int64, error) {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	c := p.repo.addIssueComment(p, p.number, p.repo.sim.person(by), body)
	return c.id, p.repo.sim.emitIssueComment(c, "created", "")
}

// EditComment changes a comment of the conversation.
func (p *Pull) EditComment(id int64, by, body string) error {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	for _, c := range p.issueComments() {
		if c.id == id {
			before := c.body
			c.body, c.updated = body, p.repo.sim.clock()
			p.repo.sim.person(by)
			return p.repo.sim.emitIssueComment(c, "edited", before)
		}
	}
	return fmt.Errorf("pull request %d: no comment %d", p.number, id)
}

func (r *Repository) addIssueComment(on conversation, number int, author *user, body string) *issueComment {
	s := r.sim
	c := &issueComment{id: s.newID() + commentIDs, repo: r, number: number, on: on, author: author, body: body, created: s.clock(), updated: s.clock()}
	c.nodeID = s.nodeID("IC", c.id)
	s.nodes[c.nodeID] = c
	r.comments = append(r.comments, c)
	on.note(Event{Kind: "comment", Actor: author.login, Text: body, CommentID: c.id})
	return c
}

func createIssueComment(c *call) reply {
	on := c.conversation()
	if on == nil {
		return notFound()
	}
	var in struct {
		Body *string `json:"body"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if in.Body == nil || strings.TrimSpace(*in.Body) == "" {
		return invalid("body", "body can't be blank")
	}
	if utf8.RuneCountInString(*in.Body) > maxBody {
		return invalid("body", "Body is too long (maximum is 65536 characters)")
	}
	comment := c.repo.addIssueComment(on, int(c.id("number")), c.sim.app.bot, *in.Body)
	if err := c.sim.emitIssueComment(comment, "created", ""); err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	body := c.sim.issueCommentJSON(comment)
	location, _ := body["url"].(string)
	return reply{status: http.StatusCreated, body: body, header: http.Header{"Location": {location}}}
}

func (s *Simulator) issueCommentJSON(c *issueComment) object {
	at := s.repositoryURL(c.repo)
	o := object{
		"id": c.id, "node_id": c.nodeID, "url": at + "/issues/comments/" + decimal(c.id), "body": c.body,
		"html_url":  c.on.page() + "#issuecomment-" + decimal(c.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", at, c.number), "user": s.userJSON(c.author),
		"created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": c.repo.association(c.author), "performed_via_github_app": nil,
		"reactions": reactionCounts(at+"/issues/comments/"+decimal(c.id), c.reactions),
	}
	if c.author == s.app.bot {
		o["performed_via_github_app"] = s.appJSON()
	}
	return o
}

func (c *call) issueComment() *issueComment {
	for _, comment := range c.repo.comments {
		if comment.id == c.id("comment") {
			return comment
		}
	}
	return nil
}

// reactionContents are the reactions of the REST API (OAS).
var reactionContents = []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}

// createReaction answers 201, or 200 where the reaction was there before (OAS).
func createReaction(c *call) reply {
	comment := c.issueComment()
	if comment == nil {
		return notFound()
	}
	var in struct {
		Content string `json:"content"`
	}
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if !slices.Contains(reactionContents, in.Content) {
		return invalid("content", "content is not included in the list")
	}
	r, isNew := c.sim.react(&comment.reactions, c.sim.app.bot, in.Content)
	if !isNew {
		return ok(c.sim.reactionJSON(r))
	}
	comment.on.note(Event{Kind: "reaction", Actor: c.sim.app.bot.login, Text: in.Content, CommentID: comment.id})
	return created(c.sim.reactionJSON(r))
}

func (s *Simulator) react(list *[]*reaction, by *user, content string) (*reaction, bool) {
	for _, r := range *list {
		if r.user == by && r.content == content {
			return r, false
		}
	}
	r := &reaction{id: s.newID(), user: by, content: content, at: s.clock()}
	r.nodeID = s.nodeID("REA", r.id)
	*list = append(*list, r)
	return r, true
}

func listReactions(c *call) reply {
	comment := c.issueComment()
	if comment == nil {
		return notFound()
	}
	list := []object{}
	for _, r := range comment.reactions {
		if want := c.req.URL.Query().Get("content"); want == "" || want == r.content {
			list = append(list, c.sim.reactionJSON(r))
		}
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

func deleteReaction(c *call) reply {
	comment := c.issueComment()
	if comment == nil {
		return notFound()
	}
	for i, r := range comment.reactions {
		if r.id == c.id("reaction") && r.user == c.sim.app.bot {
			comment.reactions = slices.Delete(comment.reactions, i, i+1)
			return reply{status: http.StatusNoContent}
		}
	}
	return notFound()
}

func (s *Simulator) reactionJSON(r *reaction) object {
	return object{"id": r.id, "node_id": r.nodeID, "user": s.userJSON(r.user), "content": r.content, "created_at": stamp(r.at)}
}
