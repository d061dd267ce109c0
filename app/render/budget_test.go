package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

// Whatever the size of a report, the pages stay within GitHub's limit and say how much they left out.
func TestNothingIsLostSilently(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 60, 500, 5000} {
		for _, long := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d findings, long %v", n, long), func(t *testing.T) {
				t.Parallel()
				got := manyFindings(n, long).render()
				for name, page := range map[string]string{"summary": got.Check.Summary, "text": got.Check.Text} {
					if len(page) > outputBytes {
						t.Errorf("the %s has %d bytes", name, len(page))
					}
				}
				if len(got.Check.Title) > 255 {
					t.Errorf("title %q", got.Check.Title)
				}
				rows := strings.Count(got.Check.Summary, "**KMS101")
				if rows+leftOut(t, got.Check.Summary, "more new finding") != n {
					t.Errorf("%d rows and %d left out of %d", rows, leftOut(t, got.Check.Summary, "more new finding"), n)
				}
				details := strings.Count(got.Check.Text, "#### KMS101")
				if details+leftOut(t, got.Check.Text, "more finding") != n {
					t.Errorf("%d in full and %d left out of %d", details, leftOut(t, got.Check.Text, "more finding"), n)
				}
				if rows < details {
					t.Errorf("%d rows, %d details: details must give way first", rows, details)
				}
				undecided := strings.Count(got.Check.Summary, "aws_kms_key.undecided")
				if undecided+leftOut(t, got.Check.Summary, "more undecided resource") != n {
					t.Errorf("%d undecided and %d left out of %d", undecided, leftOut(t, got.Check.Summary, "more undecided resource"), n)
				}
				if want := min(n, annotationLimit); len(got.Check.Annotations) != want {
					t.Errorf("%d annotations, want %d", len(got.Check.Annotations), want)
				}
				if unplaced := got.Check.Unplaced(got.Comments); len(unplaced.Text) > outputBytes {
					t.Errorf("the text with what was not placed has %d bytes", len(unplaced.Text))
				}
			})
		}
	}
}

func leftOut(t *testing.T, page, noun string) int {
	t.Helper()
	m := regexp.MustCompile(`_(\d+) ` + noun).FindStringSubmatch(page)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func manyFindings(n int, long bool) input {
	in := newInput()
	in.report.Findings = nil
	for i := range n {
		f := rotation()
		f.Address = fmt.Sprintf("aws_kms_key.key[%d]", i)
		f.Fingerprint = finding.Fingerprint("KMS101", ".", f.Address, "", "")
		u := finding.Undecided{Rule: "KMS101", Address: "aws_kms_key.undecided", File: "main.tf", StartLine: 1, Reason: "`var.x` has no default"}
		if long {
			f.Address += strings.Repeat("é", 3000)
			f.Message += strings.Repeat(" $@#\xff", 20000)
			f.File = strings.Repeat("d/", 2000) + "main.tf"
			f.Evidence = append(f.Evidence, finding.Evidence{File: f.File, StartLine: 1, Note: f.Message})
			u.Reason, u.File = f.Message, f.File
		}
		in.report.Findings = append(in.report.Findings, f)
		in.report.Undecided = append(in.report.Undecided, u)
	}
	return in
}

func TestUnplacedIsListed(t *testing.T) {
	t.Parallel()
	got := Check{Text: "before\n"}.Unplaced([]Comment{{Path: "main.tf", Line: 39}, {Path: "`@maintainer`.tf", Line: 4}})
	for _, want := range []string{"before\n", "- `main.tf:39`\n", "- `` `@maintainer`.tf:4 ``\n"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("%q is missing in:\n%s", want, got.Text)
		}
	}
	if same := (Check{Text: "x"}).Unplaced(nil); same.Text != "x" {
		t.Errorf("nothing to list, but %q", same.Text)
	}
}

// FuzzPullRequest writes hostile text into every field that a repository can choose.
func FuzzPullRequest(f *testing.F) {
	for _, s := range quotetest.Hostile() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := hostileInput(s)
		got := in.render()
		pages := []string{got.Check.Summary, got.Check.Text, got.Check.Unplaced(got.Comments).Text}
		for _, c := range got.Comments {
			pages = append(pages, c.Body)
			if len(c.Body) > 65536 {
				t.Errorf("a comment has %d bytes", len(c.Body))
			}
			marker, ok := ParseMarker(c.Body)
			if !ok || marker.Fingerprint != c.Fingerprint {
				t.Errorf("marker %+v, want %s in:\n%s", marker, c.Fingerprint, c.Body)
			}
		}
		for _, page := range pages {
			for _, effect := range quotetest.Effects(t, page) {
				if !ours(effect) {
					t.Errorf("%q takes effect: %s\n%s", s, effect, page)
				}
			}
			if len(page) > outputBytes {
				t.Errorf("%d bytes", len(page))
			}
		}
		for _, a := range got.Check.Annotations {
			if strings.ContainsAny(a.Title+a.Message, "\x00\x1b\r\n") || len([]rune(a.Title)) > 255 || len(a.Message) > 65536 || a.StartLine < 1 || a.EndLine < a.StartLine {
				t.Errorf("annotation %+v", a)
			}
		}
	})
}

// ours tells whether an effect was written by the renderer itself.
func ours(effect string) bool {
	for _, prefix := range []string{
		"link https://github.com/acme/infra/blob/", "link https://github.com/acme/infra/pull/", "address https://docs.aws.amazon.com/",
		"html <details><summary>Undecided: these depend on values that are not known</summary>\n", "html </details>\n", "html <!-- kms-review:v1 fp=",
	} {
		if rest, ok := strings.CutPrefix(effect, prefix); ok && !strings.ContainsAny(rest, "<@` ") || ok && strings.HasPrefix(effect, "html <!--") {
			return true
		}
	}
	return false
}

func hostileInput(s string) input {
	in := newInput()
	f := &in.report.Findings[0]
	f.Address, f.Instances, f.Message = s, []string{s, s}, "`"+s+"` is wrong: "+s
	f.Evidence = []finding.Evidence{{File: s, StartLine: 3, Note: s}, {File: "main.tf", StartLine: 9, Note: "`" + s + "`"}}
	f.Suggestion = &finding.Suggestion{File: "main.tf", StartLine: 3, EndLine: 3, Replacement: s}
	g := &in.report.Findings[1]
	g.Message, g.Suggestion = s, &finding.Suggestion{File: s, StartLine: 1, EndLine: 2, Replacement: s}
	h := volume()
	h.File, h.Status, h.Message = s, finding.Existing, s
	in.report.Findings = append(in.report.Findings, h)
	h.Status, h.Fingerprint = finding.New, finding.Fingerprint(s, s, s, s, s)
	in.report.Findings = append(in.report.Findings, h)
	in.report.Undecided = []finding.Undecided{{Rule: "KMS101", Address: s, File: s, StartLine: 1, Reason: s}}
	in.report.Diagnostics = []finding.Diagnostic{
		{Severity: "error", File: s, StartLine: 1, Summary: s, Detail: s}, {Severity: "warning", File: "main.tf", Summary: s}, {Severity: "error", Summary: s},
	}
	in.report.Cost.Lines = append(in.report.Cost.Lines, costLine(s))
	in.change.Gaps = []change.Gap{{Path: s, Reason: s}}
	in.change.Files = append(in.change.Files, change.File{Path: s, Hunks: []change.Hunk{{NewStart: 1, NewLines: 9, Added: []int{2}}}})
	in.settings.Sources = []string{s}
	in.options.Shared = []Result{{9, Success, s}}
	return in
}
