package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// summary is the check run's first page: the verdict, what could not be read, counts, and a row for each new
// finding. Rows give way last: if not all fit, the summary says how many are missing.
func (p *page) summary(left []missed) string {
	top := p.lead() + p.unreadList() + p.table() + p.costList() + p.sharedList()
	bottom := p.footer()
	room := outputBytes - len(top) - len(bottom) - 2000 // titles and the notes of what was left out
	for _, part := range []func(int) string{
		p.hazardRows, p.newRows, func(room int) string { return notInline(p, left, room) }, p.undecidedList, p.warningList,
	} {
		text := part(room)
		top += text
		room -= len(text)
	}
	return top + bottom
}

// lead says in a sentence why the check run ends as it does.
func (p *page) lead() string {
	conclusion, title := p.verdict()
	switch conclusion {
	case Failure:
		return fmt.Sprintf("**%s at or above %s**, which fails this check.\n\n", plural(p.failing(), "new finding"), p.set.FailOn)
	case ActionRequired:
		return "**Not everything could be read**, so this is not a clean bill: what depends on it was not judged.\n\n"
	case Neutral:
		return title + ".\n\n"
	default: // success
		if len(p.fresh) > 0 {
			return "New findings, none of a severity that fails this check.\n\n"
		}
		return "This change brings no new AWS KMS problem.\n\n"
	}
}

func (p *page) table() string { return counts(p.report) }

// counts is how many findings there are of each status.
func counts(report analyzer.Report) string {
	n := map[finding.Status]int{}
	for _, f := range report.Findings {
		n[f.Status]++
	}
	return fmt.Sprintf("| New | Existing | Fixed | Waived | Undecided |\n|---|---|---|---|---|\n| %d | %d | %d | %d | %d |\n\n",
		n[finding.New], n[finding.Existing], n[finding.Fixed], n[finding.Waived], len(report.Undecided))
}

// unreadList names what could not be read, with its place.
func (p *page) unreadList() string {
	var places []finding.Diagnostic
	for _, g := range p.change.Gaps {
		places = append(places, finding.Diagnostic{File: g.Path, Summary: g.Reason})
	}
	return titled("### Could not be read", fit(append(places, p.errors()...), 12000, "more place", p.diagnostic))
}

func (p *page) diagnostic(d finding.Diagnostic) string {
	text := quote.Prose(bounded(d.Summary))
	if d.Detail != "" {
		text += ": " + quote.Prose(bounded(d.Detail))
	}
	if d.File == "" {
		return "- " + text + "\n"
	}
	if p.ownSettings(d.File) {
		return "- " + p.place(settingsPath, d.StartLine, d.StartLine, p.pull.BaseSHA) + " " + text + "\n"
	}
	if _, inTree := p.files.read(d.File, 1, 1); inTree {
		return "- " + p.place(d.File, d.StartLine, d.StartLine, p.change.HeadSHA) + " " + text + "\n"
	}
	where := d.File
	if d.StartLine > 0 {
		where += fmt.Sprintf(":%d", d.StartLine)
	}
	return "- " + quote.Code(where) + " " + text + "\n"
}

func (p *page) costList() string {
	if len(p.report.Cost.Lines) == 0 {
		return ""
	}
	lines := fit(p.report.Cost.Lines, 4000, "more line", func(line analyzer.CostLine) string {
		return fmt.Sprintf("- %s %s: %s\n", quote.Code(line.Address), quote.Prose(bounded(line.Change)), dollars(line.USD))
	})
	return fmt.Sprintf("Monthly cost of keys: **%s**\n\n%s\n", dollars(p.report.Cost.MonthlyDeltaUSD), lines)
}

// dollars is a signed amount; the dollar sign is escaped because two of them make a formula on GitHub.
func dollars(usd float64) string {
	sign := "+"
	if usd < 0 {
		sign, usd = "-", -usd
	}
	return fmt.Sprintf(`%s\$%.2f`, sign, usd)
}

func (p *page) sharedList() string {
	if len(p.opts.Shared) == 0 {
		return ""
	}
	conclusion, title := p.verdict()
	all := append([]Result{{p.pull.Number, conclusion, title}}, p.opts.Shared...)
	return "### Pull requests with this commit\n\nThe check run has the worst of their conclusions.\n\n" +
		fit(all, 4000, "more pull request", p.sharedRow) + "\n"
}

func (p *page) sharedRow(r Result) string {
	name := "merge group"
	if r.Number != 0 {
		name = fmt.Sprintf("[pull request %d](%s/pull/%d)", r.Number, p.repoURL(), r.Number)
	}
	if r.Number == p.pull.Number {
		name += " (this one)"
	}
	return fmt.Sprintf("- %s: %s, %s\n", name, strings.ReplaceAll(string(r.Conclusion), "_", " "), quote.Prose(bounded(r.Title)))
}

func (p *page) hazardRows(room int) string {
	other := func(f finding.Finding) bool { return !f.Hazard }
	return titled("### Hazards of this change", fit(slices.DeleteFunc(slices.Clone(p.fresh), other), room, "more hazard", p.row))
}

func (p *page) newRows(room int) string {
	return titled("### New findings", fit(slices.DeleteFunc(slices.Clone(p.fresh), func(f finding.Finding) bool { return f.Hazard }), room, "more new finding", p.row))
}

// row is a finding on one line; all that comes from the repository is cut.
func (p *page) row(f finding.Finding) string {
	return fmt.Sprintf("- %s · %s · %s\n", heading(f), quote.Code(f.Address), p.at(f))
}

func notInline(p *page, left []missed, room int) string {
	return titled("### Without an inline comment", fit(left, room, "further finding", func(m missed) string {
		return fmt.Sprintf("- %s %s · %s: %s\n", quote.Inert(m.finding.Rule), quote.Code(m.finding.Address), p.at(m.finding), m.reason)
	}))
}

func (p *page) undecidedList(room int) string {
	if len(p.report.Undecided) == 0 {
		return ""
	}
	list := fit(p.report.Undecided, room-200, "more undecided resource", func(u finding.Undecided) string {
		return fmt.Sprintf("- %s %s · %s: %s\n", quote.Inert(u.Rule), quote.Code(u.Address),
			p.place(u.File, u.StartLine, u.StartLine, p.change.HeadSHA), quote.Prose(bounded(u.Reason)))
	})
	return "<details><summary>Undecided: these depend on values that are not known</summary>\n\n" + list + "\n</details>\n\n"
}

func (p *page) warningList(room int) string {
	isError := func(d finding.Diagnostic) bool { return d.Severity == "error" }
	return titled("### Remarks", fit(slices.DeleteFunc(slices.Clone(p.report.Diagnostics), isError), room, "more remark", p.diagnostic))
}

// footer says which settings held, and why a draft has no comments.
func (p *page) footer() string {
	text := ""
	if p.pull.Draft && p.pull.Number != 0 && p.silent() {
		text = "This is a draft: inline comments follow when it is ready for review.\n\n"
	}
	sources := []string{}
	for _, s := range p.set.Sources[:min(len(p.set.Sources), 5)] {
		sources = append(sources, quote.Code(s))
	}
	if len(sources) == 0 {
		return text + "Settings: defaults.\n"
	}
	return text + "Settings: " + strings.Join(sources, ", ") + ".\n"
}

func titled(title, list string) string {
	if list == "" {
		return ""
	}
	return title + "\n\n" + list + "\n"
}
