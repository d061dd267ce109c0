// Package waiver owns the comments in code that suppress findings: which there are, what each covers, which
// findings they take out, and what is wrong with a comment itself.
//
// Ours reads
//
//	# kms-review:ignore KMS101,KMS103 until=2027-01-31 reason="key of the old archive, deleted in spring"
//
// in any of HCL's comment forms, on the line that it is about or right above the argument or block. On a block's
// first line, or above it, it covers the whole block. The reason is required; the last day is included.
//
// Markers of checkov, trivy and tfsec are honoured where they name the same problem. Those tools judge their own
// comments, so nothing is said about one that is unused, expired or without a reason.
package waiver

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

// Waiver is one comment.
type Waiver struct {
	File       string
	Line       int    // where the comment stands
	Start, End int    // the lines that it covers
	Address    string // of the block that it belongs to, without module path; "" where there is none
	Tool       string // "kms-review", "checkov", "trivy" or "tfsec"
	Names      []string
	Reason     string
	Until      time.Time // the last day, in UTC; zero: for ever
	Fault      string    // why the comment cannot be taken at its word; "" if it can
}

// Own tells our comments from those of other tools.
func (w Waiver) Own() bool { return w.Tool == ownTool }

// Expired tells that the last day is over, everywhere in UTC.
func (w Waiver) Expired(now time.Time) bool {
	return !w.Until.IsZero() && !now.UTC().Before(w.Until.AddDate(0, 0, 1))
}

// Covers tells whether the comment is about lines of its file. A finding has to lie in what the comment covers:
// one about a single line does not suppress what is said of the whole block.
func (w Waiver) Covers(file string, start, end int) bool {
	return file == w.File && w.Start <= start && end <= w.End
}

// valid tells whether the comment suppresses anything at all.
func (w Waiver) valid(now time.Time) bool {
	return w.Fault == "" && !w.Expired(now) && (!w.Own() || w.Reason != "")
}

// names tells whether the comment is about a rule.
func (w Waiver) names(id, name, address string) bool {
	for _, written := range w.Names {
		if w.Own() && (strings.EqualFold(written, id) || strings.EqualFold(written, name)) {
			return true
		}
		if !w.Own() && slices.Contains(sameProblem(w.Tool, written, resourceType(address)), id) {
			return true
		}
	}
	return false
}

// Input is what Apply needs to know of one snapshot.
type Input struct {
	// Findings are all of the snapshot: before findings are superseded and before they are narrowed to what a
	// change reaches. Otherwise a comment that is needed would look unused.
	Findings  []finding.Finding
	Undecided []finding.Undecided
	Files     map[string][]byte // configuration files that were parsed, by path
	Rules     []rule.Rule       // all that exist
	Ran       map[string]bool   // IDs of the rules that looked at the snapshot; no comment for another is unused
	Now       time.Time
}

// Apply gives the findings, those that a comment suppresses with the status Waived, and apart from them what is
// wrong with the comments themselves (KMS901 to KMS904, status New). The latter have as Module the directory of
// their file, for a comment knows nothing of who calls it; run over base and head, their fingerprints tell which
// are new.
func Apply(in Input) (findings, problems []finding.Finding) {
	findings = slices.Clone(in.Findings)
	for _, file := range sortedKeys(in.Files) {
		if !in.matters(file) {
			continue
		}
		waivers := Parse(file, in.Files[file])
		for i, w := range waivers {
			used := suppress(findings, w, in.Now)
			if w.Own() {
				problems = append(problems, judge(in, w, used, ordinal(waivers[:i], w))...)
			}
		}
	}
	return findings, problems
}

// matters tells whether the comments of a file can change anything: other tools' can only suppress what is there.
func (in Input) matters(file string) bool {
	return bytes.Contains(in.Files[file], []byte(ownTool)) ||
		slices.ContainsFunc(in.Findings, func(f finding.Finding) bool { return f.File == file })
}

// suppress marks what a comment covers, and gives the IDs of the rules that it was needed for.
func suppress(findings []finding.Finding, w Waiver, now time.Time) map[string]bool {
	used := map[string]bool{}
	if !w.valid(now) {
		return used
	}
	for i, f := range findings {
		if f.Status != finding.Fixed && w.Covers(f.File, f.StartLine, f.EndLine) && w.names(f.Rule, f.Name, f.Address) {
			findings[i].Status = finding.Waived
			used[f.Rule] = true
		}
	}
	return used
}

// ordinal counts how many comments before are word for word the same, so that their fingerprints differ.
func ordinal(before []Waiver, w Waiver) int {
	n := 0
	for _, other := range before {
		if other.Own() && discriminator(other) == discriminator(w) {
			n++
		}
	}
	return n
}

func sortedKeys(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
