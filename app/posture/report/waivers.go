package report

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/app/render/quote"
)

// notes says what is worth a look about a waiver, "" for one that is in order.
func (a account) notes(w pardon) string {
	var notes []string
	today := a.At.UTC().Truncate(day)
	switch {
	case w.Until.IsZero():
	case w.Until.UTC().Truncate(day).Before(today):
		notes = append(notes, "expired")
	case w.Until.UTC().Truncate(day).Before(today.Add(soon)):
		notes = append(notes, "ends within 30 days")
	}
	if strings.TrimSpace(w.Waiver.Reason) == "" {
		notes = append(notes, "without a reason")
	}
	if w.FirstSeen.After(today.Add(-week)) {
		notes = append(notes, "new in 7 days")
	}
	return strings.Join(notes, ", ")
}

// until is the end of a waiver.
func (w pardon) until() string {
	if w.Until.IsZero() {
		return "never"
	}
	return date(w.Until)
}

// waivers are those that somebody should look at; the others are counted.
func (b issue) waivers(room int) string {
	if len(b.waived) == 0 {
		return ""
	}
	var notable []pardon
	for _, w := range b.waived {
		if b.notes(w) != "" {
			notable = append(notable, w)
		}
	}
	head := fmt.Sprintf("### Waivers\n\n%s in all, of which %s to look at: expired, ending within 30 days, without a reason, or new.\n\n",
		plural(len(b.waived), "waiver"), number(len(notable)))
	if len(notable) == 0 {
		return fmt.Sprintf("### Waivers\n\n%s; none is expired, ends within 30 days, lacks a reason or is new.\n\n", plural(len(b.waived), "waiver"))
	}
	head += "| Ends | Rule | Where | Reason |\n|---|---|---|---|\n"
	return head + fitted(notable, len(notable), room-len(head)-1, "waiver", func(w pardon) string {
		return fmt.Sprintf("| %s: %s | %s %s | %s %s %s | %s |\n", w.until(), b.notes(w), quote.Inert(w.Rule), quote.Inert(w.Waiver.Name),
			b.repository(w.Repository), quote.CodeCell(w.Address), b.line(w.Repository, w.Waiver.Commit, w.File, w.Line, w.Line),
			quote.Inert(quote.Shorten(quote.Cut(w.Waiver.Reason, 8*reasonRunes), reasonRunes)))
	}) + "\n"
}
