package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it anew, for you to read:\n%s", file, got)
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	golden(t, "issue.md", Issue(acme(), false))
	golden(t, "issue-public.md", Issue(acme(), true))
	golden(t, "issue-first.md", Issue(posture.Organisation{Account: "acme", Installation: 41, At: now(), Version: "v1.4.0",
		Repositories: []posture.Repository{{ID: 1, Owner: "acme", Name: "platform", State: posture.Waiting}}}, false))
}

// A public issue tells nothing of private repositories: neither names nor what was found in them, at any time.
func TestPublicIssueNamesPublicRepositoriesOnly(t *testing.T) {
	t.Parallel()
	o := acme()
	body := Issue(o, true)
	for _, private := range []string{"platform", "secret", "KMS101", "KMS201", "aws_kms_key", "sandbox", "kms/main.tf"} {
		if strings.Contains(strings.ReplaceAll(body, "kms-review:ignore KMS101", "explain KMS101"), private) &&
			!strings.Contains("kms-review explain KMS101", private) {
			t.Errorf("%q of a private repository is in the public issue", private)
		}
	}
	for _, want := range []string{"acme/website", "leaves out 2 private repositories"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in the public issue:\n%s", want, body)
		}
	}
	for i := range o.Repositories {
		if r := &o.Repositories[i]; r.Private {
			*r = posture.Repository{ID: r.ID, Owner: "x", Name: "x", Private: true, State: posture.Waiting}
		}
	}
	for i := range o.History {
		o.History[i].All = posture.Counts{Critical: 99, New: 99}
	}
	if Issue(o, true) != body {
		t.Error("the public issue depends on private repositories")
	}
}

// The same posture gives the same body whatever its order, and the clock alone changes nothing within a day.
func TestIssueChangesOnlyWithItsContent(t *testing.T) {
	t.Parallel()
	o := large()
	body := Issue(o, false)
	slices.Reverse(o.Repositories)
	for i := range o.Repositories {
		slices.Reverse(o.Repositories[i].Findings)
		slices.Reverse(o.Repositories[i].Waivers)
	}
	o.At = o.At.Add(5 * time.Hour)
	for i := range o.Repositories {
		o.Repositories[i].ScannedAt = o.Repositories[i].ScannedAt.Add(5 * time.Hour)
	}
	if Issue(o, false) != body {
		t.Error("five hours later the body differs")
	}
	for i := range o.Repositories {
		if r := &o.Repositories[i]; len(r.Findings) > 0 {
			r.Findings = r.Findings[1:]
			break
		}
	}
	if Issue(o, false) == body {
		t.Error("a finding less, and the body is the same")
	}
}

// The clock passes, nothing else happens: how often would the issue be written?
func TestIssueIsSeldomWritten(t *testing.T) {
	t.Parallel()
	o := acme()
	o.Repositories[0].ScannedAt = time.Time{} // late all the time
	bodies := map[string]bool{}
	for range 14 * 4 {
		o.At = o.At.Add(6 * time.Hour)
		o.Repositories[1].ScannedAt = o.At
		bodies[Issue(o, false)] = true
	}
	// Two Mondays, and what "in 7 days" and "within 30 days" stop or begin to say.
	if n := len(bodies); n > 9 {
		t.Errorf("%d different bodies in 14 days without any change", n)
	}
}

// Whatever the size of an account, the body stays within GitHub's limit and says how much it left out.
func TestNothingIsLostSilently(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 30, 250, 3000} {
		for _, long := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d repositories, long %v", n, long), func(t *testing.T) {
				t.Parallel()
				o := many(n, long)
				body := Issue(o, false)
				checkBody(t, body)
				if got := rowsBelow(body, "### Needs action") + leftOut(t, body, "more finding"); got != 2*n {
					t.Errorf("%d findings shown or counted, want %d", got, 2*n)
				}
				if got := rowsBelow(body, "### By repository") + leftOut(t, body, "more repositor"); got != n {
					t.Errorf("%d repositories shown or counted, want %d", got, n)
				}
				if got := rowsBelow(body, "### Waivers") + leftOut(t, body, "more waiver"); got != n {
					t.Errorf("%d waivers shown or counted, want %d", got, n)
				}
				if got := strings.Count(body, "- [x/failed") + leftOut(t, body, "more gap"); got != n {
					t.Errorf("%d failed repositories shown or counted, want %d", got, n)
				}
			})
		}
	}
}

