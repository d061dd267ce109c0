package analyzer

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
)

// hide lists where secrets stand at base and at head, sorted and apart. They count whatever the rules say: a rule that
// is switched off must not uncover them.
func (a *analysis) hide() {
	a.hidden = hidden(a.head, false)
	if a.base != nil {
		a.hidden = append(a.hidden, hidden(a.base, true)...)
	}
}

func hidden(s *kms.Snapshot, atBase bool) []finding.Hidden {
	var all []finding.Hidden
	for _, secret := range s.Secrets() {
		for _, at := range secret.Places() {
			if s.Config.Source(at.Filename) != nil {
				all = append(all, finding.Hidden{AtBase: atBase, File: at.Filename, Start: at.Start.Byte, End: at.End.Byte})
			}
		}
	}
	slices.SortFunc(all, func(x, y finding.Hidden) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Start, y.Start), cmp.Compare(y.End, x.End))
	})
	var apart []finding.Hidden
	for _, h := range all {
		if last := len(apart) - 1; last >= 0 && apart[last].File == h.File && h.Start <= apart[last].End {
			apart[last].End = max(apart[last].End, h.End)
			continue
		}
		apart = append(apart, h)
	}
	return apart
}

// shows tells that a suggestion, which repeats whole lines of a file, has one with a secret among them.
func shows(s *finding.Suggestion, source []byte, secrets []finding.Hidden) bool {
	for _, h := range secrets {
		if h.AtBase || h.File != s.File || h.End > len(source) {
			continue
		}
		first := 1 + bytes.Count(source[:h.Start], []byte("\n"))
		last := first + bytes.Count(source[h.Start:h.End], []byte("\n"))
		if first <= s.EndLine && s.StartLine <= last {
			return true
		}
	}
	return false
}
