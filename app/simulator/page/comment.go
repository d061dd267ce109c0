package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// author is an account as it is shown: an App's without the suffix "[bot]" and with a badge.
type author struct {
	Name string
	Bot  bool
}

func authorOf(login string) author {
	name, bot := strings.CutSuffix(login, "[bot]")
	return author{Name: name, Bot: bot}
}

// commentView is a comment.
type commentView struct {
	Anchor    string
	Author    author
	Created   time.Time
	Body      template.HTML
	Minimized string // the reason, "" where it is shown
	Reactions []reactionView
}

// reactionView is an emoji with how many left it.
type reactionView struct {
	Content string // GitHub's name of it
	Count   int
	Users   string
}

// threadView is an inline conversation with the lines above it.
type threadView struct {
	Path      string
	Place     string // "line 3", "lines 3 to 5"
	Outdated  bool
	Resolved  string // by whom, "" where it is open
	Minimized string // of all comments, "" where one is shown
	Rows      []row
	Comments  []commentView
}

func (s *site) comment(repo *simulator.Repository, c simulator.Comment) commentView {
	v := commentView{Author: authorOf(c.Author), Created: c.Created, Minimized: reason(c.Minimized), Reactions: reactions(c.Reactions)}
	v.Anchor = fmt.Sprintf("issuecomment-%d", c.ID)
	var suggest suggester
	if c.Inline {
		v.Anchor = fmt.Sprintf("discussion_r%d", c.ID)
		suggest = s.suggester(repo, c)
	}
	v.Body = s.markdown.render(c.Body, suggest)
	return v
}

// reason words why a comment is minimised, as GitHub's menu does ("off-topic").
func reason(classifier string) string {
	return strings.ReplaceAll(strings.ToLower(classifier), "_", "-")
}

func reactions(list []simulator.Reaction) []reactionView {
	var views []reactionView
	for _, r := range list {
		i := slices.IndexFunc(views, func(v reactionView) bool { return v.Content == strings.ToLower(r.Content) })
		if i < 0 {
			views = append(views, reactionView{Content: strings.ToLower(r.Content)})
			i = len(views) - 1
		}
		views[i].Count++
		views[i].Users = strings.TrimPrefix(views[i].Users+", "+authorOf(r.User).Name, ", ")
	}
	return views
}

// hunkContext is how many lines above the commented one are shown, as on GitHub.
const hunkContext = 3

func (s *site) thread(repo *simulator.Repository, t simulator.Thread) threadView {
	v := threadView{Path: t.Path, Outdated: t.Outdated}
	if t.Resolved {
		v.Resolved = authorOf(t.ResolvedBy).Name
	}
	shown := false
	for _, c := range t.Comments {
		view := s.comment(repo, c)
		v.Comments = append(v.Comments, view)
		shown = shown || view.Minimized == ""
	}
	if len(t.Comments) == 0 {
		return v
	}
	first := t.Comments[0]
	if !shown {
		v.Minimized = reason(first.Minimized)
	}
	start := first.OriginalStart
	if start == 0 {
		start = first.OriginalLine
	}
	v.Place = place(start, first.OriginalLine)
	lines := parseHunk(first.DiffHunk)
	keep := first.OriginalLine - start + 1 + hunkContext
	v.Rows = lineRows(t.Path, lines[max(0, len(lines)-keep):])
	return v
}

func place(first, last int) string {
	if first == last {
		return fmt.Sprintf("line %d", last)
	}
	return fmt.Sprintf("lines %d to %d", first, last)
}
