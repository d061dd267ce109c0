package render

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// settingsPath is where a repository keeps its settings.
const settingsPath = ".github/kms-review.yml"

// verdict decides how the check run ends.
//
//   - failure: a new finding at or above fail_on.
//   - action_required: something could not be read or parsed, be it part of the change or not. A green check
//     would say that it was judged. A broken settings file counts too, since the rules that somebody wrote there
//     were not applied, except where this very pull request changes that file: it may be the repair, and settings
//     come from the base, so a required check would lock the repair out. That is neutral.
//   - neutral: nothing about KMS is affected.
//   - success: everything else.
func (p *page) verdict() (Conclusion, string) {
	if n := p.failing(); n > 0 {
		return Failure, p.countTitle()
	}
	broken, repair := p.unread()
	switch {
	case broken > 0:
		return ActionRequired, "Not everything could be read"
	case repair:
		return Neutral, "The settings file of the base is broken"
	case p.report.Stats.Affected == 0 && len(p.report.Findings) == 0:
		return Neutral, "Nothing about AWS KMS is affected"
	}
	return Success, p.countTitle()
}

func (p *page) failing() int {
	n := 0
	for _, f := range p.fresh {
		if p.set.FailOn != 0 && f.Severity >= p.set.FailOn {
			n++
		}
	}
	return n
}

// unread counts what could not be read, and tells whether the broken settings file is being changed.
func (p *page) unread() (broken int, repair bool) {
	broken = len(p.change.Gaps)
	for _, d := range p.errors() {
		if _, changed := p.change.FileAt(settingsPath); changed && p.ownSettings(d.File) {
			repair = true
			continue
		}
		broken++
	}
	return broken, repair
}

// ownSettings tells whether a diagnostic is about the repository's own settings file at the base, which is named
// by its path or by its origin, "owner/name:path@sha". The organisation's is another repository's.
func (p *page) ownSettings(file string) bool {
	return file == settingsPath || strings.HasPrefix(file, p.pull.Repo.FullName()+":"+settingsPath+"@")
}

// complete tells whether the absence of a finding proves that it is gone.
func (p *page) complete() bool { return len(p.change.Gaps) == 0 && len(p.errors()) == 0 }

// errors are the error diagnostics, without those that repeat a gap: the loader meets a file that was not read, too.
func (p *page) errors() []finding.Diagnostic {
	gaps := map[string]bool{}
	for _, g := range p.change.Gaps {
		gaps[g.Path] = true
	}
	var errors []finding.Diagnostic
	for _, d := range p.report.Diagnostics {
		if d.Severity == "error" && (d.StartLine > 0 || !gaps[d.File]) {
			errors = append(errors, d)
		}
	}
	return errors
}

// countTitle is like "3 new findings (1 critical, 2 high)".
func (p *page) countTitle() string {
	if len(p.fresh) == 0 {
		return "No new findings"
	}
	return plural(len(p.fresh), "new finding") + " (" + severities(p.fresh) + ")"
}

// severities counts findings by severity, worst first.
func severities(findings []finding.Finding) string {
	counts := map[finding.Severity]int{}
	for _, f := range findings {
		counts[f.Severity]++
	}
	var parts []string
	for s := finding.Critical; s >= finding.Low; s-- {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// rank orders conclusions; a commit that several pull requests share gets the worst.
var rank = map[Conclusion]int{Neutral: 0, Success: 1, TimedOut: 2, ActionRequired: 3, Failure: 4}

func worst(own Result, shared []Result) (Conclusion, string) {
	w := own
	for _, other := range shared {
		if rank[other.Conclusion] > rank[w.Conclusion] {
			w = other
		}
	}
	if w.Number == own.Number {
		return own.Conclusion, own.Title
	}
	return w.Conclusion, fmt.Sprintf("Pull request %d: %s", w.Number, quote.Shorten(quote.Visible(w.Title), 200))
}
