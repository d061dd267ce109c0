package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// Workflow writes a report as workflow commands: inside a job of GitHub Actions each becomes an annotation on its line.
// The worst come first, since GitHub shows ten errors and ten warnings of a step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func Workflow(w io.Writer, report analyzer.Report) error {
	out := bufio.NewWriter(w)
	fresh := withStatus(report.Findings, finding.New)
	for _, f := range fresh {
		start, end := f.StartLine, f.EndLine
		if f.AtBase {
			start, end = 0, 0 // the lines are gone
		}
		text := f.Message
		if s := f.Suggestion; s != nil {
			text += fmt.Sprintf(" A proven fix: kms-review fix (%s).", position(s.File, s.StartLine))
		}
		command(out, commands[f.Severity], f.File, start, end, fmt.Sprintf("%s %s · %s", f.Rule, f.Name, f.Severity), text)
	}
	for _, d := range report.Diagnostics {
		name := "warning"
		if d.Severity == "error" {
			name = "error"
		}
		text := d.Summary
		if d.Detail != "" {
			text += ": " + d.Detail
		}
		command(out, name, d.File, d.StartLine, d.StartLine, "KMS Review", text)
	}
	t := &terminal{w: out}
	t.total(report)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write report as workflow commands: %w", err)
	}
	return nil
}

var commands = map[finding.Severity]string{
	finding.Critical: "error", finding.High: "error", finding.Medium: "warning", finding.Low: "notice",
}

// command writes one command. A line of its own, a comma or two colons in what a repository says would make another one
// of it. https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
func command(w io.Writer, name, file string, start, end int, title, text string) {
	var properties []string
	add := func(key, value string) { properties = append(properties, key+"="+property.Replace(value)) }
	if file != "" {
		add("file", quote.Visible(file))
	}
	if start > 0 {
		add("line", fmt.Sprint(start))
		add("endLine", fmt.Sprint(max(start, end)))
	}
	add("title", quote.Visible(title))
	fmt.Fprintf(w, "::%s %s::%s\n", name, strings.Join(properties, ","), data.Replace(quote.Visible(text)))
}

var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
