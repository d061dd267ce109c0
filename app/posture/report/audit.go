package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/posture"
)

// controlRow is a control with what stands against it.
type controlRow struct {
	ID           string
	Rules        []string // that relate to it, by ID
	Open, Waived int
	Repositories []repositoryCount // with an open finding, most findings first
}

// repositoryCount is how many findings a repository has.
type repositoryCount struct {
	*posture.Repository
	Count int
}

// frameworkRows are the controls of one framework, by their number.
type frameworkRows struct {
	Framework string
	Controls  []controlRow
}

// byControl lists every control that some rule relates to, those without an open finding too: an auditor asks what was
// looked for, and not only what was found.
func (a account) byControl() []frameworkRows {
	rows := map[control]*controlRow{}
	related := map[string][]control{} // by rule
	for _, r := range rules.All() {
		related[r.ID] = controls(r.Compliance)
		for _, c := range related[r.ID] {
			if rows[c] == nil {
				rows[c] = &controlRow{ID: c.ID}
			}
			rows[c].Rules = append(rows[c].Rules, r.ID)
		}
	}
	for i := range a.Repositories {
		r := &a.Repositories[i]
		found := map[control]int{}
		for _, f := range r.Findings {
			for _, c := range related[f.Rule] {
				found[c]++
			}
		}
		for c, n := range found {
			rows[c].Open += n
			rows[c].Repositories = append(rows[c].Repositories, repositoryCount{r, n})
		}
		for _, w := range r.Waivers {
			for _, c := range related[w.Rule] {
				rows[c].Waived++
			}
		}
	}
	var list []frameworkRows
	for _, framework := range frameworks() {
		f := frameworkRows{Framework: framework}
		for c, row := range rows {
			if c.Framework == framework {
				slices.SortFunc(row.Repositories, func(x, y repositoryCount) int {
					return cmp.Or(cmp.Compare(y.Count, x.Count), inOrder(x.Repository, y.Repository))
				})
				f.Controls = append(f.Controls, *row)
			}
		}
		slices.SortFunc(f.Controls, func(x, y controlRow) int { return cmp.Or(byNumber(x.ID, y.ID), strings.Compare(x.ID, y.ID)) })
		if len(f.Controls) > 0 {
			list = append(list, f)
		}
	}
	return list
}

// byNumber orders "2.21" behind "2.3": digits count as numbers.
func byNumber(x, y string) int {
	for x != "" && y != "" {
		i, j := digits(x), digits(y)
		if i > 0 && j > 0 {
			m, n := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if order := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); order != 0 {
				return order
			}
			x, y = x[i:], y[j:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Compare(len(x), len(y))
}

// digits is the length of the digits that a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// controlNames are all controls of a rule in one text: "CIS AWS Foundations 3.6 (v5); PCI DSS v4 3.7.4".
func controlNames(rule string) string {
	r, ok := rules.ByID(rule)
	if !ok {
		return ""
	}
	return strings.Join(r.Compliance, "; ")
}
