package ruletest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// Check analyses an example through the whole analyzer and says, in words for the rule's author, where it does
// not do what the example says. Nothing is said of an example that holds.
func (e Example) Check(ctx context.Context, r rule.Rule) []string {
	report, err := e.analyse(ctx, r, e.Head)
	if err != nil {
		return []string{err.Error()}
	}
	c := check{example: e, rule: r}
	for _, d := range report.Diagnostics {
		if !e.Broken() {
			c.fail("%s:%d: %s: %s", d.File, d.StartLine, d.Summary, d.Detail)
		}
	}
	findings := own(report, r)
	c.marks(findings, report.Undecided)
	for _, f := range findings {
		c.message(f)
		c.supersedes(f, report.Findings)
	}
	if fixed := c.fixes(findings); len(fixed) > 0 {
		c.cured(ctx, fixed)
	}
	return c.failures
}

type check struct {
	example  Example
	rule     rule.Rule
	failures []string
}

func (c *check) fail(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

func (e Example) analyse(ctx context.Context, r rule.Rule, head map[string]string) (analyzer.Report, error) {
	in := analyzer.Input{Settings: settings.Default(), Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if text, ok := head[settings.Path]; ok {
		in.Settings, _ = settings.Load(nil, &settings.File{Origin: e.Name, Text: []byte(text)})
	}
	in.Settings.Rules[r.ID] = true
	var err error
	if in.Head, err = tree(head); err != nil {
		return analyzer.Report{}, err
	}
	if e.Base != nil {
		if in.Base, err = tree(e.Base); err != nil {
			return analyzer.Report{}, err
		}
		in.Changed = changed(e.Base, head)
	}
	return analyzer.Analyze(ctx, in)
}

// Says gives the rule's own new findings in an example, and what it cannot judge there.
func (e Example) Says(ctx context.Context, r rule.Rule) (findings []finding.Finding, undecided []finding.Undecided, err error) {
	report, err := e.analyse(ctx, r, e.Head)
	return own(report, r), slices.DeleteFunc(report.Undecided, func(u finding.Undecided) bool { return u.Rule != r.ID }), err
}

// own drops the findings of other rules: those have their own specifications.
func own(report analyzer.Report, r rule.Rule) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(report.Findings), func(f finding.Finding) bool {
		return f.Rule != r.ID || f.Status != finding.New
	})
}

func (c *check) marks(findings []finding.Finding, undecided []finding.Undecided) {
	reported, open, said := map[mark]bool{}, map[mark]bool{}, map[finding.Undecided]bool{}
	for _, f := range findings {
		at := mark{f.File, f.StartLine, f.AtBase}
		reported[at] = true
		if want, wanted := c.example.want[at]; wanted && want != f.Severity {
			c.fail("%s: is %s and should be %s", at, f.Severity, want)
		}
	}
	for _, u := range undecided {
		if u.Rule != c.rule.ID {
			continue
		}
		at := mark{u.File, u.StartLine, false}
		if said[u] {
			c.fail("%s: is undecided twice, for the same reason", at)
		}
		open[at], said[u] = true, true
	}
	wanted := map[mark]bool{}
	for m := range c.example.want {
		wanted[m] = true
	}
	c.compare("reported", wanted, reported)
	c.compare("undecided", c.example.undecided, open)
}

func (c *check) compare(what string, want, got map[mark]bool) {
	for _, m := range sorted(want) {
		if !got[m] {
			c.fail("%s: should be %s and is not", m, what)
		}
	}
	for _, m := range sorted(got) {
		if !want[m] {
			c.fail("%s: is %s and should not be", m, what)
		}
	}
}

func sorted(marks map[mark]bool) []mark {
	var list []mark
	for m := range marks {
		list = append(list, m)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].String() < list[j].String() })
	return list
}

var (
	codeSpan    = regexp.MustCompile("`[^`]*`")
	sentenceEnd = regexp.MustCompile(`[.](\s|$)`)
)

// message asserts the house style: the address in a code span, two sentences, one line.
func (c *check) message(f finding.Finding) {
	if !strings.Contains(f.Message, "`"+f.Address+"`") {
		c.fail("the message does not name %s: %s", f.Address, f.Message)
	}
	prose := codeSpan.ReplaceAllString(f.Message, "x")
	if n := len(sentenceEnd.FindAllString(prose, -1)); n != 2 || !strings.HasSuffix(prose, ".") || strings.Contains(prose, "\n") {
		c.fail("the message is not two sentences: %s", f.Message)
	}
}

// supersedes asserts that a finding is the only one of its cause: none of what the rule supersedes, and none on
// the same line that the same suggestion would cure.
func (c *check) supersedes(f finding.Finding, all []finding.Finding) {
	for _, other := range all {
		if other.Rule == f.Rule || other.Status != finding.New || other.Address != f.Address || other.Module != f.Module {
			continue
		}
		same := f.Suggestion != nil && other.Suggestion != nil && *f.Suggestion == *other.Suggestion && f.StartLine == other.StartLine
		if same || slices.Contains(c.rule.Supersedes, other.Rule) {
			c.fail("%s: %s is reported beside %s", f.Address, other.Rule, f.Rule)
		}
	}
}

// fixes applies all suggestions and gives the texts that they change.
func (c *check) fixes(findings []finding.Finding) map[string]string {
	byFile := map[string][]finding.Suggestion{}
	for _, f := range findings {
		if s := f.Suggestion; s != nil && !slices.Contains(byFile[s.File], *s) {
			byFile[s.File] = append(byFile[s.File], *s)
		}
	}
	fixed := map[string]string{}
	for file, suggestions := range byFile {
		// from the end, so that the line numbers of the others hold
		sort.Slice(suggestions, func(i, j int) bool { return suggestions[i].StartLine > suggestions[j].StartLine })
		text := []byte(c.example.Head[file])
		for _, s := range suggestions {
			text = fix.ApplySuggestion(text, s)
		}
		fixed[file] = string(text)
	}
	for file, want := range c.example.Fixed {
		if fixed[file] != want {
			c.fail("%s after the suggestions:\n%s\nand should be:\n%s", file, fixed[file], want)
		}
	}
	for file, text := range fixed {
		if _, expected := c.example.Fixed[file]; !expected {
			c.fail("%s: there should be no suggestion, and it would give:\n%s", file, text)
		}
	}
	return fixed
}

// cured asserts that after the suggestions nothing is left that had one.
func (c *check) cured(ctx context.Context, fixed map[string]string) {
	report, err := c.example.analyse(ctx, c.rule, with(c.example.Head, fixed))
	if err != nil {
		c.fail("after the suggestions: %v", err)
		return
	}
	for _, d := range report.Diagnostics {
		c.fail("after the suggestions: %s:%d: %s", d.File, d.StartLine, d.Summary)
	}
	for _, f := range own(report, c.rule) {
		c.fail("after the suggestions: %s:%d is still reported: %s", f.File, f.StartLine, f.Message)
	}
}
