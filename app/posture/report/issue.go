package report

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote"
)

// IssueTitle is the title of the summary issue. It never changes: a list of issues that somebody kept finds it again.
const IssueTitle = "KMS Review: how every repository stands"

// bodyBytes is GitHub's limit for the body of an issue (65,536 characters, taken as bytes to be on the safe side).
const bodyBytes = 65536

// How much of the body each part may take. What they leave goes to the table of the repositories, which comes last.
const (
	topBytes      = 15000
	ruleBytes     = 9000
	coverageBytes = 9000
	waiverBytes   = 7000
)

// The most rows of a table that a reader is shown at once.
const (
	topRows        = 25
	repositoryRows = 200
)

// Marker is the hidden first line by which an installation's summary issue is found again. It must be trusted only
// where the App wrote the issue.
func Marker(installation int64) string {
	return fmt.Sprintf("<!-- kms-review:summary v1 installation=%d -->", installation)
}

// movedMarker is in what Moved leaves behind.
const movedMarker = "<!-- kms-review:moved -->"

// Moved is what an issue says that is no longer the summary of an installation: nothing of it, since others may read it
// than those who did. to is the address of the issues among which the summary stands now, "" if there are none to name.
func Moved(installation int64, to string) string {
	s := Marker(installation) + "\n" + movedMarker + "\n\nHow the repositories stand is no longer kept in this issue."
	if to != "" {
		s += " It is among [these](" + to + ")."
	}
	return s + "\n"
}

// HasMoved tells whether Moved wrote a body.
func HasMoved(body string) bool { return strings.Contains(body, movedMarker) }

// scanMarker stands behind the box that a person ticks.
const scanMarker = "<!-- kms-review:scan-now -->"

// ScanRequested tells whether somebody ticked the box of a body that Issue wrote.
func ScanRequested(body string) bool {
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, scanMarker) {
			return strings.HasPrefix(line, "- [x]") || strings.HasPrefix(line, "- [X]")
		}
	}
	return false
}

// Issue writes the body of the summary issue, Markdown of at most 65,536 bytes. It holds no time of day and no age that
// grows from one day to the next, so it differs only where something changed. With publicOnly it names public
// repositories alone, counts theirs alone, and says how many it leaves out: everybody may read the issue.
func Issue(o posture.Organisation, publicOnly bool) string {
	b := issue{sorted(o, publicOnly)}
	head, trend, keys, foot := b.head(), b.trend(), b.keyTable(), b.foot()
	top := b.top(topBytes)
	byRule := b.ruleTable(ruleBytes)
	coverage := b.coverage(coverageBytes)
	waivers := b.waivers(waiverBytes)
	room := bodyBytes
	for _, part := range []string{head, trend, keys, foot, top, byRule, coverage, waivers} {
		room -= len(part)
	}
	return head + trend + top + byRule + b.repositoryTable(room) + keys + waivers + coverage + foot
}

// issue writes the parts of the body.
type issue struct{ account }

func (b issue) head() string {
	var s strings.Builder
	s.WriteString(Marker(b.Installation) + "\n\n")
	scanned, found := b.inState(posture.Scanned), b.severities()
	switch {
	case scanned == 0:
		s.WriteString("No repository was scanned yet.")
	case found.sum() == 0:
		fmt.Fprintf(&s, "**No open finding** in %s with Terraform.", repositories(scanned))
	default:
		fmt.Fprintf(&s, "**%s** (%s) in %s of %s with Terraform.", plural(found.sum(), "open finding"), found.words(),
			number(b.affected()), repositories(scanned))
	}
	if added, fixed := b.lastWeek(); added+fixed > 0 {
		fmt.Fprintf(&s, " Within seven days %s came and %s went.", number(added), number(fixed))
	}
	s.WriteString("\n\n")
	if missing := b.notScanned(); missing > 0 {
		fmt.Fprintf(&s, "**%s %s not scanned**: Coverage, below, says which and why.\n\n", repositories(missing), was(missing))
	}
	if b.hidden > 0 {
		fmt.Fprintf(&s, "This issue is public, so it leaves out %s. All numbers are those of public repositories.\n\n", plural(b.hidden, "private repository"))
	}
	fmt.Fprintf(&s, "- [ ] Scan everything now (for people who may write to this repository) %s\n\n", scanMarker)
	return s.String()
}

// affected counts the repositories with an open finding.
func (b issue) affected() (n int) {
	for i := range b.Repositories {
		n += boolean(len(b.Repositories[i].Findings) > 0)
	}
	return n
}

