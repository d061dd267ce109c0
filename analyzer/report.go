package analyzer

import (
	"fmt"
	"sort"
	"strings"

	"github.com/kms-review/kms-review/analyzer/cost"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

func (a *analysis) report() Report {
	modules, files := a.head.Config.Modules()
	report := Report{
		SchemaVersion: SchemaVersion,
		Tool:          Tool{Name: "kms-review", Version: a.in.Version},
		Base:          a.in.BaseSHA, Head: a.in.HeadSHA,
		Findings: []finding.Finding{}, Undecided: nonNil(a.undecided),
		Diagnostics: nonNil(a.head.Config.Diagnostics),
		Cost:        a.cost(),
		Hidden:      a.hidden,
		Inventory:   a.head.Inventory(),
		Stats:       Stats{Files: files, Modules: modules, Resources: a.head.Declared, Affected: a.change.Touched()},
	}
	if a.unproven > 0 {
		report.Diagnostics = append(report.Diagnostics, finding.Diagnostic{
			Severity: "warning", Summary: "Too many suggestions",
			Detail: fmt.Sprintf("%d findings have no suggestion: proving all would have taken too long. Mend some, and review again.", a.unproven),
		})
	}
	report.Diagnostics = append(report.Diagnostics, a.unread()...)
	for _, r := range a.results {
		report.Findings = append(report.Findings, r.finding)
	}
	sortFindings(report.Findings)
	sort.Slice(report.Undecided, func(i, j int) bool {
		x, y := report.Undecided[i], report.Undecided[j]
		return x.File < y.File || x.File == y.File && (x.StartLine < y.StartLine || x.StartLine == y.StartLine &&
			(x.Rule+x.Address+x.Reason < y.Rule+y.Address+y.Reason))
	})
	sort.SliceStable(report.Diagnostics, func(i, j int) bool {
		x, y := report.Diagnostics[i], report.Diagnostics[j]
		return x.File < y.File || x.File == y.File && x.StartLine < y.StartLine
	})
	return report
}

// unread says once of each module that is not read what hangs on it.
func (a *analysis) unread() []finding.Diagnostic {
	var diags []finding.Diagnostic
	for _, module := range a.head.Config.UnreadModules() {
		hanging := 0
		for _, u := range a.undecided {
			if strings.Contains(u.Reason, "`"+module.Name+"`") {
				hanging++
			}
		}
		if hanging == 0 || terraform.Installed(module.Range.Filename) {
			continue
		}
		diags = append(diags, finding.Diagnostic{
			Severity: "warning", File: module.Range.Filename, StartLine: module.Range.Start.Line, Summary: "A module is not read",
			Detail: fmt.Sprintf("`%s` comes from %q, and nothing is downloaded: its outputs are unknown. Undecided for that reason: %d.",
				module.Name, module.Source, hanging),
		})
	}
	return diags
}

// cost is what the change does to the bill, by address.
func (a *analysis) cost() Cost {
	lines := cost.Lines(a.base, a.head)
	c := Cost{MonthlyDeltaUSD: cost.Sum(lines), Lines: []CostLine{}}
	for _, line := range lines {
		c.Lines = append(c.Lines, CostLine{Address: line.Resource.Address, Change: line.Change, USD: line.USD})
	}
	sort.SliceStable(c.Lines, func(i, j int) bool { return c.Lines[i].Address < c.Lines[j].Address })
	return c
}

func sortFindings(list []finding.Finding) {
	sort.Slice(list, func(i, j int) bool {
		x, y := list[i], list[j]
		if x.File != y.File {
			return x.File < y.File
		}
		if x.StartLine != y.StartLine {
			return x.StartLine < y.StartLine
		}
		return identity(x) < identity(y)
	})
}

// identity tells findings of one line apart.
func identity(f finding.Finding) string {
	return strings.Join(append([]string{f.Rule, f.Module, f.Address, f.Fingerprint, string(f.Status)}, f.Instances...), "\x00")
}

func hasErrors(list []finding.Diagnostic) bool {
	for _, d := range list {
		if d.Severity == "error" {
			return true
		}
	}
	return false
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
