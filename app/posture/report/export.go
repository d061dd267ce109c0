package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote"
)

// schemaVersion is that of the JSON form. It grows when a field goes or changes its meaning, and not when one comes.
const schemaVersion = 1

type document struct {
	SchemaVersion int             `json:"schema_version"`
	Tool          tool            `json:"tool"`
	Account       string          `json:"account"`
	At            time.Time       `json:"at"`
	Repositories  []repositoryDoc `json:"repositories"` // by name
	History       []dayDoc        `json:"history"`      // by day, oldest first
	Controls      []controlDoc    `json:"controls"`     // that rules relate to
}

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type repositoryDoc struct {
	Name        string               `json:"name"` // "acme/platform"
	Private     bool                 `json:"private"`
	Archived    bool                 `json:"archived"`
	Branch      string               `json:"branch"`
	State       posture.State        `json:"state"`
	Reason      string               `json:"reason"`
	Commit      string               `json:"commit"`
	ScannedAt   *time.Time           `json:"scanned_at"` // null: never
	Findings    []findingDoc         `json:"findings"`   // worst first
	Fixed       []fixedDoc           `json:"fixed"`
	Waivers     []waiverDoc          `json:"waivers"`
	Undecided   []undecidedDoc       `json:"undecided"`
	Diagnostics []finding.Diagnostic `json:"diagnostics"`
	Keys        keysDoc              `json:"keys"`
	Consumers   consumersDoc         `json:"consumers"`
}

type findingDoc struct {
	Rule        string           `json:"rule"`
	Name        string           `json:"name"`
	Severity    finding.Severity `json:"severity"`
	Address     string           `json:"address"`
	File        string           `json:"file"`
	StartLine   int              `json:"start_line"`
	EndLine     int              `json:"end_line"`
	Commit      string           `json:"commit"`
	Permalink   string           `json:"permalink"`
	Message     string           `json:"message"`
	FirstSeen   *time.Time       `json:"first_seen"`
	PullRequest int              `json:"pull_request"` // 0: not known, or there before
	Fingerprint string           `json:"fingerprint"`
}

type fixedDoc struct {
	Rule      string           `json:"rule"`
	Name      string           `json:"name"`
	Severity  finding.Severity `json:"severity"`
	Address   string           `json:"address"`
	FirstSeen *time.Time       `json:"first_seen"`
	FixedAt   *time.Time       `json:"fixed_at"`
}

type waiverDoc struct {
	Rule      string           `json:"rule"`
	Name      string           `json:"name"`
	Severity  finding.Severity `json:"severity"`
	Address   string           `json:"address"`
	File      string           `json:"file"`
	Line      int              `json:"line"`
	Permalink string           `json:"permalink"`
	Reason    string           `json:"reason"`
	Until     string           `json:"until"` // the last day, "2027-01-31"; "": without end
	FirstSeen *time.Time       `json:"first_seen"`
}

type undecidedDoc struct {
	Rule  string `json:"rule"`
	Count int    `json:"count"`
}

type keysDoc struct {
	Count       int `json:"count"`
	Rotatable   int `json:"rotatable"`
	Rotated     int `json:"rotated"`
	OwnPolicy   int `json:"own_policy"`
	MultiRegion int `json:"multi_region"`
}

type consumersDoc struct {
	OwnKey       int `json:"own_key"`
	AWSKey       int `json:"aws_key"`
	NotEncrypted int `json:"not_encrypted"`
	Unknown      int `json:"unknown"`
}

type dayDoc struct {
	Date         string `json:"date"`
	Repositories int    `json:"repositories"`
	Scanned      int    `json:"scanned"`
	Clean        int    `json:"clean"`
	Critical     int    `json:"critical"`
	High         int    `json:"high"`
	Medium       int    `json:"medium"`
	Low          int    `json:"low"`
	Waived       int    `json:"waived"`
	New          int    `json:"new"`
	Fixed        int    `json:"fixed"`
}

type controlDoc struct {
	Framework string   `json:"framework"`
	Control   string   `json:"control"`
	Rules     []string `json:"rules"`
	Open      int      `json:"open"`
	Waived    int      `json:"waived"`
}

