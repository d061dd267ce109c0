package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"golang.org/x/net/html"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

// writers are the forms of a report that are files, besides JSON and text.
var writers = map[string]func(io.Writer, input) error{
	"sarif":    func(w io.Writer, in input) error { return SARIF(w, in.report) },
	"markdown": func(w io.Writer, in input) error { return Markdown(w, in.report, in.change.Head) },
	"github":   func(w io.Writer, in input) error { return Workflow(w, in.report) },
	"html": func(w io.Writer, in input) error {
		return HTML(w, in.report, TextOptions{Base: in.change.Base, Head: in.change.Head})
	},
}

func written(t *testing.T, format string, in input) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[format](&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for format := range writers {
		for name, edit := range map[string]func(in *input){
			"findings":   func(*input) {},
			"everything": func(in *input) { everything(in); odd(in) },
			"empty": func(in *input) {
				in.report = analyzer.Report{Tool: analyzer.Tool{Name: "kms-review", Version: "1.0.0"}}
			},
		} {
			t.Run(format+"/"+name, func(t *testing.T) {
				t.Parallel()
				in := newInput()
				edit(&in)
				got := written(t, format, in)
				if format == "sarif" {
					got = withoutHelp(t, got)
				}
				golden(t, format+"/"+name+".golden", got)
			})
		}
	}
}

// odd adds what the other fixtures do not have: lines that are gone, a deletion, an error, a finding about a waiver.
func odd(in *input) {
	gone := rotation()
	gone.Rule, gone.Name, gone.AtBase, gone.Severity, gone.Suggestion = "KMS104", "rotation-turned-off", true, finding.Critical, nil
	gone.Evidence[0].AtBase = true
	deletes := rotation()
	deletes.Address, deletes.Suggestion = "aws_kms_key.second", &finding.Suggestion{File: "main.tf", StartLine: 3, EndLine: 3}
	comment := volume()
	comment.Rule, comment.Name, comment.Severity, comment.Message = "KMS903", "waiver-unused", finding.Low, "The comment waives nothing."
	in.report.Findings = append(in.report.Findings, gone, deletes, comment)
	in.report.Diagnostics = append(in.report.Diagnostics, finding.Diagnostic{Severity: "error", File: "broken.tf", StartLine: 2, Summary: "Invalid block", Detail: "100% wrong, sorry: really"},
		finding.Diagnostic{Severity: "warning", Summary: "Too many suggestions"})
}

// withoutHelp takes the rules' pages out, which change with the rules.
func withoutHelp(t *testing.T, text string) string {
	t.Helper()
	help := regexp.MustCompile(`("help": \{\n\s+"markdown": ")(?:[^"\\]|\\.)+(",\n\s+"text": ")(?:[^"\\]|\\.)+"`)
	if n := len(help.FindAllString(text, -1)); n != strings.Count(text, `"help": {`) {
		t.Errorf("%d of the rules have a text of help", n)
	}
	return help.ReplaceAllString(text, `$1...$2..."`)
}

func TestFormatsTellErrors(t *testing.T) {
	t.Parallel()
	for format, write := range writers {
		if err := write(broken{}, newInput()); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// The whole file is held against the format's schema, whatever a repository says.
func TestSARIFIsValid(t *testing.T) {
	t.Parallel()
	full, bad := newInput(), newInput()
	everything(&full)
	odd(&full)
	for _, s := range quotetest.Hostile() {
		one := hostileInput(s)
		bad.report.Findings = append(bad.report.Findings, one.report.Findings...)
		bad.report.Diagnostics = append(bad.report.Diagnostics, one.report.Diagnostics...)
	}
	for name, in := range map[string]input{"plain": newInput(), "everything": full, "hostile": bad} {
		text := written(t, "sarif", in)
		log, err := sarif.FromString(text, sarif.WithStrictValidation())
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		for _, r := range log.Runs[0].Results {
			if strings.Contains(*r.Message.Text, "](") {
				t.Errorf("%q: a link in %q", name, *r.Message.Text)
			}
			uri := *r.Locations[0].PhysicalLocation.ArtifactLocation.URI
			if strings.ContainsAny(uri, "<>\"'\\ `:?#@\x00") {
				t.Errorf("%q: uri %q", name, uri)
			}
			if r.PartialFingerprints["primaryLocationLineHash"] == "" {
				t.Errorf("%q: a result has no fingerprint", name)
			}
		}
	}
}

// GitHub refuses a file in which a required property is missing or empty.
func TestSARIFHasWhatGitHubWants(t *testing.T) {
	t.Parallel()
	in := newInput()
	everything(&in)
	odd(&in)
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID                                      string
						ShortDescription, FullDescription, Help struct{ Text string }
						Properties                              map[string]any
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Message   struct{ Text string }
			}
		}
	}
	if err := json.Unmarshal([]byte(written(t, "sarif", in)), &log); err != nil {
		t.Fatal(err)
	}
	driver := log.Runs[0].Tool.Driver
	if driver.Name == "" || len(driver.Rules) == 0 || len(log.Runs[0].Results) == 0 {
		t.Fatalf("no name, rules or results: %+v", log)
	}
	for _, r := range driver.Rules {
		if r.ID == "" || r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "" || r.Properties["precision"] == nil {
			t.Errorf("rule %+v", r)
		}
	}
	for _, r := range log.Runs[0].Results {
		if r.Message.Text == "" || driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %+v", r)
		}
	}
}

func TestMarkdownHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, s := range quotetest.Hostile() {
		text := written(t, "markdown", hostileInput(s))
		for _, effect := range quotetest.Effects(t, text) {
			if !ours(effect) {
				t.Errorf("%q takes effect: %s\n%s", s, effect, text)
			}
		}
	}
}

func TestMarkdownFitsIntoASummary(t *testing.T) {
	t.Parallel()
	in := newInput()
	many := in.report.Findings[0]
	many.Message = strings.Repeat("long ", 500)
	in.report.Findings = slices.Repeat([]finding.Finding{many}, 5000)
	in.report.Undecided = slices.Repeat([]finding.Undecided{{Rule: "KMS101", Address: "x", File: "main.tf", Reason: strings.Repeat("why ", 500)}}, 5000)
	got := written(t, "markdown", in)
	if len(got) > 1<<20 {
		t.Errorf("%d bytes, and GitHub takes 1 MiB", len(got))
	}
	for _, want := range []string{"more findings not shown", "more undecided resources not shown"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// Each line is a command of ours, its properties are those that we wrote, and the last line sums up.
func TestWorkflowCommandsAreOurs(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^::(error|warning|notice) (file=[^:,]*,)?(line=\d+,endLine=\d+,)?title=[^:,]*::[^\x00-\x1f]*$`)
	for _, s := range quotetest.Hostile() {
		in := hostileInput(s)
		lines := strings.Split(strings.TrimSuffix(written(t, "github", in), "\n"), "\n")
		for _, line := range lines[:len(lines)-2] {
			if !shape.MatchString(line) {
				t.Errorf("%q makes the line %q", s, line)
			}
		}
		if want := len(withStatus(in.report.Findings, finding.New)) + len(in.report.Diagnostics) + 2; len(lines) != want {
			t.Errorf("%q makes %d lines, want %d", s, len(lines), want)
		}
	}
}

// The page has no element or attribute that we did not write, and shows a repository's words as they are.
func TestHTMLIsInert(t *testing.T) {
	t.Parallel()
	clean := elements(t, written(t, "html", hostileInput("plain")))
	for _, s := range quotetest.Hostile() {
		page := written(t, "html", hostileInput(s))
		for what := range elements(t, page) {
			if !clean[what] && what != "a href=https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html" {
				t.Errorf("%q brings %s", s, what)
			}
		}
		if strings.ContainsAny(page, "\x00\x1b\u202e\u2028") {
			t.Errorf("%q: a control character is in the page", s)
		}
	}
	for _, never := range []string{"<script", "javascript:", "<img", "<link", "<iframe", " onload", "url("} {
		if strings.Contains(written(t, "html", newInput()), never) {
			t.Errorf("the page has %q", never)
		}
	}
}

// elements are the elements of a page with their attributes.
func elements(t *testing.T, page string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			found[token.Data] = true
			for _, a := range token.Attr {
				found[token.Data+" "+a.Key+"="+a.Val] = true
			}
		case html.CommentToken:
			t.Errorf("a comment: %s", z.Token().Data)
		}
	}
}

// FuzzFormats writes any text wherever a repository's words may stand.
func FuzzFormats(f *testing.F) {
	for _, s := range quotetest.Hostile() {
		f.Add(s)
	}
	clean := map[string]bool{}
	f.Fuzz(func(t *testing.T, s string) {
		in := hostileInput(s)
		if len(clean) == 0 {
			clean = elements(t, written(t, "html", hostileInput("plain")))
		}
		for what := range elements(t, written(t, "html", in)) {
			if !clean[what] {
				t.Errorf("%q brings %s", s, what)
			}
		}
		text := written(t, "markdown", in)
		for _, effect := range quotetest.Effects(t, text) {
			if !ours(effect) {
				t.Errorf("%q takes effect: %s\n%s", s, effect, text)
			}
		}
		if lines := strings.Count(written(t, "github", in), "\n"); lines != len(withStatus(in.report.Findings, finding.New))+len(in.report.Diagnostics)+2 {
			t.Errorf("%q makes %d lines", s, lines)
		}
		if !json.Valid([]byte(written(t, "sarif", in))) {
			t.Errorf("%q: no JSON", s)
		}
	})
}