// notScanned counts the repositories of which nobody knows whether they hold a problem.
func (b issue) notScanned() int {
	return b.inState(posture.Waiting) + b.inState(posture.Failed) + b.inState(posture.TooLarge) + b.inState(posture.NoAccess)
}

// top is what needs somebody first.
func (b issue) top(room int) string {
	if len(b.open) == 0 {
		return ""
	}
	const head = "### Needs action\n\nThe worst first, then the oldest.\n\n| Severity | Rule | Where | First seen |\n|---|---|---|---|\n"
	return head + fitted(b.open, topRows, room-len(head), "finding", func(p place) string {
		return fmt.Sprintf("| %s | %s %s | %s %s %s | %s |\n", p.Severity, quote.Inert(p.Rule), quote.Inert(p.Finding.Name), b.repository(p.Repository),
			quote.CodeCell(p.Address), b.line(p.Repository, p.Finding.Commit, p.File, p.StartLine, p.EndLine), b.since(p))
	}) + "\n"
}

// ruleTable is every rule that has something to say.
func (b issue) ruleTable(room int) string {
	if len(b.rules) == 0 {
		return ""
	}
	const head = "### By rule\n\n| Rule | Severity | Open | Repositories | New in 7 days | Fixed in 7 days | Waived | Undecided |\n|---|---|--:|--:|--:|--:|--:|--:|\n"
	return head + fitted(b.rules, len(b.rules), room-len(head), "rule", func(r ruleRow) string {
		return fmt.Sprintf("| %s %s | %s | %s | %s | %s | %s | %s | %s |\n", quote.Inert(r.ID), quote.Inert(r.Name), r.Severity, number(r.Open),
			number(r.Repositories), number(r.New), number(r.Fixed), number(r.Waived), number(r.Undecided))
	}) + "\n"
}

// repositoryTable is every scanned repository that has something to show, worst first; the others are counted.
func (b issue) repositoryTable(room int) string {
	all := b.ranked()
	if len(all) == 0 {
		return ""
	}
	var shown []*posture.Repository
	for _, r := range all {
		if len(r.Findings)+len(r.Waivers) > 0 {
			shown = append(shown, r)
		}
	}
	rest := ""
	if n := len(all) - len(shown); n > 0 {
		rest = fmt.Sprintf("%s %s scanned and %s neither an open finding nor a waiver.\n\n", repositories(n), was(n), has(n))
	}
	const title, head = "### By repository\n\n", "| Repository | Critical | High | Medium | Low | Waived |\n|---|--:|--:|--:|--:|--:|\n"
	if len(shown) == 0 {
		return title + rest
	}
	return title + head + fitted(shown, repositoryRows, room-len(title)-len(head)-len(rest)-1, "repository", func(r *posture.Repository) string {
		s := count(r.Findings)
		return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", b.repository(r), number(s[0]), number(s[1]), number(s[2]), number(s[3]),
			number(len(r.Waivers)))
	}) + "\n" + rest
}

// keyTable is what the keys and the resources that they encrypt are like.
func (b issue) keyTable() string {
	k, c := b.keys(), b.consumers()
	if k == (posture.Keys{}) && c == (posture.Consumers{}) {
		return ""
	}
	return fmt.Sprintf("### Keys\n\n%s. Rotation is on for %s of the %s that AWS can rotate. With a key policy of their own: %s. Multi-Region: %s.\n\n"+
		"Resources that KMS can encrypt: with a customer managed key %s, with a key of AWS %s, not encrypted %s, not known %s.\n\n",
		plural(k.Count, "KMS key"), number(k.Rotated), number(k.Rotatable), number(k.OwnPolicy), number(k.MultiRegion),
		number(c.OwnKey), number(c.AWSKey), number(c.NotEncrypted), number(c.Unknown))
}

func (b issue) foot() string {
	org := quote.Code("kms-review report --org " + b.Account + " --format html|json|csv")
	return "### What to do with this\n\n" +
		"- Accept a finding where it stands, with a comment: `# kms-review:ignore KMS101 until=2027-01-31 reason=\"...\"`. " +
		"Change or switch off a rule in `.github/kms-review.yml`.\n" +
		"- Believe that one is wrong? `kms-review explain KMS101` says when a rule does not apply.\n" +
		"- Scan everything again: tick the box above, or comment `/kms-recheck`.\n" +
		"- Everything, for an audit: " + org + ", run where the App's database is.\n" +
		"- Close this issue and it stays closed, until something new and critical is found.\n\n" +
		"<sub>" + quote.Inert("Judged by kms-review "+quote.Shorten(b.Version, 60)) + "</sub>\n"
}
