package simulator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Reasons why a suggestion cannot be applied. Source: the texts of GitHub's pages ("Suggestions cannot be applied
// ..."), collected at docs:pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests.
var (
	errNoSuggestion = errors.New("the comment has no suggestion")
	errSeveral      = errors.New("the comment has more than one suggestion")
	errClosed       = errors.New("suggestions cannot be applied while the pull request is closed")
	errOutdated     = errors.New("suggestions cannot be applied on outdated comments")
	errResolved     = errors.New("suggestions cannot be applied on resolved threads")
	errDeleted      = errors.New("suggestions on deleted lines are not supported")
	errNoChange     = errors.New("suggestions cannot be applied while there is no change to the code")
	errNoAccess     = errors.New("applying suggestions needs write access to the head repository")
	errLineEnds     = errors.New("how GitHub writes a suggestion into a file with CRLF line ends is not known")
)

// ApplySuggestion commits the suggestion of an inline comment to the head branch, as the button does: the block's
// text replaces the lines from start_line to line, literally and whole. It returns the new commit.
func (p *Pull) ApplySuggestion(commentID int64, by string) (string, error) {
	s := p.repo.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := p.findComment(commentID)
	if err == nil {
		err = p.maySuggest(c.thread, by)
	}
	if err != nil {
		return "", fmt.Errorf("apply suggestion %d: %w", commentID, err)
	}
	content, err := p.suggested(c)
	if err != nil {
		return "", fmt.Errorf("apply suggestion %d: %w", commentID, err)
	}
	plan := newPlan(map[string]string{c.thread.path: content}, []CommitOption{By(by)})
	plan.modes[c.thread.path] = p.modeOf(c.thread.path)
	plan.trailer = fmt.Sprintf("\n\nCo-authored-by: %s <%d+%s@users.noreply.github.com>", c.author.login, c.author.id, c.author.login)
	sha, err := p.headRepo.commit(p.headRef, "Update "+c.thread.path[strings.LastIndexByte(c.thread.path, '/')+1:], plan)
	if err == nil {
		p.note(Event{Kind: "suggestion applied", Actor: by, SHA: sha, CommentID: commentID})
	}
	return sha, err
}

func (p *Pull) maySuggest(t *thread, by string) error {
	switch {
	case p.state != "open":
		return errClosed
	case t.outdated():
		return errOutdated
	case t.resolvedBy != nil:
		return errResolved
	case t.side != "RIGHT":
		return errDeleted
	case p.headRepo.deleted || !p.headRepo.mayWrite(by):
		return errNoAccess
	}
	return nil
}

// suggested is the file's text after the suggestion.
func (p *Pull) suggested(c *reviewComment) (string, error) {
	replacement, err := suggestionOf(c.body)
	if err != nil {
		return "", err
	}
	_, kind, content, err := p.repo.objects.read(p.headSHA + ":" + c.thread.path)
	if err != nil || kind != "blob" {
		return "", fmt.Errorf("read %s: %w", c.thread.path, errMissing)
	}
	lines := strings.SplitAfter(string(content), "\n")
	first, last := c.thread.start, c.thread.line
	if first == 0 {
		first = last
	}
	if last > len(lines) {
		return "", errOutdated
	}
	old := strings.Join(lines[first-1:last], "")
	if strings.Contains(old, "\r\n") {
		return "", errLineEnds
	}
	if replacement != "" && !strings.HasSuffix(old, "\n") {
		replacement = strings.TrimSuffix(replacement, "\n") // the file's end stays as it is
	}
	if replacement == old {
		return "", errNoChange
	}
	return strings.Join(lines[:first-1], "") + replacement + strings.Join(lines[last:], ""), nil
}

// suggestionOf reads the fenced block "suggestion" of a comment, each line with its line end; "" deletes the lines.
// The block is found as CommonMark says (https://spec.commonmark.org/0.31.2/#fenced-code-blocks), as on GitHub.
func suggestionOf(body string) (string, error) {
	source := []byte(body)
	var blocks []string
	err := ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, fenced := n.(*ast.FencedCodeBlock)
		if entering && fenced && string(block.Language(source)) == "suggestion" {
			blocks = append(blocks, string(block.Lines().Value(source)))
		}
		return ast.WalkContinue, nil
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("parse comment: %w", err)
	case len(blocks) == 0:
		return "", errNoSuggestion
	case len(blocks) > 1:
		return "", errSeveral
	}
	return blocks[0], nil
}

// modeOf is the mode of a file at the head, which a suggestion keeps.
func (p *Pull) modeOf(path string) string {
	dir, name := "", path
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		dir, name = path[:at], path[at+1:]
	}
	_, entries, err := p.repo.objects.tree(p.headSHA + ":" + dir)
	if err != nil {
		return "100644"
	}
	for _, e := range entries {
		if e.name == name {
			return e.mode
		}
	}
	return "100644"
}
