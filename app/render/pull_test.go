package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

func TestPullRequest(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(in *input){
		"findings": func(in *input) {
			in.settings.Sources = []string{"acme/infra:.github/kms-review.yml@1111111"}
		},
		"clean":      func(in *input) { in.report.Findings = nil },
		"irrelevant": func(in *input) { in.report = analyzer.Report{}; in.change.Files = nil },
		"draft":      func(in *input) { in.pull.Draft = true },
		"everything": everything,
		"gap": func(in *input) {
			in.report.Findings = nil
			in.change.Gaps = []change.Gap{{Path: "big.tf", Reason: "is larger than 8 MB"}, {Reason: "GitHub listed 3,000 files; there are more"}}
		},
		"broken-file": func(in *input) {
			in.report.Findings = nil
			in.report.Diagnostics = []finding.Diagnostic{{
				Severity: "error", File: "main.tf", StartLine: 3, Summary: "Missing expression",
				Detail: "Expected the start of an expression, but found the end of the file.",
			}}
		},
		"broken-settings": func(in *input) {
			in.report.Findings = nil
			in.report.Diagnostics = []finding.Diagnostic{{
				Severity: "error", File: settingsPath, StartLine: 2, Summary: "unknown key \"fail\"", Detail: "The defaults are used.",
			}}
		},
		"merge-group": func(in *input) { in.pull.Number = 0 },
		"shared-head": func(in *input) {
			in.report.Findings = nil
			in.options.Shared = []Result{{9, Failure, "1 new finding (1 critical)"}, {11, Neutral, "Nothing about AWS KMS is affected"}}
		},
		"suggestion-elsewhere": func(in *input) {
			in.report.Findings[0].Suggestion = &finding.Suggestion{File: "variables.tf", StartLine: 2, EndLine: 2, Replacement: "  default = true"}
			in.report.Findings = in.report.Findings[:1]
		},
		"windows-line-ends": func(in *input) {
			in.change.Head = fstest.MapFS{"main.tf": {Data: []byte(strings.ReplaceAll(mainTF, "\n", "\r\n"))}}
			in.report.Findings = in.report.Findings[:1]
		},
		"enterprise": func(in *input) { in.options.WebURL = "https://github.example.com/" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			edit(&in)
			golden(t, "pull/"+name+".golden", show(in.render()))
		})
	}
}

// everything has each status, undecided resources, costs, remarks, instances and a hazard.
func everything(in *input) {
	hazardous := rotation()
	hazardous.Rule, hazardous.Name, hazardous.Hazard = "KMS104", "rotation-turned-off", true
	hazardous.Fingerprint = finding.Fingerprint("KMS104", ".", "aws_kms_key.main", "enable_key_rotation", "")
	existing, fixed, waived, low := volume(), rotation(), volume(), volume()
	existing.Status, existing.Address = finding.Existing, "aws_ebs_volume.old"
	fixed.Status, fixed.Address = finding.Fixed, "aws_kms_key.other"
	waived.Status, waived.Address = finding.Waived, "aws_ebs_volume.scratch"
	low.Severity, low.Rule, low.Name, low.Address = finding.Low, "KMS216", "no-explicit-policy", "module.db.aws_kms_key.db"
	low.File, low.Instances, low.Suggestion = "modules/db/main.tf", []string{`["eu"]`, `["us"]`}, nil
	in.report.Findings = append(in.report.Findings[1:], hazardous, existing, fixed, waived, low)
	in.report.Undecided = []finding.Undecided{{Rule: "KMS101", Address: "aws_kms_key.log", File: "main.tf", StartLine: 1, Reason: "`var.rotate` has no default"}}
	in.report.Diagnostics = []finding.Diagnostic{{Severity: "warning", File: "main.tf", StartLine: 1, Summary: "waiver without a reason"}}
	in.report.Cost = analyzer.Cost{MonthlyDeltaUSD: 1, Lines: []analyzer.CostLine{{Address: "aws_kms_key.main", Change: "added", USD: 1}}}
}

