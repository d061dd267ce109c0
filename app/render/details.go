package render

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// text is the check run's second page: the findings in full, new ones first, as long as there is room.
func (p *page) text() string {
	room := outputBytes - reserve
	out := ""
	for _, part := range []struct {
		title  string
		status finding.Status
	}{
		{"New", finding.New}, {"Waived", finding.Waived}, {"Fixed", finding.Fixed}, {"Existing before this change", finding.Existing},
	} {
		findings := withStatus(p.report.Findings, part.status)
		if len(findings) == 0 {
			continue
		}
		title := fmt.Sprintf("## %s (%d)\n\n", part.title, len(findings))
		list := fit(findings, room-len(title)-1, "more finding", p.details)
		out += title + list + "\n"
		room -= len(title) + len(list) + 1
	}
	return out
}

// details is a finding in full. Only a new one shows its fix: the others are not this change's business.
func (p *page) details(f finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s %s · %s\n\n%s at %s\n\n%s\n\n", quote.Inert(f.Rule), quote.Inert(f.Name), f.Severity, quote.Code(f.Address), p.at(f), quote.Prose(bounded(f.Message)))
	b.WriteString(section(p.evidence(f)))
	if f.Status == finding.New {
		b.WriteString(section(p.shownFix(f.Suggestion)))
	}
	b.WriteString(section(readMore(f.References)))
	return b.String()
}

// Unplaced adds to the check run the comments that GitHub refused to place.
func (c Check) Unplaced(comments []Comment) Check {
	if len(comments) == 0 {
		return c
	}
	const title = "### Could not be placed inline\n\nGitHub refused a comment on these lines; the findings are listed here and in the summary.\n\n"
	c.Text += title + fit(comments, outputBytes-len(c.Text)-len(title), "more line", func(comment Comment) string {
		return fmt.Sprintf("- %s\n", quote.Code(fmt.Sprintf("%s:%d", comment.Path, comment.Line)))
	})
	return c
}