func rowsBelow(body, heading string) int {
	_, part, _ := strings.Cut(body, heading)
	part, _, _ = strings.Cut(part, "\n###")
	return max(0, strings.Count(part, "\n| ")-1)
}

func leftOut(t *testing.T, body, noun string) int {
	t.Helper()
	m := regexp.MustCompile(`_([\d,]+) ` + noun).FindStringSubmatch(body)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func many(n int, long bool) posture.Organisation {
	o := posture.Organisation{Account: "x", At: now()}
	for i := range n {
		f := posture.Finding{Rule: "KMS101", Name: "rotation-disabled", Severity: finding.High, Address: "aws_kms_key.a", File: "main.tf", StartLine: 1, Commit: strings.Repeat("a", 40)}
		w := posture.Waiver{Rule: "KMS101", Name: "rotation-disabled", Severity: finding.High, Address: "aws_kms_key.b", File: "main.tf", FirstSeen: now()}
		failed := posture.Repository{ID: int64(i), Owner: "x", Name: fmt.Sprintf("failed%d", i), State: posture.Failed, Reason: "no"}
		if long {
			f.Address += strings.Repeat("é|", 3000)
			f.File = strings.Repeat("d/", 2000) + "main.tf"
			w.Address, w.File, w.Reason, failed.Reason = f.Address, f.File, f.Address, f.Address
		}
		o.Repositories = append(o.Repositories, failed, posture.Repository{ID: int64(n + i), Owner: "x", Name: fmt.Sprintf("r%d", i), State: posture.Scanned,
			ScannedAt: now(), Findings: []posture.Finding{f, f}, Waivers: []posture.Waiver{w}})
	}
	return o
}

// checkBody asserts what GitHub demands of a body and a reader of its tables.
func checkBody(t *testing.T, body string) {
	t.Helper()
	if len(body) > bodyBytes {
		t.Errorf("the body has %d bytes", len(body))
	}
	source := []byte(body)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	tables := 0
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		table, ok := n.(*extast.Table)
		if !ok {
			continue
		}
		tables++
		for row := table.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
			if row.ChildCount() != len(table.Alignments) {
				t.Errorf("a row has %d cells of %d", row.ChildCount(), len(table.Alignments))
			}
		}
	}
	if want := strings.Count(body, "\n|---|"); tables != want {
		t.Errorf("%d tables are rendered of %d", tables, want)
	}
	if last, ok := doc.LastChild().(*ast.Paragraph); !ok || !bytes.Contains(last.Lines().Value(source), []byte("Judged by")) {
		t.Errorf("the foot is missing or inside of something else: ... %s", body[max(0, len(body)-200):])
	}
}

// FuzzIssue writes hostile text wherever a repository, a person or GitHub can choose one.
func FuzzIssue(f *testing.F) {
	for _, s := range quotetest.Hostile() {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		o := hostile(s, n)
		for _, publicOnly := range []bool{false, true} {
			body := Issue(o, publicOnly)
			checkBody(t, body)
			for _, effect := range quotetest.Effects(t, body) {
				if !ours(effect) {
					t.Errorf("%q takes effect: %s\n%s", s, effect, body)
				}
			}
			if ScanRequested(body) {
				t.Error("the box is ticked")
			}
			if !strings.HasPrefix(body, Marker(41)+"\n") {
				t.Error("the marker is not in the first line")
			}
		}
	})
}

