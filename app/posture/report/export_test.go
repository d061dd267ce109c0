package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := JSON(&b, acme()); err != nil {
		t.Fatal(err)
	}
	// The controls are those of all rules: the list would change with each new rule.
	before, controls, found := strings.Cut(b.String(), `  "controls": [`)
	golden(t, "report.json", before)
	if !found || !strings.Contains(controls, `"control": "3.7.4"`) {
		t.Error("the controls are missing")
	}
	if strings.Contains(b.String(), ": null") && strings.Count(b.String(), ": null") != strings.Count(b.String(), `"scanned_at": null`) {
		t.Error("a list is null")
	}
	b.Reset()
	if err := JSON(&b, posture.Organisation{}); err != nil {
		t.Fatal(err)
	}
	var empty struct {
		Repositories, History []any
	}
	if err := json.Unmarshal(b.Bytes(), &empty); err != nil || empty.Repositories == nil || empty.History == nil {
		t.Errorf("an empty account is %s, %v", b.String(), err)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := CSV(&b, acme()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.csv", b.String())
}

// No cell is a formula: a table of findings is opened in a spreadsheet, and whoever names a resource would run there.
func FuzzCSV(f *testing.F) {
	for _, s := range append(quotetest.Hostile(), "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1", "\u00a0=1", "\u200b=1", "=cmd|' /C calc'!A0", "a\"b,c\nd") {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		o := hostile(s, n)
		var b bytes.Buffer
		if err := CSV(&b, o); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		for _, r := range o.Repositories {
			want += 1 + len(r.Findings) + len(r.Waivers)
		}
		if len(rows) != want {
			t.Errorf("%d rows, want %d", len(rows), want)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.ContainsAny(cell, "\r\n\t\x00") || cell != "" && strings.ContainsAny(strings.TrimSpace(cell)[:min(1, len(strings.TrimSpace(cell)))], "=+-@|%") {
					t.Errorf("%q makes the cell %q", s, cell)
				}
			}
		}
	})
}

// A control whose framework nobody knows would be missing in the report.
func TestEveryControlHasAFramework(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rules.All() {
		for _, text := range r.Compliance {
			found := controls([]string{text})
			if len(found) == 0 {
				t.Errorf("%s relates to %q, and no framework begins so", r.ID, text)
			}
			for _, c := range found {
				seen[c.Framework] = true
				if c.ID == "" || len(atCommas(c.ID)) > 1 || strings.HasPrefix(c.ID, c.Framework+" ") {
					t.Errorf("%s relates to %q, which has the control %q", r.ID, text, c.ID)
				}
			}
		}
	}
	for _, framework := range frameworks() {
		if !seen[framework] {
			t.Errorf("no rule relates to %s", framework)
		}
	}
}

func TestByControl(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		framework, control, rule string
		open, waived             int
	}{
		{"PCI DSS v4", "3.7.4", "KMS101", 1, 0},
		{"CIS AWS Foundations", "2.21 (v7)", "KMS201", 1, 0},
		{"AWS Well-Architected", "SEC03-BP07", "KMS210", 1, 1},
		{"CWE", "CWE-798", "KMS107", 0, 0},
	} {
		found := false
		for _, f := range sorted(acme(), false).byControl() {
			for _, row := range f.Controls {
				if f.Framework != c.framework || row.ID != c.control {
					continue
				}
				found = true
				if row.Open != c.open || row.Waived != c.waived || !slices.Contains(row.Rules, c.rule) {
					t.Errorf("%s %s: got %+v, want %+v", c.framework, c.control, row, c)
				}
			}
		}
		if !found {
			t.Errorf("%s %s is not listed", c.framework, c.control)
		}
	}
}

func TestByNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, second string }{{"2.3", "2.21"}, {"SC-12", "SC-12(1)"}, {"AC-3", "SC-1"}, {"2.3.1 (EFS, v5)", "3.2.1"}, {"RDS.3", "RDS.27"}} {
		if byNumber(c.first, c.second) >= 0 || byNumber(c.second, c.first) <= 0 || byNumber(c.first, c.first) != 0 {
			t.Errorf("%s does not come before %s", c.first, c.second)
		}
	}
}
