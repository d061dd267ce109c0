package render

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// TextOptions says how a report is shown in a terminal.
type TextOptions struct {
	Color bool
	Base  fs.FS // for excerpts of what the change takes away; nil: none
	Head  fs.FS // for excerpts; nil: none
}

// Text writes a report for people: new findings with their lines and fixes, then what could not be read or
// decided, then a line that sums up. Control characters of a repository never reach the terminal.
func Text(w io.Writer, report analyzer.Report, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), opts: opts, base: newFiles(opts.Base, hiddenAtBase(report)), files: newFiles(opts.Head, hiddenAtHead(report))}
	for _, f := range withStatus(report.Findings, finding.New) {
		t.finding(f)
	}
	for _, status := range []finding.Status{finding.Fixed, finding.Waived} {
		for _, f := range withStatus(report.Findings, status) {
			t.printf("%s  %s %s  %s  %s\n", t.paint(green, string(status)), plain(f.Rule, 20), plain(f.Name, 80), quote.Visible(f.Address), position(f.File, f.StartLine))
		}
	}
	for _, d := range report.Diagnostics {
		t.diagnostic(d)
	}
	for _, u := range report.Undecided {
		t.printf("%s  %s  %s  %s: %s\n", t.paint(faint, "undecided"), plain(u.Rule, 20), quote.Visible(u.Address), position(u.File, u.StartLine), quote.Visible(u.Reason))
	}
	t.total(report)
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write report as text: %w", err)
	}
	return nil
}

// colour is an SGR sequence.
type colour string

const (
	red    colour = "\x1b[31m"
	bold   colour = "\x1b[1;31m"
	yellow colour = "\x1b[33m"
	green  colour = "\x1b[32m"
	blue   colour = "\x1b[34m"
	faint  colour = "\x1b[2m"
	plainC colour = "\x1b[0m"
)

var severityColours = map[finding.Severity]colour{finding.Critical: bold, finding.High: red, finding.Medium: yellow, finding.Low: blue}

// terminal writes text; bufio keeps the first error until the end.
type terminal struct {
	w     *bufio.Writer
	opts  TextOptions
	base  *files
	files *files
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *terminal) paint(c colour, s string) string {
	if !t.opts.Color {
		return s
	}
	return string(c) + s + string(plainC)
}

func (t *terminal) finding(f finding.Finding) {
	t.printf("%s  %s %s  %s\n", t.paint(severityColours[f.Severity], f.Severity.String()), plain(f.Rule, 20), plain(f.Name, 80), quote.Visible(f.Address))
	t.printf("  %s%s\n", position(f.File, f.StartLine), beforeChange(f.AtBase))
	t.excerpt(f)
	for _, line := range wrap(quote.Visible(f.Message), 100) {
		t.printf("  %s\n", line)
	}
	for _, e := range f.Evidence {
		if e.Note != "" {
			t.printf("  %s%s: %s\n", position(e.File, e.StartLine), beforeChange(e.AtBase), quote.Visible(e.Note))
		}
	}
	if len(f.Instances) > 0 {
		t.printf("  instances: %s\n", plain(strings.Join(f.Instances, ", "), 400))
	}
	t.fix(f.Suggestion)
	for _, ref := range f.References {
		t.printf("  %s\n", t.paint(faint, quote.Visible(ref)))
	}
	t.printf("\n")
}

// excerpt shows the finding's line between its neighbours.
func (t *terminal) excerpt(f finding.Finding) {
	_, end := span(f)
	files := t.files
	if f.AtBase {
		files = t.base
	}
	for n := f.StartLine - 1; n <= end+1; n++ {
		s, ok := files.read(f.File, n, n)
		if !ok {
			continue
		}
		mark, line := " ", fmt.Sprintf("%5d | %s", n, quote.Shorten(quote.Line(s.lines[0]), 200))
		if n >= f.StartLine && n <= end {
			mark, line = ">", t.paint(severityColours[f.Severity], line)
		}
		t.printf("  %s%s\n", mark, line)
	}
}

func (t *terminal) fix(s *finding.Suggestion) {
	if s == nil {
		return
	}
	t.printf("  fix, at %s:\n", position(s.File, s.StartLine))
	old, _ := t.files.read(s.File, s.StartLine, s.EndLine)
	for _, line := range diffLines(old.lines, s.Replacement) {
		switch line[0] {
		case '-':
			line = t.paint(red, line)
		case '+':
			line = t.paint(green, line)
		}
		t.printf("    %s\n", line)
	}
}

func (t *terminal) diagnostic(d finding.Diagnostic) {
	c := yellow
	if d.Severity == "error" {
		c = red
	}
	t.printf("%s  ", t.paint(c, plain(d.Severity, 20)))
	if d.File != "" {
		t.printf("%s: ", position(d.File, d.StartLine))
	}
	t.printf("%s\n", quote.Visible(d.Summary))
	if d.Detail != "" {
		t.printf("  %s\n", quote.Visible(d.Detail))
	}
}

// total is the last line: what a person reads first.
func (t *terminal) total(report analyzer.Report) {
	fresh := withStatus(report.Findings, finding.New)
	counts := map[finding.Status]int{}
	for _, f := range report.Findings {
		counts[f.Status]++
	}
	line := plural(len(fresh), "new finding")
	if len(fresh) > 0 {
		line += " (" + severities(fresh) + ")"
	}
	line += fmt.Sprintf(", %d existing, %d fixed, %d waived, %d undecided; %s read",
		counts[finding.Existing], counts[finding.Fixed], counts[finding.Waived], len(report.Undecided), plural(report.Stats.Files, "file"))
	t.printf("%s\n", line)
	if len(report.Cost.Lines) > 0 {
		t.printf("Monthly cost of keys: %s\n", strings.ReplaceAll(dollars(report.Cost.MonthlyDeltaUSD), `\`, ""))
	}
}

// beforeChange marks a place that the change takes away.
func beforeChange(atBase bool) string {
	if atBase {
		return " before the change"
	}
	return ""
}

func position(file string, line int) string {
	if line <= 0 {
		return quote.Visible(file)
	}
	return fmt.Sprintf("%s:%d", quote.Visible(file), line)
}

// wrap breaks text at spaces into lines of at most width runes where it can.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