func hostile(s string, n int) posture.Organisation {
	o := acme()
	o.Account, o.Version = s, s
	for i := range o.Repositories {
		r := &o.Repositories[i]
		r.Reason = s
		if i%2 == 0 {
			r.Owner, r.Name, r.Commit, r.Branch = s, s, s, s
		}
	}
	r := &o.Repositories[1]
	r.Findings[0].Address, r.Findings[0].File, r.Findings[0].Message = s, s, s
	r.Findings[1].Rule, r.Findings[1].Name, r.Findings[1].Commit = s, s, s
	r.Findings[1].Severity, r.Findings[1].StartLine, r.Findings[1].PullRequest = finding.Severity(n), n, n
	r.Waivers[0].Reason, r.Waivers[0].Address, r.Waivers[0].File = s, s, s
	r.Waivers[1].Rule, r.Waivers[1].Name, r.Waivers[1].Reason, r.Waivers[1].Line = s, s, "", n
	r.Unread[0].File, r.Unread[0].Summary = s, s
	r.Undecided[0] = posture.Undecided{Rule: s, Count: n}
	r.Fixed[0].Rule = s
	for range n % 50 {
		o.Repositories = append(o.Repositories, *r)
	}
	return o
}

// ours tells whether an effect was written by the page itself.
func ours(effect string) bool {
	if strings.HasPrefix(effect, "html <!-- kms-review:summary v1 installation=41 -->\n") {
		return true
	}
	for _, prefix := range []string{
		"link https://github.com/", "link https://redirect.github.com/", "html <!-- kms-review:scan-now -->", "html <sub>", "html </sub>",
		"html <details", "html </details>",
	} {
		if rest, ok := strings.CutPrefix(effect, prefix); ok && !strings.ContainsAny(rest, "@`") {
			return true
		}
	}
	return false
}

func TestScanRequested(t *testing.T) {
	t.Parallel()
	body := Issue(acme(), false)
	if ScanRequested(body) {
		t.Error("nobody ticked the box")
	}
	if ticked := strings.Replace(body, "- [ ] Scan", "- [x] Scan", 1); !ScanRequested(ticked) {
		t.Error("the box was ticked")
	}
	if ScanRequested("- [x] something else\n- [ ] Scan " + scanMarker + "\n") {
		t.Error("another box was ticked")
	}
}

// The chart is of the grammar that Mermaid reads: https://mermaid.js.org/syntax/xyChart.html
func TestChart(t *testing.T) {
	t.Parallel()
	chart := regexp.MustCompile("(?s)```mermaid\n(.*?)```").FindStringSubmatch(Issue(large(), false))
	if chart == nil {
		t.Fatal("there is no chart")
	}
	grammar := regexp.MustCompile(`^xychart-beta
    x-axis \["\d+ [A-Z][a-z]{2}"(, "\d+ [A-Z][a-z]{2}"){11}\]
    y-axis "Open findings" 0 --> \d+
    bar \[\d+(, \d+){11}\]
    line \[\d+(, \d+){11}\]
$`)
	look, chart1, _ := strings.Cut(chart[1], "\n")
	if init := regexp.MustCompile(`^%%\{init: (\{.*\})\}%%$`).FindStringSubmatch(look); init == nil || !json.Valid([]byte(init[1])) {
		t.Errorf("the chart's look is %s", look)
	}
	if !grammar.MatchString(chart1) {
		t.Errorf("the chart is\n%s", chart[1])
	}
}

// A week without a record stands as the one before.
func TestWeeksWithoutARecord(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range sorted(acme(), false).points() {
		got = append(got, fmt.Sprintf("%s open %d new %d fixed %d", date(p.Week), p.open(), p.New, p.Fixed))
	}
	want := []string{
		"2026-10-26 open 4 new 4 fixed 0", "2026-11-02 open 4 new 0 fixed 0", "2026-11-09 open 2 new 0 fixed 1", "2026-11-16 open 2 new 1 fixed 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestFoundByTheFirstScan: what was there before anybody looked is not new, however young the record of it is.
func TestFoundByTheFirstScan(t *testing.T) {
	t.Parallel()
	o := many(1, false)
	first, later := now().AddDate(0, 0, -3), now().AddDate(0, 0, -1)
	for i := range o.Repositories {
		o.Repositories[i].FirstScan = first
		for j := range o.Repositories[i].Findings {
			o.Repositories[i].Findings[j].FirstSeen = []time.Time{first, later}[j]
		}
	}
	if body := Issue(o, false); !strings.Contains(body, "| KMS101 rotation-disabled | high | 2 | 1 | 1 | 0 | 1 |") {
		t.Errorf("of two open findings one is new:\n%s", body)
	}
}
