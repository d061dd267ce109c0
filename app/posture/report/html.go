package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote"
)

//go:embed page.html
var pageHTML string

// messageBytes bounds a message on the page; JSON has it whole.
const messageBytes = 1000

// controlRepositories is how many repositories are named for a control.
const controlRepositories = 8

// HTML writes the posture as one page that needs nothing else: no script, no picture, no font, and a policy that refuses
// them. It follows the reader's colours and prints.
func HTML(w io.Writer, o posture.Organisation) error {
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	if err := page.Execute(w, newPage(sorted(o, false))); err != nil {
		return fmt.Errorf("write report as HTML: %w", err)
	}
	return nil
}

// page is what the template shows. All texts are plain: the template escapes them.
type page struct {
	Account, At, Version string
	Tiles                []tile
	Chart                *barChart
	Weeks                []weekRow
	Shares               []*share
	States               []tile
	Gaps                 []gapRow
	Frameworks           []frameworkView
	Rules                []ruleRow
	Ranking              []rankRow
	Details              []detail
	Waivers              []waiverRow
	Fixed                []fixedRow
	Undecided            int
}

// tile is a number with its name.
type tile struct{ Class, Number, Name string }

type weekRow struct {
	Week   string
	Counts []string
}

type gapRow struct {
	Repository link
	Text       []quote.Piece
}

// link is a text that may lead somewhere.
type link struct{ Text, URL string }

type frameworkView struct {
	Name     string
	Controls []controlView
}

type controlView struct {
	ID           string
	Rules        []string
	Open, Waived string
	Class        string
	Repositories []link
	More         int
}

type rankRow struct {
	Repository link
	Class      string
	Counts     []string
	Keys       string
	Scanned    link
	ScannedAt  string
}

// detail is a repository with its findings.
type detail struct {
	Anchor     string
	Repository link
	Scanned    link
	ScannedAt  string
	Findings   []findingRow
}

type findingRow struct {
	Severity, Rule, Name, Address string
	Place                         link
	Since                         string
	Pull                          link
	Message                       []quote.Piece
}

type waiverRow struct {
	Repository        link
	Rule, Name, Until string
	Notes, Address    string
	Place             link
	Reason            string
}

type fixedRow struct {
	Repository                    link
	Severity, Rule, Name, Address string
	FirstSeen, At                 string
}

func newPage(a account) page {
	p := page{
		Account: quote.Visible(a.Account), At: moment(a.At), Version: quote.Visible(a.Version), Tiles: a.tiles(), Chart: trendChart(a.points()),
		Shares: a.shares(), Rules: a.rules, Undecided: a.undecided(),
	}
	for i := range p.Rules {
		p.Rules[i].ID, p.Rules[i].Name = quote.Visible(p.Rules[i].ID), quote.Visible(p.Rules[i].Name)
	}
	for _, w := range a.points() {
		p.Weeks = append(p.Weeks, weekRow{date(w.Week), []string{number(w.Critical), number(w.High), number(w.Medium), number(w.Low),
			number(w.New), number(w.Fixed), number(w.Waived), number(w.Clean) + " of " + number(w.Scanned)}})
	}
	for _, s := range stateWords() {
		p.States = append(p.States, tile{Number: number(a.inState(s.State)), Name: s.Words})
	}
	for _, g := range a.gaps() {
		p.Gaps = append(p.Gaps, gapRow{a.repositoryLink(g.Repository), quote.Pieces(quote.Cut(g.Text, messageBytes))})
	}
	p.Frameworks = a.frameworkViews()
	a.fillRepositories(&p)
	for _, w := range a.waived {
		p.Waivers = append(p.Waivers, waiverRow{a.repositoryLink(w.Repository), quote.Visible(w.Rule), quote.Visible(w.Waiver.Name), w.until(), a.notes(w),
			quote.Visible(w.Address), a.placeLink(w.Repository, w.Waiver.Commit, w.File, w.Line, w.Line), quote.Visible(quote.Cut(w.Waiver.Reason, messageBytes))})
	}
	return p
}

