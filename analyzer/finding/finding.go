// Package finding owns the values that the analyzer says: a finding with its place, its evidence and its
// suggestion, what could not be decided, and what could not be read. The JSON tags are the published
// contract of `--format json`, schema version 1.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Severity orders findings; the zero value is not a severity.
type Severity int

// The severities, from hygiene to loss of data or keys.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

var severityNames = map[Severity]string{Low: "low", Medium: "medium", High: "high", Critical: "critical"}

// ParseSeverity reads "low", "medium", "high" or "critical".
func ParseSeverity(s string) (Severity, error) {
	for severity, name := range severityNames {
		if name == s {
			return severity, nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: want critical, high, medium or low", s)
}

func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the lower-case name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	*s = parsed
	return err
}

// Status says how a finding stands between base and head.
type Status string

// A scan without a base reports everything as New.
const (
	New      Status = "new"
	Existing Status = "existing"
	Fixed    Status = "fixed"
	Waived   Status = "waived"
)

// Evidence is a place that a reader needs to see to believe a finding.
type Evidence struct {
	File      string `json:"file"`       // relative to the repository's root, with slashes
	StartLine int    `json:"start_line"` // from 1
	EndLine   int    `json:"end_line"`   // inclusive
	Note      string `json:"note"`
	AtBase    bool   `json:"at_base,omitempty"` // the lines are those of the base
}

// Suggestion replaces whole lines of one file. Only proven suggestions exist.
type Suggestion struct {
	File        string `json:"file"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`    // inclusive
	Replacement string `json:"replacement"` // without the last newline; empty deletes the lines
}

// Edit replaces the bytes [Start, End) of a file.
type Edit struct {
	File       string
	Start, End int
	Text       string
}

// Hidden is the bytes [Start, End) of a file that nobody may be shown: a secret. Excerpts of the file leave them out.
type Hidden struct {
	AtBase     bool // of the file at base; else at head
	File       string
	Start, End int
}

// Finding is one problem of one resource (or of all its instances).
type Finding struct {
	Rule        string      `json:"rule"` // "KMS101"
	Name        string      `json:"name"` // "rotation-disabled"
	Severity    Severity    `json:"severity"`
	Status      Status      `json:"status"`
	Address     string      `json:"address"`   // "module.db.aws_kms_key.main"
	Module      string      `json:"module"`    // directory of the root module, "." for the repository's root
	Instances   []string    `json:"instances"` // instance keys where known: `["eu"]`, `[0]`
	File        string      `json:"file"`      // of a fixed finding: the place in the base
	StartLine   int         `json:"start_line"`
	EndLine     int         `json:"end_line"`
	Message     string      `json:"message"` // two sentences of Markdown: what is wrong, what follows from it
	Evidence    []Evidence  `json:"evidence"`
	InDiff      bool        `json:"in_diff"` // a changed line lies within StartLine..EndLine
	Fingerprint string      `json:"fingerprint"`
	References  []string    `json:"references"`
	Suggestion  *Suggestion `json:"suggestion"`
	AtBase      bool        `json:"at_base,omitempty"` // of a new finding: the change takes the lines away, so the place is in the base

	// The whole block that the finding belongs to, in File: where a comment may stand if StartLine is no part
	// of the change.
	BlockStart, BlockEnd int `json:"-"`
	// Unproven says why a fix that the rule made is not offered.
	Unproven string `json:"-"`
	// Hazard tells that the change itself is dangerous, rather than the state after it.
	Hazard bool `json:"-"`
}

// Undecided is a rule that could not judge a resource, and why.
type Undecided struct {
	Rule      string `json:"rule"`
	Address   string `json:"address"`
	File      string `json:"file"`
	StartLine int    `json:"start_line"`
	Reason    string `json:"reason"`
}

// Diagnostic is something that was not understood or not read: a syntax error, a broken settings file.
type Diagnostic struct {
	Severity  string `json:"severity"` // "error" or "warning"
	File      string `json:"file"`
	StartLine int    `json:"start_line"` // 0: the whole file
	Summary   string `json:"summary"`
	Detail    string `json:"detail"`
}

// Fingerprint identifies a finding across commits. It must hold no line number and nothing that a
// harmless edit changes: a comment on a pull request is found again by it.
func Fingerprint(rule, root, address, attribute, discriminator string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{rule, root, address, attribute, discriminator}, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// maxCode bounds, in characters, what a message repeats of a repository's text.
const maxCode = 120

// Code puts words of a repository into a code span of a Message. They must not leave it: what follows a backtick or a new
// line would be Markdown of whoever wrote the pull request.
func Code(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' {
			return '\''
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxCode {
		text = string(runes[:maxCode]) + "…"
	}
	return "`" + text + "`"
}
