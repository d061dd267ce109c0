// Package report owns how an account's posture looks: the body of the summary issue, and the whole of it as a page for
// an auditor, as JSON and as CSV. All are pure functions; what a repository chose is data in them, quoted so that nothing
// of it takes effect. The same posture gives the same bytes.
package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/posture"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	// overdue is the age of a scan at which a reader must be told: a look every night has failed twice.
	overdue = 48 * time.Hour
	// soon is how long before its end a waiver is shown.
	soon = 30 * day
)

// account is a posture in the order in which it is read, with what follows from it.
type account struct {
	posture.Organisation
	hidden int // private repositories that are not to be named here
	open   []place
	waived []pardon
	rules  []ruleRow
}

// place is an open finding with its repository.
type place struct {
	*posture.Repository
	posture.Finding
}

// pardon is a waiver with its repository.
type pardon struct {
	*posture.Repository
	posture.Waiver
}

// sorted makes an account of a posture, which it leaves as it is. With publicOnly, private repositories are counted and
// nothing else of them is left, nor of them in the history.
func sorted(o posture.Organisation, publicOnly bool) account {
	a := account{Organisation: o}
	a.WebURL = strings.TrimSuffix(cmp.Or(o.WebURL, "https://github.com"), "/")
	a.Repositories = slices.Clone(o.Repositories)
	if publicOnly {
		a.Repositories = slices.DeleteFunc(a.Repositories, func(r posture.Repository) bool { return r.Private })
		a.hidden = len(o.Repositories) - len(a.Repositories)
	}
	a.History = history(o.History, publicOnly)
	slices.SortFunc(a.Repositories, func(x, y posture.Repository) int {
		return cmp.Or(strings.Compare(x.Owner, y.Owner), strings.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	for i := range a.Repositories {
		r := &a.Repositories[i]
		a.open = append(a.open, findingsOf(r)...)
		a.waived = append(a.waived, waiversOf(r)...)
	}
	slices.SortFunc(a.open, worst)
	slices.SortFunc(a.waived, endsFirst)
	a.rules = byRule(a)
	return a
}

// history keeps the days whose date is known, oldest first, one a date. Where only public repositories may be shown, so
// are only their counts.
func history(days []posture.Day, publicOnly bool) []posture.Day {
	days = slices.Clone(days)
	for i := range days {
		days[i].Date = days[i].Date.UTC().Truncate(day)
		if publicOnly {
			days[i].All = days[i].Public
		}
	}
	slices.SortStableFunc(days, func(x, y posture.Day) int { return x.Date.Compare(y.Date) })
	return slices.CompactFunc(days, func(x, y posture.Day) bool { return x.Date.Equal(y.Date) })
}

// worst orders findings by severity, then by age.
func worst(x, y place) int {
	return cmp.Or(
		cmp.Compare(y.Severity, x.Severity), x.FirstSeen.Compare(y.FirstSeen), inOrder(x.Repository, y.Repository),
		strings.Compare(x.Rule, y.Rule), strings.Compare(x.File, y.File), cmp.Compare(x.StartLine, y.StartLine),
		strings.Compare(x.Address, y.Address), strings.Compare(x.Fingerprint, y.Fingerprint),
	)
}

// endsFirst orders waivers by the day that they end; those without an end come last.
func endsFirst(x, y pardon) int {
	return cmp.Or(
		cmp.Compare(boolean(x.Until.IsZero()), boolean(y.Until.IsZero())), x.Until.Compare(y.Until), inOrder(x.Repository, y.Repository),
		strings.Compare(x.Rule, y.Rule), strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), strings.Compare(x.Address, y.Address),
	)
}

func inOrder(x, y *posture.Repository) int {
	return cmp.Or(strings.Compare(x.Owner, y.Owner), strings.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// severities counts by severity, worst first as they are shown.
type severities [4]int

func (s *severities) add(severity finding.Severity) {
	if severity >= finding.Low && severity <= finding.Critical {
		s[finding.Critical-severity]++
	}
}

func (s severities) sum() int { return s[0] + s[1] + s[2] + s[3] }

func (s severities) plus(t severities) severities {
	for i := range s {
		s[i] += t[i]
	}
	return s
}

func count(findings []posture.Finding) (s severities) {
	for _, f := range findings {
		s.add(f.Severity)
	}
	return s
}

func (a account) severities() (s severities) {
	for i := range a.Repositories {
		s = s.plus(count(a.Repositories[i].Findings))
	}
	return s
}

// undecided is the number of judgements that depended on values that are not known.
func (a account) undecided() (n int) {
	for _, r := range a.rules {
		n += r.Undecided
	}
	return n
}

// inState counts the repositories in a state.
func (a account) inState(state posture.State) (n int) {
	for i := range a.Repositories {
		if a.Repositories[i].State == state {
			n++
		}
	}
	return n
}

// clean tells whether nothing of medium severity and above stands in a scanned repository.
func clean(r *posture.Repository) bool {
	s := count(r.Findings)
	return r.State == posture.Scanned && s[0]+s[1]+s[2] == 0
}

// cleanRepositories counts the scanned repositories that are clean.
func (a account) cleanRepositories() (n int) {
	for i := range a.Repositories {
		n += boolean(clean(&a.Repositories[i]))
	}
	return n
}

// late tells a repository whose last whole look is too long ago.
func (a account) late(r *posture.Repository) bool {
	return r.State == posture.Scanned && a.At.Sub(r.ScannedAt) > overdue
}

// ranked lists the scanned repositories that have something to say, worst first.
func (a account) ranked() []*posture.Repository {
	var all []*posture.Repository
	for i := range a.Repositories {
		if a.Repositories[i].State == posture.Scanned {
			all = append(all, &a.Repositories[i])
		}
	}
	slices.SortFunc(all, func(x, y *posture.Repository) int {
		a, b := count(x.Findings), count(y.Findings)
		return cmp.Or(cmp.Compare(b[0], a[0]), cmp.Compare(b[1], a[1]), cmp.Compare(b[2], a[2]), cmp.Compare(b[3], a[3]), inOrder(x, y))
	})
	return all
}

// keys and consumers add up over all repositories.
func (a account) keys() (k posture.Keys) {
	for i := range a.Repositories {
		r := a.Repositories[i].Keys
		k.Count, k.Rotatable, k.Rotated = k.Count+r.Count, k.Rotatable+r.Rotatable, k.Rotated+r.Rotated
		k.OwnPolicy, k.MultiRegion = k.OwnPolicy+r.OwnPolicy, k.MultiRegion+r.MultiRegion
	}
	return k
}

func (a account) consumers() (c posture.Consumers) {
	for i := range a.Repositories {
		r := a.Repositories[i].Consumers
		c.OwnKey, c.AWSKey = c.OwnKey+r.OwnKey, c.AWSKey+r.AWSKey
		c.NotEncrypted, c.Unknown = c.NotEncrypted+r.NotEncrypted, c.Unknown+r.Unknown
	}
	return c
}

// findingsOf are the open findings of a repository, worst first.
func findingsOf(r *posture.Repository) []place {
	var all []place
	for _, f := range r.Findings {
		all = append(all, place{r, f})
	}
	slices.SortFunc(all, worst)
	return all
}

// waiversOf are the waivers of a repository, those that end first at the top.
func waiversOf(r *posture.Repository) []pardon {
	var all []pardon
	for _, w := range r.Waivers {
		all = append(all, pardon{r, w})
	}
	slices.SortFunc(all, endsFirst)
	return all
}

// fixedOf is what was fixed in a repository, the latest first.
func fixedOf(r *posture.Repository) []posture.Fixed {
	all := slices.Clone(r.Fixed)
	slices.SortFunc(all, func(x, y posture.Fixed) int {
		return cmp.Or(y.At.Compare(x.At), strings.Compare(x.Rule, y.Rule), strings.Compare(x.Address, y.Address), x.FirstSeen.Compare(y.FirstSeen))
	})
	return all
}

func undecidedOf(r *posture.Repository) []posture.Undecided {
	all := slices.Clone(r.Undecided)
	slices.SortFunc(all, func(x, y posture.Undecided) int {
		return cmp.Or(strings.Compare(x.Rule, y.Rule), cmp.Compare(x.Count, y.Count))
	})
	return all
}

// ruleRow is how a rule stands over all repositories.
type ruleRow struct {
	ID, Name, Title          string
	Severity                 finding.Severity // the highest of what it reports
	Open, New, Fixed, Waived int              // New and Fixed in the last 7 days
	Undecided                int
	Repositories             int // with an open finding
	Controls                 []control
}

// byRule counts by rule, in the order of their IDs.
func byRule(a account) []ruleRow {
	rows := map[string]*ruleRow{}
	row := func(id, name string) *ruleRow {
		if rows[id] == nil {
			rows[id] = &ruleRow{ID: id, Name: name}
			if r, ok := rules.ByID(id); ok {
				rows[id] = &ruleRow{ID: r.ID, Name: r.Name, Title: r.Title, Severity: r.Severity, Controls: controls(r.Compliance)}
			}
		}
		return rows[id]
	}
	since := a.At.Add(-week)
	var last string
	for _, p := range slices.SortedFunc(slices.Values(a.open), func(x, y place) int {
		return cmp.Or(strings.Compare(x.Rule, y.Rule), inOrder(x.Repository, y.Repository))
	}) {
		r := row(p.Rule, p.Finding.Name)
		r.Severity = max(r.Severity, p.Severity)
		r.Open++
		r.New += boolean(p.FirstSeen.After(since) && p.FirstSeen.After(p.FirstScan))
		if key := p.Rule + "\x00" + p.Owner + "\x00" + p.Repository.Name; key != last {
			r.Repositories++
			last = key
		}
	}
	for _, w := range a.waived {
		row(w.Rule, w.Waiver.Name).Waived++
	}
	for i := range a.Repositories {
		for _, f := range a.Repositories[i].Fixed {
			row(f.Rule, f.Name).Fixed += boolean(f.At.After(since))
		}
		for _, u := range a.Repositories[i].Undecided {
			row(u.Rule, "").Undecided += u.Count
		}
	}
	var list []ruleRow
	for _, r := range rows {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(x, y ruleRow) int { return strings.Compare(x.ID, y.ID) })
	return list
}