func (a account) tiles() []tile {
	s, k := a.severities(), a.keys()
	return []tile{
		{"critical", number(s[0]), "critical"}, {"high", number(s[1]), "high"}, {"medium", number(s[2]), "medium"}, {"low", number(s[3]), "low"},
		{"", number(len(a.waived)), "waived"},
		{"good", number(a.cleanRepositories()) + " of " + number(a.inState(posture.Scanned)), "scanned repositories without a finding of medium or above"},
		{"", number(k.Count), "KMS keys"},
	}
}

func (a account) frameworkViews() []frameworkView {
	var all []frameworkView
	for _, f := range a.byControl() {
		view := frameworkView{Name: f.Framework}
		for _, c := range f.Controls {
			v := controlView{ID: c.ID, Rules: c.Rules, Open: number(c.Open), Waived: number(c.Waived)}
			if c.Open > 0 {
				v.Class = "open"
			}
			for _, r := range c.Repositories[:min(len(c.Repositories), controlRepositories)] {
				v.Repositories = append(v.Repositories, link{quote.Visible(r.Name) + " (" + number(r.Count) + ")", "#" + anchor(r.Repository)})
			}
			v.More = max(0, len(c.Repositories)-controlRepositories)
			view.Controls = append(view.Controls, v)
		}
		all = append(all, view)
	}
	return all
}

// fillRepositories makes the ranking and, of those that have something to show, the details.
func (a account) fillRepositories(p *page) {
	for _, r := range a.ranked() {
		s := count(r.Findings)
		row := rankRow{Repository: link{quote.Visible(r.Owner + "/" + r.Name), a.url(r)}, Scanned: a.commitLink(r), ScannedAt: moment(r.ScannedAt),
			Keys: number(r.Keys.Rotated) + " of " + number(r.Keys.Rotatable)}
		for _, n := range s {
			row.Counts = append(row.Counts, number(n))
		}
		row.Counts = append(row.Counts, number(len(r.Waivers)), number(r.Keys.Count))
		for _, f := range fixedOf(r) {
			p.Fixed = append(p.Fixed, fixedRow{a.repositoryLink(r), f.Severity.String(), quote.Visible(f.Rule), quote.Visible(f.Name),
				quote.Visible(f.Address), date(f.FirstSeen), date(f.At)})
		}
		if len(r.Findings) > 0 {
			row.Repository.URL = "#" + anchor(r)
			p.Details = append(p.Details, a.detail(r))
		}
		p.Ranking = append(p.Ranking, row)
	}
}

func (a account) detail(r *posture.Repository) detail {
	d := detail{Anchor: anchor(r), Repository: a.repositoryLink(r), Scanned: a.commitLink(r), ScannedAt: moment(r.ScannedAt)}
	for _, f := range findingsOf(r) {
		row := findingRow{f.Severity.String(), quote.Visible(f.Rule), quote.Visible(f.Finding.Name), quote.Visible(f.Address),
			a.placeLink(r, f.Finding.Commit, f.File, f.StartLine, f.EndLine), date(f.FirstSeen), link{}, quote.Pieces(quote.Cut(f.Message, messageBytes))}
		if f.PullRequest > 0 {
			row.Pull = link{fmt.Sprintf("#%d", f.PullRequest), fmt.Sprintf("%s/pull/%d", a.url(r), f.PullRequest)}
		}
		d.Findings = append(d.Findings, row)
	}
	return d
}

// anchor is a repository's on the page.
func anchor(r *posture.Repository) string { return fmt.Sprintf("repository-%d", r.ID) }

func (a account) repositoryLink(r *posture.Repository) link {
	return link{quote.Visible(quote.Cut(r.Owner+"/"+r.Name, 2*nameRunes)), a.url(r)}
}

func (a account) placeLink(r *posture.Repository, commit, file string, start, end int) link {
	return link{quote.Visible(quote.Cut(spot(file, start), messageBytes)), a.permalink(r, commit, file, start, end)}
}

func (a account) commitLink(r *posture.Repository) link {
	if len(r.Commit) < 7 || len(r.Commit) > 64 {
		return link{}
	}
	return link{quote.Visible(r.Commit[:7]), a.url(r) + "/tree/" + quote.Path(r.Commit)}
}