func TestConclusion(t *testing.T) {
	t.Parallel()
	brokenSettings := []finding.Diagnostic{{Severity: "error", File: settingsPath, StartLine: 1, Summary: "x"}}
	only := func(s finding.Severity, status finding.Status) func(*input) {
		return func(in *input) {
			in.report.Findings = in.report.Findings[:1]
			in.report.Findings[0].Severity, in.report.Findings[0].Status = s, status
		}
	}
	for name, c := range map[string]struct {
		edit     func(*input)
		want     Conclusion
		complete bool
	}{
		"new at fail_on":         {only(finding.High, finding.New), Failure, true},
		"new below fail_on":      {only(finding.Medium, finding.New), Success, true},
		"existing above fail_on": {only(finding.Critical, finding.Existing), Success, true},
		"fixed":                  {only(finding.Critical, finding.Fixed), Success, true},
		"waived":                 {only(finding.Critical, finding.Waived), Success, true},
		"never fails":            {func(in *input) { in.settings.FailOn = 0 }, Success, true},
		"lower fail_on":          {func(in *input) { only(finding.Low, finding.New)(in); in.settings.FailOn = finding.Low }, Failure, true},
		"clean":                  {func(in *input) { in.report.Findings = nil }, Success, true},
		"nothing affected":       {func(in *input) { in.report.Findings = nil; in.report.Stats.Affected = 0 }, Neutral, true},
		"gap":                    {func(in *input) { in.report.Findings = nil; in.change.Gaps = []change.Gap{{Reason: "x"}} }, ActionRequired, false},
		"gap, nothing affected":  {func(in *input) { in.report = analyzer.Report{}; in.change.Gaps = []change.Gap{{Reason: "x"}} }, ActionRequired, false},
		"gap and failure":        {func(in *input) { in.change.Gaps = []change.Gap{{Reason: "x"}} }, Failure, false},
		"broken file": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "error", File: "main.tf"}}}
		}, ActionRequired, false},
		"broken unchanged file": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "error", File: "other.tf"}}}
		}, ActionRequired, false},
		"warning": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "warning", File: "main.tf"}}}
		}, Neutral, true},
		"broken settings": {func(in *input) { in.report = analyzer.Report{Diagnostics: brokenSettings} }, ActionRequired, false},
		"broken settings, changed, by origin": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "error", File: "acme/infra:" + settingsPath + "@" + baseSHA, StartLine: 1}}}
			in.change.Files = append(in.change.Files, change.File{Path: settingsPath, Status: change.Modified})
		}, Neutral, false},
		"broken settings of the organisation": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "error", File: "acme/.github:" + settingsPath + "@HEAD", StartLine: 1}}}
			in.change.Files = append(in.change.Files, change.File{Path: settingsPath, Status: change.Modified})
		}, ActionRequired, false},
		"broken settings, changed": {func(in *input) {
			in.report = analyzer.Report{Diagnostics: brokenSettings}
			in.change.Files = append(in.change.Files, change.File{Path: settingsPath, Status: change.Modified})
		}, Neutral, false},
		"worse pull request with this head":  {func(in *input) { in.report.Findings = nil; in.options.Shared = []Result{{8, Failure, "x"}} }, Failure, true},
		"better pull request with this head": {func(in *input) { in.options.Shared = []Result{{8, Success, "x"}} }, Failure, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			c.edit(&in)
			got := in.render()
			if got.Check.Conclusion != c.want || got.Complete != c.complete {
				t.Errorf("conclusion %s, complete %v; want %s, %v\n%s", got.Check.Conclusion, got.Complete, c.want, c.complete, got.Check.Summary)
			}
		})
	}
}

// A verdict on one pull request must not be stored as that on another with the same head.
func TestOwnVerdictIsKeptApart(t *testing.T) {
	t.Parallel()
	in := newInput()
	in.report.Findings = nil
	in.options.Shared = []Result{{8, Failure, "1 new finding (1 high)"}}
	got := in.render()
	if want := (Result{7, Success, "No new findings"}); got.Own != want {
		t.Errorf("own verdict %+v, want %+v", got.Own, want)
	}
	if got.Check.Title != "Pull request 8: 1 new finding (1 high)" {
		t.Errorf("title %q", got.Check.Title)
	}
}

func TestCommentsAreLimited(t *testing.T) {
	t.Parallel()
	many := func(in *input, n int) {
		in.report.Findings = nil
		for i := range n {
			f := rotation()
			f.Fingerprint, f.Suggestion = finding.Fingerprint("KMS101", ".", string(rune('a'+i)), "", ""), nil
			if i == n-1 {
				f.Severity = finding.Critical
			}
			in.report.Findings = append(in.report.Findings, f)
		}
	}
	for name, c := range map[string]struct {
		edit func(*input)
		want int
	}{
		"all":                     {func(*input) {}, 2},
		"severity":                {func(in *input) { in.settings.CommentSeverity = finding.High }, 1},
		"not more than twenty":    {func(in *input) { many(in, 25); in.settings.CommentLimit = 100 }, 20},
		"the settings' limit":     {func(in *input) { many(in, 25); in.settings.CommentLimit = 3 }, 3},
		"none":                    {func(in *input) { in.settings.CommentLimit = 0 }, 0},
		"draft":                   {func(in *input) { in.pull.Draft = true }, 0},
		"draft, reviewed":         {func(in *input) { in.pull.Draft = true; in.settings.Drafts = settings.DraftsReview }, 2},
		"merge group":             {func(in *input) { in.pull.Number = 0 }, 0},
		"existing":                {func(in *input) { in.report.Findings[0].Status = finding.Existing }, 1},
		"twice the same finding":  {func(in *input) { in.report.Findings[1] = in.report.Findings[0] }, 1},
		"file is not in the diff": {func(in *input) { in.report.Findings[0].File = "other.tf"; in.report.Findings[0].Suggestion = nil }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			c.edit(&in)
			got := in.render()
			if len(got.Comments) != c.want {
				t.Errorf("%d comments, want %d", len(got.Comments), c.want)
			}
			if strings.HasPrefix(name, "not more") && !strings.Contains(got.Comments[0].Body, "critical") {
				t.Errorf("the worst finding is not first:\n%s", got.Comments[0].Body)
			}
		})
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	got := Problem(newInput().pull, TimedOut, "Timed out", "The review of @maintainer took longer than a minute.")
	if got.Complete || got.Check.Conclusion != TimedOut || got.HeadSHA != headSHA || got.Own.Number != 7 {
		t.Errorf("got %+v", got)
	}
	if found := quotetest.Effects(t, got.Check.Summary); len(found) > 0 {
		t.Errorf("summary takes effect: %q", found)
	}
}
