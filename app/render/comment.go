package render

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/render/quote"
)

// commentLimit is the most inline comments, whatever the settings say: more at once is taken for spam by GitHub.
const commentLimit = 20

// missed is a finding that should have had an inline comment, and why it has none.
type missed struct {
	finding finding.Finding
	reason  string
}

// comments renders the inline comments, worst first, and what is left to the check run.
func (p *page) comments() ([]Comment, []missed) {
	if p.silent() {
		return nil, nil
	}
	var comments []Comment
	var left []missed
	var taken []lineRange
	seen := map[string]bool{}
	for _, f := range p.fresh {
		if f.Severity < p.set.CommentSeverity || seen[f.Fingerprint] {
			continue
		}
		seen[f.Fingerprint] = true
		click := p.oneClick(f.Suggestion, taken)
		a, ok := p.anchor(f, click)
		switch {
		case !ok:
			left = append(left, missed{f, "not on a line of the diff"})
		case len(comments) >= min(p.set.CommentLimit, commentLimit):
			left = append(left, missed{f, fmt.Sprintf("more than %d comments", len(comments))})
		default:
			if click {
				taken = append(taken, lineRange{a.path, f.Suggestion.StartLine, f.Suggestion.EndLine})
			}
			comments = append(comments, p.comment(f, a, click))
		}
	}
	return comments, left
}

// silent tells whether this pull request gets a check run only.
func (p *page) silent() bool {
	draft := p.pull.Draft && p.set.Drafts != settings.DraftsReview
	return p.pull.Number == 0 || draft || p.set.CommentLimit <= 0
}

// anchor places a comment. A button wins over the finding's own place, which is then named: GitHub replaces
// exactly the lines on which the comment stands.
func (p *page) anchor(f finding.Finding, click bool) (anchor, bool) {
	if click {
		s := f.Suggestion
		a := lines(s.File, s.StartLine, s.EndLine)
		if f.AtBase || s.File != f.File || f.StartLine < s.StartLine || f.StartLine > s.EndLine {
			a.note = "The problem is at " + p.at(f) + "; its cure is here."
		}
		return a, true
	}
	find := p.change.FileAt
	if f.AtBase {
		find = p.change.FileAtBase
	}
	file, ok := find(f.File)
	if !ok {
		return anchor{}, false
	}
	return anchorFor(f, file)
}

func (p *page) comment(f finding.Finding, a anchor, click bool) Comment {
	var b strings.Builder
	fmt.Fprintf(&b, "%s · %s\n\n%s\n\n", heading(f), quote.Code(f.Address), quote.Prose(bounded(f.Message)))
	if a.note != "" {
		b.WriteString(a.note + "\n\n")
	}
	if click {
		b.WriteString(suggestionBlock(f.Suggestion) + "\n")
	} else if f.Suggestion != nil {
		b.WriteString(p.shownFix(f.Suggestion) + "\n")
	}
	b.WriteString(section(p.evidence(f)))
	b.WriteString(section(readMore(f.References)))
	b.WriteString(Marker{Fingerprint: f.Fingerprint, Rule: f.Rule}.String() + "\n")
	return Comment{Fingerprint: f.Fingerprint, Path: a.path, StartLine: a.start, Line: a.line, AtBase: a.left, Body: b.String()}
}

// heading is like "**KMS101 rotation-disabled** · high".
func heading(f finding.Finding) string {
	return fmt.Sprintf("**%s %s** · %s", quote.Inert(f.Rule), quote.Inert(f.Name), f.Severity)
}

// messageBytes bounds a message; longer ones are cut between runes.
const messageBytes = 2000

func bounded(s string) string { return quote.Cut(s, messageBytes) }

func section(s string) string {
	if s == "" {
		return ""
	}
	return s + "\n"
}

// evidence lists the places that a reader needs besides the finding's own.
func (p *page) evidence(f finding.Finding) string {
	var b strings.Builder
	shown := 0
	for _, e := range f.Evidence {
		if e.File == f.File && e.StartLine == f.StartLine && e.Note == "" {
			continue
		}
		if shown++; shown > 5 {
			break
		}
		sha := p.revision(f.Status == finding.Fixed || e.AtBase)
		fmt.Fprintf(&b, "- %s %s\n", p.place(e.File, e.StartLine, e.EndLine, sha), quote.Prose(quote.Cut(e.Note, 400)))
	}
	if len(f.Instances) > 0 {
		b.WriteString("- Instances: " + instances(f.Instances) + "\n")
	}
	return b.String()
}

func instances(keys []string) string {
	const most = 5
	var parts []string
	for _, key := range keys[:min(len(keys), most)] {
		parts = append(parts, quote.Code(key))
	}
	if len(keys) > most {
		parts = append(parts, fmt.Sprintf("and %d more", len(keys)-most))
	}
	return strings.Join(parts, ", ")
}
