package waiver

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

// The rules about comments, by ID. KMS905 (waiver-forbidden) is reserved for settings that forbid waivers.
const (
	WithoutReason = "KMS901"
	Expired       = "KMS902"
	Unused        = "KMS903"
	UnknownRule   = "KMS904"
)

var ruleNames = map[string]string{
	WithoutReason: "waiver-without-reason",
	Expired:       "waiver-expired",
	Unused:        "waiver-unused",
	UnknownRule:   "waiver-for-unknown-rule",
}

// Names gives the IDs of the rules about comments and their names.
func Names() map[string]string {
	names := map[string]string{}
	for id, name := range ruleNames {
		names[id] = name
	}
	return names
}

// judge says what is wrong with one of our comments. The worst is said alone: a comment without a reason is
// not also called unused.
func judge(in Input, w Waiver, used map[string]bool, n int) []finding.Finding {
	var known, unknown []string
	for _, written := range w.Names {
		if id, ok := ruleID(in.Rules, written); ok {
			known = append(known, id)
		} else {
			unknown = append(unknown, written)
		}
	}
	var problems []finding.Finding
	report := func(id, message string) {
		problems = append(problems, problem(w, id, message, n))
	}
	if len(unknown) > 0 || len(w.Names) == 0 {
		report(UnknownRule, "This waiver names "+listed(unknown)+". It has no effect for that; rules are named like `KMS101`, and `kms-review rules` lists them.")
	}
	switch {
	case len(known) == 0:
	case w.Fault != "":
		report(Expired, "This waiver cannot be read: "+w.Fault+". It therefore counts as expired and suppresses nothing.")
	case w.Reason == "":
		report(WithoutReason, "This waiver gives no reason. It suppresses nothing until it says why: `reason=\"...\"`.")
	case w.Expired(in.Now):
		report(Expired, fmt.Sprintf("This waiver expired after %s. It suppresses nothing any more; mend the problem, or decide anew.", w.Until.Format(day)))
	default:
		if idle := in.idle(w, known, used); len(idle) > 0 {
			report(Unused, fmt.Sprintf("This waiver for %s suppresses nothing. Take it out, so that it does not hide a later problem.",
				"`"+strings.Join(idle, "`, `")+"`"))
		}
	}
	return problems
}

// idle lists the rules of a comment that had nothing to suppress, although they could judge all that it covers.
func (in Input) idle(w Waiver, ids []string, used map[string]bool) []string {
	var idle []string
	for _, id := range ids {
		if in.Ran[id] && !used[id] && !in.undecided(w, id) {
			idle = append(idle, id)
		}
	}
	return idle
}

func (in Input) undecided(w Waiver, id string) bool {
	for _, u := range in.Undecided {
		if u.Rule == id && w.Covers(u.File, u.StartLine, u.StartLine) {
			return true
		}
	}
	return false
}

func ruleID(rules []rule.Rule, written string) (string, bool) {
	for _, r := range rules {
		if strings.EqualFold(r.ID, written) || strings.EqualFold(r.Name, written) {
			return r.ID, true
		}
	}
	return "", false
}

// listed repeats names that somebody wrote only where they look like names.
func listed(names []string) string {
	var shown []string
	for _, name := range names {
		if plainName.MatchString(name) {
			shown = append(shown, "`"+name+"`")
		}
	}
	switch {
	case len(names) == 0:
		return "no rule"
	case len(shown) == 0:
		return "something that is no rule"
	default:
		return strings.Join(shown, ", ") + ", and there is no such rule"
	}
}

func problem(w Waiver, id, message string, n int) finding.Finding {
	dir := path.Dir(w.File)
	return finding.Finding{
		Rule: id, Name: ruleNames[id], Severity: finding.Low, Status: finding.New,
		Address: w.Address, Module: dir, Instances: []string{},
		File: w.File, StartLine: w.Line, EndLine: w.Line, BlockStart: min(w.Line, w.Start), BlockEnd: max(w.Line, w.End),
		Message: message, Evidence: []finding.Evidence{}, References: []string{},
		Fingerprint: finding.Fingerprint(id, dir, w.Address, path.Base(w.File), discriminator(w)+"#"+strconv.Itoa(n)),
	}
}

// discriminator is what a comment says, without where it stands.
func discriminator(w Waiver) string {
	return strings.Join([]string{w.Address, strings.Join(w.Names, ","), w.Until.Format(day), w.Reason, w.Fault}, "|")
}
