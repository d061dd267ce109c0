package render

import (
	"sort"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render/quote"
)

// PullRequest renders a judgement for a pull request, or for a merge group (pull.Number 0), which has no
// comments. The report must be that of ch; the same input gives the same bytes.
//
// A draft whose settings say "check" gets no comments. "skip" is the caller's: it does not ask for a review.
func PullRequest(report analyzer.Report, pull change.Pull, ch change.Change, s settings.Settings, opts Options) Review {
	p := newPage(report, pull, ch, s, opts)
	comments, missed := p.comments()
	own := Result{Number: pull.Number}
	own.Conclusion, own.Title = p.verdict()
	check := Check{Annotations: p.annotations(), Text: p.text()}
	check.Conclusion, check.Title = worst(own, opts.Shared)
	check.Summary = p.summary(missed)
	return Review{
		HeadSHA:  ch.HeadSHA,
		Check:    check,
		Comments: comments,
		Own:      own,
		Standing: standing(report.Findings),
		Complete: p.complete(),
	}
}

// Problem renders a review that could not be made: timed out, or unreadable as a whole. The reason is a sentence
// for the reader, the title a few words; nothing that was said before is taken back.
func Problem(pull change.Pull, conclusion Conclusion, title, reason string) Review {
	own := Result{Number: pull.Number, Conclusion: conclusion, Title: title}
	summary := quote.Prose(reason) + "\n\nPress *Re-run* to try again.\n"
	return Review{
		HeadSHA: pull.HeadSHA,
		Check:   Check{Conclusion: conclusion, Title: title, Summary: summary},
		Own:     own,
	}
}

// page holds what the parts of a rendering share.
type page struct {
	report analyzer.Report
	pull   change.Pull
	change change.Change
	set    settings.Settings
	opts   Options
	files  *files
	fresh  []finding.Finding // new ones, worst first
}

func newPage(report analyzer.Report, pull change.Pull, ch change.Change, s settings.Settings, opts Options) *page {
	if opts.WebURL == "" {
		opts.WebURL = "https://github.com"
	}
	p := &page{report: report, pull: pull, change: ch, set: s, opts: opts, files: newFiles(ch.Head, hiddenAtHead(report))}
	p.fresh = withStatus(report.Findings, finding.New)
	return p
}

// withStatus selects findings and sorts them: hazards of the change itself first, then the worst.
func withStatus(all []finding.Finding, status finding.Status) []finding.Finding {
	var selected []finding.Finding
	for _, f := range all {
		if f.Status == status {
			selected = append(selected, f)
		}
	}
	sort.SliceStable(selected, func(i, j int) bool {
		a, b := selected[i], selected[j]
		switch {
		case a.Severity != b.Severity:
			return a.Severity > b.Severity
		case a.Hazard != b.Hazard:
			return a.Hazard
		case a.File != b.File:
			return a.File < b.File
		case a.StartLine != b.StartLine:
			return a.StartLine < b.StartLine
		case a.Rule != b.Rule:
			return a.Rule < b.Rule
		}
		return a.Address < b.Address
	})
	return selected
}

func standing(all []finding.Finding) []string {
	fingerprints := []string{}
	for _, f := range all {
		if f.Status == finding.New || f.Status == finding.Existing {
			fingerprints = append(fingerprints, f.Fingerprint)
		}
	}
	return fingerprints
}
