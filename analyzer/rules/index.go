package rules

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/kms-review/kms-review/analyzer/rule"
)

// subjects are what the hundreds of the IDs stand for.
var subjects = map[byte]string{
	'1': "Rotation and key shape",
	'2': "Key policy",
	'3': "Lifecycle",
	'4': "Aliases and references",
	'5': "Encryption by services",
	'6': "Multi-Region keys",
	'7': "Cost",
	'8': "Hazards of a change",
}

// subject is the group that a rule belongs to: the first digit of its ID.
func subject(r rule.Rule) string { return subjects[strings.TrimPrefix(r.ID, "KMS")[0]] }

// Text writes the index for a terminal: a line for each rule.
func Text(w io.Writer) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range All() {
		note := ""
		if r.OffByDefault {
			note = " (off by default)"
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s%s\n", r.ID, r.Name, r.Severity, r.Title, note)
	}
	return columns.Flush()
}

// Markdown writes the index as tables, one for each subject. link gives the address of a rule's
// specification; nil: there are no links.
func Markdown(w io.Writer, link func(rule.Rule) string) error {
	var b strings.Builder
	b.WriteString("# Rules\n\nA rule with a suggestion offers one wherever the edit is proven to cure. A hazard lies between two revisions, so a\n" +
		"scan of one does not see it. The controls are what a rule relates to; no finding says that one is violated.\n")
	last := ""
	for _, r := range All() {
		if s := subject(r); s != last {
			last = s
			fmt.Fprintf(&b, "\n## %s\n\n| Rule | Name | Severity | What it reports | Suggestion | Hazard | On by default | Relates to |\n|---|---|---|---|---|---|---|---|\n", s)
		}
		id := r.ID
		if link != nil {
			id = fmt.Sprintf("[%s](%s)", r.ID, link(r))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", id, r.Name, r.Severity, r.Title,
			yes(r.Suggests()), yes(r.Hazard), yes(!r.OffByDefault), strings.Join(r.Compliance, "; "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// entry is a rule in the index's JSON form.
type entry struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Subject    string   `json:"subject"`
	Severity   string   `json:"severity"`
	Suggestion bool     `json:"suggestion"` // some findings come with one
	Hazard     bool     `json:"hazard"`     // needs two revisions
	Default    bool     `json:"default"`    // runs without being named
	Supersedes []string `json:"supersedes"`
	References []string `json:"references"`
	Controls   []string `json:"controls"` // that the rule relates to
}

// JSON writes the index as a list of objects. Lists are never null.
func JSON(w io.Writer) error {
	var entries []entry
	for _, r := range All() {
		entries = append(entries, entry{
			ID: r.ID, Name: r.Name, Title: r.Title, Subject: subject(r), Severity: r.Severity.String(),
			Suggestion: r.Suggests(), Hazard: r.Hazard, Default: !r.OffByDefault,
			Supersedes: list(r.Supersedes), References: list(r.References), Controls: list(r.Compliance),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(entries)
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
