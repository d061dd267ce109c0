package simulator

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody is the longest body of a comment in characters ("Body is too long (maximum is 65536 characters)").
// Source: https://github.com/dflook/terraform-github-actions/issues/133.
const maxBody = 65536

// review is a submitted review.
type review struct {
	id       int64
	nodeID   string
	pull     *Pull
	author   *user
	body     string
	state    string // "COMMENTED", "APPROVED", "CHANGES_REQUESTED"
	commit   string
	at       time.Time
	comments []*reviewComment
}

// reviewInput is the body of a request to review.
type reviewInput struct {
	CommitID *string         `json:"commit_id"`
	Body     string          `json:"body"`
	Event    string          `json:"event"`
	Comments []reviewAnchors `json:"comments"`
}

// reviewAnchors is one inline comment of a request.
type reviewAnchors struct {
	Path      string  `json:"path"`
	Body      string  `json:"body"`
	Line      *int    `json:"line"`
	Side      *string `json:"side"`
	StartLine *int    `json:"start_line"`
	StartSide *string `json:"start_side"`
	Position  *int    `json:"position"`
}

// createReview posts a review with its comments. One bad comment refuses the whole review.
// Sources: docs:rest/pulls/reviews#create-a-review-for-a-pull-request,
// https://github.com/parkerbxyz/suggest-changes/issues/64, https://github.com/QwenLM/qwen-code/issues/6711.
func createReview(c *call) reply {
	p := c.pull()
	if p == nil {
		return notFound()
	}
	var in reviewInput
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	state, refused := reviewState(c, &in)
	if refused != nil {
		return *refused
	}
	commit := p.headSHA
	if in.CommitID != nil {
		commit = *in.CommitID
	}
	if !p.hasCommit(commit) {
		return unprocessable("Commit is not part of the pull request")
	}
	files, err := p.filesAt(commit)
	if err != nil {
		return unprocessable("Commit could not be compared")
	}
	var problems []string
	for i := range in.Comments {
		problems = append(problems, checkAnchors(&in.Comments[i], files)...)
	}
	if len(problems) > 0 {
		return unprocessable(joinSentence(problems))
	}
	r := p.addReview(c.sim.app.bot, &in, state, commit, files)
	return ok(c.sim.reviewJSON(r))
}

func reviewState(c *call, in *reviewInput) (string, *reply) {
	refuse := func(message string) (string, *reply) {
		rep := unprocessable(message)
		return "", &rep
	}
	if utf8.RuneCountInString(in.Body) > maxBody {
		return refuse("Body is too long (maximum is 65536 characters)")
	}
	blank := strings.TrimSpace(in.Body) == ""
	switch in.Event {
	case "COMMENT", "REQUEST_CHANGES":
		if blank { // OAS: "Required when using REQUEST_CHANGES or COMMENT"
			return refuse("Body can't be blank")
		}
		if in.Event == "COMMENT" {
			return "COMMENTED", nil
		}
		return "CHANGES_REQUESTED", nil
	case "APPROVE":
		return "APPROVED", nil
	case "":
		return "", c.unsupported("a pending review, which nobody sees until it is submitted")
	}
	return refuse("Event is not included in the list")
}

// unsupported refuses what GitHub has and the simulator has not, so that a test fails on it.
func (c *call) unsupported(what string) *reply {
	c.sim.unknown = append(c.sim.unknown, c.req.Method+" "+c.req.URL.Path+": "+what)
	return refuse(http.StatusUnprocessableEntity, "The simulator does not have: "+what)
}

// unprocessable is a 422 as reviews have it, with sentences in errors.
func unprocessable(message string) reply {
	return failure(http.StatusUnprocessableEntity, "Unprocessable Entity", message)
}

// joinSentence writes several complaints as GitHub does, without saying which comment each is about.
func joinSentence(problems []string) string {
	last := len(problems) - 1
	switch last {
	case 0:
		return problems[0]
	case 1:
		return problems[0] + " and " + problems[1]
	}
	return strings.Join(problems[:last], ", ") + ", and " + problems[last]
}