// JSON writes the whole posture, schema version 1. Lists are never null, and texts are as the repositories have them.
func JSON(w io.Writer, o posture.Organisation) error {
	a := sorted(o, false)
	d := document{
		SchemaVersion: schemaVersion, Tool: tool{"kms-review", a.Version}, Account: a.Account, At: a.At.UTC(),
		Repositories: []repositoryDoc{}, History: []dayDoc{}, Controls: []controlDoc{},
	}
	for i := range a.Repositories {
		d.Repositories = append(d.Repositories, a.document(&a.Repositories[i]))
	}
	for _, day := range a.History {
		c := day.All
		d.History = append(d.History, dayDoc{date(day.Date), c.Repositories, c.Scanned, c.Clean, c.Critical, c.High, c.Medium, c.Low, c.Waived, c.New, c.Fixed})
	}
	for _, f := range a.byControl() {
		for _, c := range f.Controls {
			d.Controls = append(d.Controls, controlDoc{f.Framework, c.ID, c.Rules, c.Open, c.Waived})
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	return nil
}

func (a account) document(r *posture.Repository) repositoryDoc {
	d := repositoryDoc{
		Name: r.Owner + "/" + r.Name, Private: r.Private, Archived: r.Archived, Branch: r.Branch, State: r.State, Reason: r.Reason, Commit: r.Commit,
		ScannedAt: orNull(r.ScannedAt), Keys: keysDoc(r.Keys), Consumers: consumersDoc(r.Consumers),
		Findings: []findingDoc{}, Fixed: []fixedDoc{}, Waivers: []waiverDoc{}, Undecided: []undecidedDoc{}, Diagnostics: append([]finding.Diagnostic{}, r.Unread...),
	}
	for _, p := range findingsOf(r) {
		f := p.Finding
		d.Findings = append(d.Findings, findingDoc{f.Rule, f.Name, f.Severity, f.Address, f.File, f.StartLine, f.EndLine, f.Commit,
			a.permalink(r, f.Commit, f.File, f.StartLine, f.EndLine), f.Message, orNull(f.FirstSeen), f.PullRequest, f.Fingerprint})
	}
	for _, f := range fixedOf(r) {
		d.Fixed = append(d.Fixed, fixedDoc{f.Rule, f.Name, f.Severity, f.Address, orNull(f.FirstSeen), orNull(f.At)})
	}
	for _, w := range waiversOf(r) {
		d.Waivers = append(d.Waivers, waiverDoc{w.Rule, w.Waiver.Name, w.Severity, w.Address, w.File, w.Line,
			a.permalink(r, w.Waiver.Commit, w.File, w.Line, w.Line), w.Waiver.Reason, untilDate(w.Until), orNull(w.FirstSeen)})
	}
	for _, u := range undecidedOf(r) {
		d.Undecided = append(d.Undecided, undecidedDoc(u))
	}
	return d
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func untilDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return date(t)
}

// CSV writes one row for each repository, followed by one for each of its open findings and each of its waivers. The
// column "kind" tells them apart: repository, finding, waiver.
func CSV(w io.Writer, o posture.Organisation) error {
	a := sorted(o, false)
	out := csv.NewWriter(w)
	write := func(cells ...string) error {
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		return out.Write(cells)
	}
	err := write("kind", "repository", "visibility", "state", "reason", "commit", "scanned_at", "rule", "name", "severity", "address", "file", "line",
		"permalink", "first_seen", "pull_request", "until", "controls", "message")
	for i := range a.Repositories {
		for _, row := range a.rows(&a.Repositories[i]) {
			if err == nil {
				err = write(row...)
			}
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write report as CSV: %w", err)
	}
	return nil
}

func (a account) rows(r *posture.Repository) [][]string {
	row := func(kind, reason, commit string, rest ...string) []string {
		visibility := "public"
		if r.Private {
			visibility = "private"
		}
		return append([]string{kind, r.Owner + "/" + r.Name, visibility, string(r.State), reason, commit, stamp(r.ScannedAt)}, rest...)
	}
	all := [][]string{row("repository", r.Reason, r.Commit, make([]string, 12)...)}
	for _, p := range findingsOf(r) {
		f := p.Finding
		all = append(all, row("finding", "", f.Commit, f.Rule, f.Name, f.Severity.String(), f.Address, f.File, positive(f.StartLine),
			a.permalink(r, f.Commit, f.File, f.StartLine, f.EndLine), stamp(f.FirstSeen), positive(f.PullRequest), "", controlNames(f.Rule), f.Message))
	}
	for _, w := range waiversOf(r) {
		all = append(all, row("waiver", w.Waiver.Reason, w.Waiver.Commit, w.Rule, w.Waiver.Name, w.Severity.String(), w.Address, w.File, positive(w.Line),
			a.permalink(r, w.Waiver.Commit, w.File, w.Line, w.Line), stamp(w.FirstSeen), positive(w.PullRequest), untilDate(w.Until), controlNames(w.Rule), ""))
	}
	return all
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// harmless keeps a cell from being a formula in a spreadsheet, which could send the table elsewhere, and from holding
// characters that nobody sees: https://owasp.org/www-community/attacks/CSV_Injection
func harmless(cell string) string {
	cell = quote.Visible(cell)
	if start := strings.TrimSpace(cell); start != "" && strings.ContainsAny(firstRune(start), "=+-@＝＋－＠|%") {
		return "'" + cell
	}
	return cell
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
