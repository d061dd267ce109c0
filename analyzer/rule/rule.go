// Package rule owns what a rule is and what it is given. A rule is a value: adding one is two files and one
// line in the list of analyzer/rules.
package rule

import (
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Rule is one check.
type Rule struct {
	ID           string // "KMS101"; never reused
	Name         string // "rotation-disabled"
	Title        string // one line, no full stop
	Severity     finding.Severity
	Hazard       bool // looks at base and head together, so it has nothing to say in a scan
	OffByDefault bool
	Everywhere   bool     // also in examples and tests: what it reports makes the apply fail, or is a danger even there
	Supersedes   []string // IDs that stay silent on what this rule reports: the resource, or a Part of it
	References   []string
	Compliance   []string // controls that the rule relates to
	Spec         string   // the specification: prose, then examples in txtar form
	Check        func(*Pass)

	// Demands lists the resource types that the rule judges even where they name no key: all of them, or those that
	// the settings ask for. These switch on a rule that is off by default, in part. nil: no such type.
	Demands func(o Options, all bool) []string
}

// Given is what a rule judges by.
type Given struct {
	Head    *kms.Snapshot
	Base    *kms.Snapshot // nil where there is nothing to compare with
	Now     time.Time     // the date of the judgement
	Options Options
	Partly  bool // the rule is on for what Options ask for, and nothing else
}

// Pass is one run of one rule over one snapshot.
type Pass struct {
	Given
	rule      Rule
	after     map[*terraform.Resource]*terraform.Resource
	problems  []Problem
	undecided []Undecided
	noted     map[Undecided]bool
}

// Undecided is a resource that a rule could not judge.
type Undecided struct {
	finding.Undecided
	Resource *terraform.Resource
}

// Problem is what a rule reports.
type Problem struct {
	Resource      *terraform.Resource
	Attribute     string           // path of the argument that is wrong or missing; part of the fingerprint
	Discriminator string           // tells two problems of the same attribute apart; no line numbers
	Twin          int              // of several that nothing tells apart, how many stand before this one
	Severity      finding.Severity // 0: the rule's own
	Range         hcl.Range        // the lines to point at; the zero range: the resource's header
	AtBase        bool             // the resource is one of the base, which the change takes away, and the range lies there
	// Part is what of the resource the problem concerns, such as a statement of its policy; the zero range: all of it.
	// A rule supersedes another one on the same part only.
	Part hcl.Range
	// Shared tells that Range lies in what several resources may use, such as a policy document. Equal problems of
	// resources that share it are one finding, since no reader wants one comment a key on one line. So are those of a
	// block of a module, of whichever calls, without it.
	Shared   bool
	Message  string // two sentences of Markdown, addresses in code spans
	Evidence []Evidence
	// Fix makes the edit that is offered if the proof holds; nil, or no edits: none. It is made when it is wanted, since
	// it takes a look at the whole file.
	Fix func() []finding.Edit
}

// Evidence is a place that supports a problem.
type Evidence struct {
	Range  hcl.Range
	Note   string
	AtBase bool // the range lies in the base
}

// Options are what the settings say to rules. The zero value is what holds without settings.
type Options struct {
	// TrustedAccounts are the accounts (12 digits) that keys may be shared with; nil: nobody said.
	TrustedAccounts []string
	// EBSEncryptedByDefault says that volumes are encrypted by default in every account and Region that is worked in.
	EBSEncryptedByDefault bool
	// CustomerKeyRequired are the resource types that have to be encrypted with a customer managed key, where the rule
	// about it is not on for all of them.
	CustomerKeyRequired []string
}

// Run applies a rule to a snapshot. The results are in the order in which the rule reports them.
func Run(r Rule, given Given) ([]Problem, []Undecided) {
	if r.Hazard && given.Base == nil {
		return nil, nil
	}
	pass := &Pass{Given: given, rule: r, noted: map[Undecided]bool{}}
	r.Check(pass)
	return pass.problems, pass.undecided
}

// Report adds a problem.
func (p *Pass) Report(problem Problem) {
	if problem.Severity == 0 {
		problem.Severity = p.rule.Severity
	}
	if problem.Range.Filename == "" {
		problem.Range = problem.Resource.Header()
	}
	p.problems = append(p.problems, problem)
}

// Undecided notes that a resource could not be judged because of a value. The reason is the value's own. The same thing
// said again is no second gap: several clauses of a rule, or several users of a key, may hang on one value.
func (p *Pass) Undecided(r *terraform.Resource, attribute string, v terraform.Value) {
	at := v.Range
	if at.Filename == "" {
		at = r.Header()
	}
	u := Undecided{Resource: r, Undecided: finding.Undecided{
		Rule: p.rule.ID, Address: r.Address, File: at.Filename, StartLine: at.Start.Line,
		Reason: "`" + attribute + "`: " + v.Reason,
	}}
	if !p.noted[u] {
		p.noted[u] = true
		p.undecided = append(p.undecided, u)
	}
}

// Origin points at the literals that values really come from, where that is not the line itself.
func Origin(values ...terraform.Value) []Evidence {
	var all []Evidence
	for _, v := range values {
		if v.Origin.Filename != "" && v.Origin != v.Range {
			all = append(all, Evidence{Range: v.Origin, Note: "the value comes from here"})
		}
	}
	return all
}

// Before finds what a resource was in the base, moved blocks honoured; nil if it is new or there is no base.
func (p *Pass) Before(r *terraform.Resource) *terraform.Resource {
	if p.Base == nil {
		return nil
	}
	return p.Head.Before(p.Base, r)
}

// After finds what a resource of the base is at head, moved blocks honoured; nil if the change takes it away.
func (p *Pass) After(r *terraform.Resource) *terraform.Resource {
	if p.after == nil {
		p.after = map[*terraform.Resource]*terraform.Resource{}
	}
	if _, known := p.after[r]; !known {
		p.after[r] = nil
		for _, head := range p.Head.OfType(r.Type) {
			if before := p.Before(head); before != nil && p.after[before] == nil {
				p.after[before] = head
			}
		}
	}
	return p.after[r]
}

// Page is the specification without its examples: the text of `kms-review explain`.
func (r Rule) Page() string {
	prose, _, _ := strings.Cut(r.Spec, "\n-- ")
	return prose
}

// Suggests tells that the rule has a fix: an example of its specification is mended by it.
func (r Rule) Suggests() bool { return strings.Contains(r.Spec, ".fixed --\n") }