// checkAnchors says what is wrong with the place of a comment: each line must be in a hunk, as a changed or a context
// line, and all in the same hunk. Source: https://github.com/parkerbxyz/suggest-changes/issues/28. A start_line
// must be less than line: https://github.com/reviewdog/reviewdog (service/github).
func checkAnchors(a *reviewAnchors, files []*fileDiff) []string {
	const thread = "Pull request review thread "
	if strings.TrimSpace(a.Body) == "" {
		return []string{thread + "body can't be blank"}
	}
	if utf8.RuneCountInString(a.Body) > maxBody {
		return []string{"Body is too long (maximum is 65536 characters)"}
	}
	if a.Position != nil || a.Line == nil {
		// position is closing down (OAS), and without a line the API puts nothing anywhere.
		return []string{thread + "line can't be blank"}
	}
	side, startSide := "RIGHT", ""
	if a.Side != nil {
		side = *a.Side
	}
	if a.StartSide != nil {
		startSide = *a.StartSide
	}
	if side != "LEFT" && side != "RIGHT" {
		return []string{thread + "side is not included in the list"}
	}
	if startSide != "" && (a.StartLine == nil || startSide != side) {
		return []string{thread + "start side is not supported here"} // from one side to the other: not known, so refused
	}
	if a.StartLine != nil && *a.StartLine >= *a.Line {
		return []string{thread + "start line must precede the end line."}
	}
	f := findFile(files, a.Path)
	if f == nil {
		return []string{thread + "path could not be resolved", thread + "diff hunk can't be blank"}
	}
	return checkHunk(a, f, side)
}

func checkHunk(a *reviewAnchors, f *fileDiff, side string) []string {
	const thread = "Pull request review thread "
	if f.hasPatch() {
		for i := range f.hunks {
			if !f.hunks[i].contains(side, *a.Line) {
				continue
			}
			if a.StartLine != nil && !f.hunks[i].contains(side, *a.StartLine) {
				return []string{thread + "start line must be part of the same hunk as the line."}
			}
			return nil
		}
	}
	problems := []string{thread + "line must be part of the diff"}
	if a.StartLine != nil {
		problems = append(problems, thread+"start line must be part of the same hunk as the line.")
	}
	return append(problems, thread+"diff hunk can't be blank")
}

func findFile(files []*fileDiff, path string) *fileDiff {
	for _, f := range files {
		if f.path == path {
			return f
		}
	}
	return nil
}

// hasCommit tells whether a commit belongs to the pull request.
func (p *Pull) hasCommit(sha string) bool {
	commits, err := p.commits()
	if err != nil {
		return false
	}
	for _, c := range commits {
		if c == sha {
			return true
		}
	}
	return false
}

// addReview stores a review that has been checked.
func (p *Pull) addReview(author *user, in *reviewInput, state, commit string, files []*fileDiff) *review {
	s := p.repo.sim
	r := &review{id: s.newID() + commentIDs, pull: p, author: author, body: in.Body, state: state, commit: commit, at: s.clock()}
	r.nodeID = s.nodeID("PRR", r.id)
	s.nodes[r.nodeID] = r
	for i := range in.Comments {
		p.startThread(r, &in.Comments[i], findFile(files, in.Comments[i].Path))
	}
	p.reviews = append(p.reviews, r)
	p.note(Event{Kind: "review", Actor: author.login, SHA: commit, Text: in.Body, ReviewID: r.id})
	return r
}

func (s *Simulator) reviewJSON(r *review) object {
	link := func(url string) object { return object{"href": url} }
	page := s.pullHTML(r.pull) + "#pullrequestreview-" + decimal(r.id)
	return object{
		"id": r.id, "node_id": r.nodeID, "user": s.userJSON(r.author), "body": r.body, "state": r.state,
		"html_url": page, "pull_request_url": s.pullURL(r.pull), "author_association": r.pull.repo.association(r.author),
		"_links":       object{"html": link(page), "pull_request": link(s.pullURL(r.pull))},
		"submitted_at": stamp(r.at), "commit_id": r.commit,
	}
}
