package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote"
)

// stateWords says what a state means to somebody who asks what was looked at, in the order of a report.
func stateWords() []struct {
	State posture.State
	Words string
} {
	return []struct {
		State posture.State
		Words string
	}{
		{posture.Scanned, "Scanned"},
		{posture.NoTerraform, "No Terraform on the default branch"},
		{posture.Archived, "Archived: not scanned"},
		{posture.Empty, "Empty: no commit to scan"},
		{posture.Waiting, "Waiting for the first scan"},
		{posture.Failed, "Not scanned: an error, tried again every night"},
		{posture.TooLarge, "Not scanned: above the limits"},
		{posture.NoAccess, "Not scanned: GitHub refuses access"},
	}
}

// reasonRunes bounds a reason, which may repeat what GitHub or a repository said.
const reasonRunes = 200

// coverage says what was looked at and what was not. Its table is always there.
func (b issue) coverage(room int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "### Coverage\n\n| Repositories | %s |\n|---|--:|\n", number(len(b.Repositories)))
	for _, state := range stateWords() {
		if n := b.inState(state.State); n > 0 || state.State == posture.Scanned {
			fmt.Fprintf(&s, "| %s | %s |\n", state.Words, number(n))
		}
	}
	if b.hidden > 0 {
		fmt.Fprintf(&s, "| Private, not counted above | %s |\n", number(b.hidden))
	}
	s.WriteString("\n")
	if n := b.undecided(); n > 0 {
		fmt.Fprintf(&s, "Undecided, because a value is not known: %s.\n\n", plural(n, "judgement"))
	}
	gaps := b.gaps()
	if len(gaps) == 0 {
		return s.String() + "Nothing is missing in what was scanned, and every scan is younger than two days.\n\n"
	}
	const open, end = "<details open><summary>Where something is missing</summary>\n\n", "\n</details>\n\n"
	return s.String() + open + fitted(gaps, len(gaps), room-s.Len()-len(open)-len(end), "gap", func(g gap) string {
		return fmt.Sprintf("- %s: %s\n", b.repository(g.Repository), quote.Prose(quote.Shorten(quote.Cut(g.Text, 8*reasonRunes), reasonRunes)))
	}) + end
}

// gap is why a reader may not trust that a repository was looked at wholly.
type gap struct {
	*posture.Repository
	Text string // a sentence of Markdown whose words may be a repository's
}

// gaps lists them: first what was not scanned at all, then what is out of date, then what was read in part.
func (a account) gaps() []gap {
	var lists [3][]gap
	for i := range a.Repositories {
		r := &a.Repositories[i]
		switch {
		case slices.Contains([]posture.State{posture.Failed, posture.TooLarge, posture.NoAccess}, r.State):
			lists[0] = append(lists[0], gap{r, "not scanned: " + because(r)})
		case r.State == posture.Waiting:
			lists[0] = append(lists[0], gap{r, "waits for its first scan"})
		case a.late(r) && r.Reason != "":
			lists[1] = append(lists[1], gap{r, "last scanned on " + date(r.ScannedAt) + "; since then: " + r.Reason})
		case a.late(r):
			lists[1] = append(lists[1], gap{r, "last scanned on " + date(r.ScannedAt)})
		case r.Reason != "" && r.State == posture.Scanned:
			lists[1] = append(lists[1], gap{r, "the latest scan failed: " + r.Reason})
		}
		if n := len(r.Unread); n > 0 {
			first := r.Unread[0]
			text := plural(n, "file") + " not read or not followed, such as `" + strings.ReplaceAll(spot(first.File, first.StartLine), "`", "'") + "`: " + first.Summary
			if first.File == "" {
				text = "not everything was read: " + first.Summary
			}
			lists[2] = append(lists[2], gap{r, text})
		}
	}
	return slices.Concat(lists[0], lists[1], lists[2])
}

func because(r *posture.Repository) string {
	if r.Reason != "" {
		return r.Reason
	}
	for _, state := range stateWords() {
		if state.State == r.State {
			return strings.TrimPrefix(state.Words, "Not scanned: ")
		}
	}
	return "the reason is not known"
}
