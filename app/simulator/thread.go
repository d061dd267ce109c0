package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// commentIDs puts the ids of comments and reviews above 32 bits, as GitHub's are by now: who reads them into an int32
// must notice here.
const commentIDs = 3_000_000_000

// thread is a conversation on lines of a file.
type thread struct {
	id         int64
	nodeID     string
	pull       *Pull
	side       string
	path       string
	start      int // 0: one line. Both are 0 where the thread is outdated
	line       int
	origin     anchor
	resolvedBy *user
	comments   []*reviewComment
}

// anchor is where a thread was started.
type anchor struct {
	commit, base string // head and merge base of that time
	path         string
	start, line  int
}

// reviewComment is a comment of a thread.
type reviewComment struct {
	id        int64
	nodeID    string
	thread    *thread
	review    *review
	author    *user
	body      string
	hunk      string
	created   time.Time
	updated   time.Time
	minimized string // the reason, "" where it is shown
	reactions []*reaction
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func (t *thread) outdated() bool { return t.line == 0 }

func (p *Pull) startThread(r *review, a *reviewAnchors, f *fileDiff) {
	s := p.repo.sim
	t := &thread{id: s.newID(), pull: p, side: "RIGHT", path: a.Path, line: *a.Line}
	if a.Side != nil {
		t.side = *a.Side
	}
	if a.StartLine != nil {
		t.start = *a.StartLine
	}
	t.origin = anchor{commit: r.commit, base: p.repo.mergeBase(p.baseSHA, r.commit), path: a.Path, start: t.start, line: t.line}
	t.nodeID = s.nodeID("PRRT", t.id)
	s.nodes[t.nodeID] = t
	c := t.addComment(r.author, a.Body)
	c.review, c.hunk = r, diffHunk(f, t.side, t.line)
	r.comments = append(r.comments, c)
	p.threads = append(p.threads, t)
	if r.commit != p.headSHA {
		_ = t.move() // unmovable: it stays where it was made, as on GitHub
	}
}

func (t *thread) addComment(author *user, body string) *reviewComment {
	s := t.pull.repo.sim
	c := &reviewComment{id: s.newID() + commentIDs, thread: t, author: author, body: body, created: s.clock(), updated: s.clock()}
	c.nodeID = s.nodeID("PRRC", c.id)
	s.nodes[c.nodeID] = c
	t.comments = append(t.comments, c)
	return c
}

// diffHunk is the part of the hunk that GitHub shows above a comment: from the header to the line.
func diffHunk(f *fileDiff, side string, line int) string {
	for _, h := range f.hunks {
		if !h.contains(side, line) {
			continue
		}
		lines := []string{h.Header}
		for _, l := range h.Lines {
			lines = append(lines, string(l.Kind)+l.Text)
			if side == "RIGHT" && l.New == line || side == "LEFT" && l.Old == line {
				break
			}
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// moveThreads finds the threads' lines again after the head or the base has moved.
func (p *Pull) moveThreads() error {
	for _, t := range p.threads {
		if err := t.move(); err != nil {
			return fmt.Errorf("move thread on %s: %w", t.path, err)
		}
	}
	return nil
}

// move follows the thread's lines from where it was started. It is outdated when one of the lines has changed or is
// no longer in a hunk.
func (t *thread) move() error {
	p := t.pull
	from, to := t.origin.commit, p.headSHA
	if t.side == "LEFT" {
		from, to = t.origin.base, p.mergeBase()
	}
	changes, err := p.repo.diff(from, to)
	if err != nil {
		return err
	}
	t.path, t.start, t.line = t.origin.path, t.origin.start, t.origin.line
	for _, f := range changes {
		if f.path == t.origin.path && f.status != "added" && f.oldPath == "" || f.oldPath == t.origin.path {
			t.path = f.path
			t.follow(f)
		}
	}
	files, err := p.files()
	if err != nil {
		return err
	}
	f := findFile(files, t.path)
	if t.line != 0 && (f == nil || !t.inHunk(f)) {
		t.start, t.line = 0, 0
	}
	return nil
}

func (t *thread) follow(f *fileDiff) {
	first := t.line
	if t.start != 0 {
		first = t.start
	}
	moved := mapLines(f, first, t.line)
	if moved == 0 {
		t.start, t.line = 0, 0
		return
	}
	if t.start != 0 {
		t.start = moved
	}
	t.line = moved + t.line - first
}

func (t *thread) inHunk(f *fileDiff) bool {
	for i := range f.hunks {
		if f.hunks[i].contains(t.side, t.line) && (t.start == 0 || f.hunks[i].contains(t.side, t.start)) {
			return true
		}
	}
	return false
}

// mapLines follows unchanged lines through a diff. It returns where the first of them is now, 0 where any has changed.
func mapLines(f *fileDiff, first, last int) int {
	if f.status == "removed" || len(f.hunks) == 0 && f.oldSHA != f.newSHA {
		return 0
	}
	shift, moved := 0, 0
	line := first
	for i := range f.hunks {
		h := &f.hunks[i]
		for ; line <= last && line < h.OldStart; line++ {
			if moved == 0 {
				moved = line + shift
			} else if moved+line-first != line+shift {
				return 0 // something was inserted between the lines
			}
		}
		for _, l := range h.Lines {
			if l.Old < line || l.Old == 0 || line > last || l.Old > line {
				continue
			}
			if l.Kind == '-' {
				return 0
			}
			if moved == 0 {
				moved = l.New
			} else if moved+line-first != l.New {
				return 0
			}
			line++
		}
		shift += h.NewLines - h.OldLines
	}
	if line <= last {
		if moved == 0 {
			return line + shift
		}
		if moved+line-first != line+shift {
			return 0
		}
	}
	return moved
}

// reviewComments lists the comments of all threads in order of their ids.
func (p *Pull) reviewComments() []*reviewComment {
	var list []*reviewComment
	for _, t := range p.threads {
		list = append(list, t.comments...)
	}
	return list
}

func listReviewComments(c *call) reply {
	p := c.pull()
	if p == nil {
		return notFound()
	}
	list := []object{}
	for _, rc := range p.reviewComments() {
		list = append(list, c.sim.reviewCommentJSON(rc))
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

func (s *Simulator) reviewCommentJSON(c *reviewComment) object {
	t, p := c.thread, c.thread.pull
	link := func(url string) object { return object{"href": url} }
	at := s.repositoryURL(p.repo) + "/pulls/comments/" + decimal(c.id)
	page := s.pullHTML(p) + "#discussion_r" + decimal(c.id)
	o := object{
		"id": c.id, "node_id": c.nodeID, "url": at, "html_url": page, "pull_request_url": s.pullURL(p),
		"diff_hunk": t.comments[0].hunk, "path": t.path, "commit_id": p.headSHA, "original_commit_id": t.origin.commit,
		"user": s.userJSON(c.author), "body": c.body, "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": p.repo.association(c.author), "subject_type": "line", "side": t.side,
		"original_line": t.origin.line, "pull_request_review_id": nil,
		"_links": object{"self": link(at), "html": link(page), "pull_request": link(s.pullURL(p))},
	}
	if c.review != nil {
		o["pull_request_review_id"] = c.review.id
	}
	if c != t.comments[0] {
		o["in_reply_to_id"] = t.comments[0].id
	}
	// GitHub sends null for the lines of an outdated comment, which its description does not allow: here they are absent,
	// which reads the same.
	if !t.outdated() {
		o["line"] = t.line
	}
	if t.origin.start != 0 {
		o["original_start_line"], o["start_side"] = t.origin.start, t.side
		if !t.outdated() {
			o["start_line"] = t.start
		}
	}
	return o
}
