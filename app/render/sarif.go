package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/render/quote"
)

// home is where readers of a file find the program.
const home = "https://github.com/kms-review/kms-review"

// SARIF writes a report in the Static Analysis Results Interchange Format, version 2.1.0, with what GitHub's code scanning
// reads of it. What the change fixed is not a result; what is waived is a suppressed one.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
func SARIF(w io.Writer, report analyzer.Report) error {
	run := sarif.NewRunWithInformationURI("KMS Review", home)
	run.Tool.Driver.WithVersion(report.Tool.Version)
	run.WithColumnKind("utf16CodeUnits")
	for _, status := range []finding.Status{finding.New, finding.Existing, finding.Waived} { // GitHub shows the first 5,000
		for _, f := range withStatus(report.Findings, status) {
			r := result(f, report.Base != "")
			r.RuleIndex = describe(run, f)
			run.AddResult(r)
		}
	}
	invocation := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, d := range report.Diagnostics {
		invocation.AddToolExecutionNotification(notification(d))
	}
	run.AddInvocation(invocation)
	log := sarif.NewReport().AddRun(run)
	if err := log.PrettyWrite(w); err != nil {
		return fmt.Errorf("write report as SARIF: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write report as SARIF: %w", err)
	}
	return nil
}

// describe adds a finding's rule to the run, once, and returns its index there.
func describe(run *sarif.Run, f finding.Finding) int {
	index := slices.IndexFunc(run.Tool.Driver.Rules, func(known *sarif.ReportingDescriptor) bool { return *known.ID == f.Rule })
	if index >= 0 {
		return index
	}
	d := run.AddRule(f.Rule).WithName(f.Name)
	title, severity, text := f.Name, f.Severity, f.Name
	if r, ok := rules.ByID(f.Rule); ok { // others are about waivers, and have no page
		title, severity, text = r.Title, r.Severity, rules.Page(r)
		d.WithProperties(sarif.NewPropertyBag().AddTag("security").Add("security-severity", gradation[severity].security))
		if len(r.References) > 0 {
			d.WithHelpURI(r.References[0])
		}
	} else {
		d.WithProperties(sarif.NewPropertyBag().AddTag("maintainability"))
	}
	d.Properties.Add("precision", "very-high").Add("problem.severity", gradation[severity].problem)
	d.WithShortDescription(sarif.NewMultiformatMessageString().WithText(title))
	d.WithFullDescription(sarif.NewMultiformatMessageString().WithText(title))
	d.WithHelp(sarif.NewMultiformatMessageString().WithText(text).WithMarkdown(text))
	d.WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(gradation[severity].level))
	return len(run.Tool.Driver.Rules) - 1
}

// gradation holds the words of SARIF, and the numbers from which GitHub makes its own: critical above 9, high from 7, medium
// from 4.
var gradation = map[finding.Severity]struct{ level, problem, security string }{
	finding.Critical: {sarif.LevelError, "error", "9.5"},
	finding.High:     {sarif.LevelError, "error", "8.0"},
	finding.Medium:   {sarif.LevelWarning, "warning", "5.5"},
	finding.Low:      {sarif.LevelNote, "recommendation", "2.0"},
}

func result(f finding.Finding, compared bool) *sarif.Result {
	r := sarif.NewRuleResult(f.Rule).WithLevel(gradation[f.Severity].level).WithMessage(message(f.Message))
	r.AddLocation(location(f.File, f.StartLine, f.EndLine, f.AtBase))
	for i, e := range f.Evidence {
		related := location(e.File, e.StartLine, e.EndLine, e.AtBase).WithID(i + 1)
		r.AddRelatedLocation(related.WithMessage(message(e.Note)))
	}
	// GitHub knows the first of them, and finds an alert again by it; the other one says whose it is.
	r.PartialFingerprints = map[string]string{"primaryLocationLineHash": f.Fingerprint, "kmsReview/v1": f.Fingerprint}
	r.WithProperties(sarif.NewPropertyBag().Add("address", quote.Visible(f.Address)).Add("severity", f.Severity.String()))
	if s := f.Suggestion; s != nil && f.Status == finding.New {
		r.Fixes = append(r.Fixes, repair(s))
	}
	if compared {
		state := "unchanged"
		if f.Status == finding.New {
			state = "new"
		}
		r.WithBaselineState(state)
	}
	if f.Status == finding.Waived {
		r.AddSuppression(sarif.NewSuppression().WithKind("inSource"))
	}
	return r
}

// message is a text in which nothing is taken for a link: SARIF reads [text](target) in plain messages too.
func message(text string) *sarif.Message {
	return sarif.NewTextMessage(strings.ReplaceAll(quote.Visible(text), "](", "] ("))
}

// location is a place in the repository. Lines that the change takes away are not there any more.
func location(file string, start, end int, atBase bool) *sarif.Location {
	artifact := sarif.NewSimpleArtifactLocation(quote.Path(file)).WithURIBaseID("%SRCROOT%")
	place := sarif.NewPhysicalLocation().WithArtifactLocation(artifact)
	if atBase || start < 1 {
		start, end = 1, 1
	}
	return sarif.NewLocation().WithPhysicalLocation(place.WithRegion(sarif.NewSimpleRegion(start, max(start, end))))
}

// repair replaces whole lines; to take lines away, their last line end goes too.
func repair(s *finding.Suggestion) *sarif.Fix {
	region := sarif.NewSimpleRegion(s.StartLine, s.EndLine)
	change := sarif.NewReplacement().WithDeletedRegion(region)
	if s.Replacement == "" {
		region.WithStartColumn(1).WithEndLine(s.EndLine + 1).WithEndColumn(1)
	} else {
		change.WithInsertedContent(sarif.NewArtifactContent().WithText(s.Replacement))
	}
	artifact := sarif.NewSimpleArtifactLocation(quote.Path(s.File)).WithURIBaseID("%SRCROOT%")
	changes := sarif.NewArtifactChange().WithArtifactLocation(artifact).AddReplacement(change)
	return sarif.NewFix().WithDescription(sarif.NewTextMessage("Apply the proven suggestion")).AddArtifactChange(changes)
}

func notification(d finding.Diagnostic) *sarif.Notification {
	text := d.Summary
	if d.Detail != "" {
		text += ": " + d.Detail
	}
	n := sarif.NewNotification().WithLevel(sarif.LevelWarning).WithMessage(message(text))
	if d.Severity == "error" {
		n.WithLevel(sarif.LevelError)
	}
	if d.File != "" {
		n.AddLocation(location(d.File, d.StartLine, d.StartLine, false))
	}
	return n
}
