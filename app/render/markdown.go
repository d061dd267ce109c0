package render

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// summaryBytes bounds a report in Markdown: GitHub refuses the summary of a step above 1 MiB.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const summaryBytes = 1000 << 10

// Markdown writes a report as a job's summary: counts, then each new finding with its fix, then what could not be read or
// decided. Nothing that comes from the repository takes effect.
func Markdown(w io.Writer, report analyzer.Report, head fs.FS) error {
	m := summary{report: report, files: newFiles(head, hiddenAtHead(report)), room: summaryBytes}
	fresh := withStatus(report.Findings, finding.New)
	m.add("## KMS Review\n\n" + m.lead(fresh))
	m.add(counts(report))
	if len(report.Cost.Lines) > 0 {
		m.add(fmt.Sprintf("Monthly cost of keys: **%s**\n\n", dollars(report.Cost.MonthlyDeltaUSD)))
	}
	m.add(titled("### Not read, or not understood", fit(report.Diagnostics, m.room/4, "more remark", m.diagnostic)))
	m.add(titled("### New findings", fit(fresh, m.room*3/4, "more finding", m.finding)))
	m.add(titled("### Waived", fit(withStatus(report.Findings, finding.Waived), m.room/4, "more finding", m.row)))
	m.add(titled("### Fixed", fit(withStatus(report.Findings, finding.Fixed), m.room/3, "more finding", m.row)))
	if list := fit(report.Undecided, m.room/2, "more undecided resource", m.undecided); list != "" {
		m.add("<details><summary>Undecided: these depend on values that are not known</summary>\n\n" + list + "\n</details>\n")
	}
	if _, err := io.WriteString(w, m.text.String()); err != nil {
		return fmt.Errorf("write report as Markdown: %w", err)
	}
	return nil
}

// summary is the text so far, and the room that is left.
type summary struct {
	report analyzer.Report
	files  *files
	text   strings.Builder
	room   int
}

func (m *summary) add(text string) {
	m.text.WriteString(text)
	m.room -= len(text)
}

func (m *summary) lead(fresh []finding.Finding) string {
	if len(fresh) > 0 {
		return fmt.Sprintf("**%s** (%s).\n\n", plural(len(fresh), "new finding"), severities(fresh))
	}
	for _, d := range m.report.Diagnostics {
		if d.Severity == "error" {
			return "**Not everything could be read**, so this is not a clean bill.\n\n"
		}
	}
	return "No new AWS KMS problem.\n\n"
}

// finding is a new finding in full.
func (m *summary) finding(f finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s %s · %s\n\n%s at %s%s\n\n%s\n\n", quote.Inert(f.Rule), quote.Inert(f.Name), f.Severity, quote.Code(f.Address),
		where(f.File, f.StartLine), beforeChange(f.AtBase), quote.Prose(bounded(f.Message)))
	for _, e := range f.Evidence[:min(len(f.Evidence), 20)] {
		fmt.Fprintf(&b, "- %s%s: %s\n", where(e.File, e.StartLine), beforeChange(e.AtBase), quote.Prose(bounded(e.Note)))
	}
	if len(f.Evidence) > 0 {
		b.WriteString("\n")
	}
	if s := f.Suggestion; s != nil && showable(s) {
		old, _ := m.files.read(s.File, s.StartLine, s.EndLine)
		fmt.Fprintf(&b, "The fix, at %s:\n\n%s\n", where(s.File, s.StartLine), quote.Fence("diff", bounded(strings.Join(diffLines(old.lines, s.Replacement), "\n"))))
	}
	b.WriteString(section(readMore(f.References)))
	return b.String()
}

// where is a place as a code span.
func where(file string, line int) string {
	if line <= 0 {
		return quote.Code(file)
	}
	return quote.Code(fmt.Sprintf("%s:%d", file, line))
}

func (m *summary) row(f finding.Finding) string {
	return fmt.Sprintf("- %s %s · %s · %s\n", quote.Inert(f.Rule), quote.Inert(f.Name), quote.Code(f.Address), where(f.File, f.StartLine))
}

func (m *summary) undecided(u finding.Undecided) string {
	return fmt.Sprintf("- %s %s · %s: %s\n", quote.Inert(u.Rule), quote.Code(u.Address), where(u.File, u.StartLine), quote.Prose(bounded(u.Reason)))
}

func (m *summary) diagnostic(d finding.Diagnostic) string {
	text := quote.Prose(bounded(d.Summary))
	if d.Detail != "" {
		text += ": " + quote.Prose(bounded(d.Detail))
	}
	if d.File != "" {
		text = where(d.File, d.StartLine) + " " + text
	}
	return "- " + text + "\n"
}
