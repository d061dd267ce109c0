package analyzer

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// maxProof bounds the work of all proofs together, in resources that are judged again. Each proof judges a root
// module anew, so that it takes time with the square of the number of findings: 500 in one module are proven.
const maxProof = 300_000

// prove gives each new finding its suggestion, if applying it cures the finding, brings no other, breaks no
// file and keeps the layout.
func (a *analysis) prove(ctx context.Context) error {
	cost := a.head.Weight()
	a.inMemory = fix.Overlay(a.in.Head, a.head.Config.Texts())
	for i, spent := 0, 0; i < len(a.results); i++ {
		r := &a.results[i]
		if r.finding.Status != finding.New || len(r.fixes) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("prove suggestions: %w", err)
		}
		if spent += cost[r.finding.Module]; spent > maxProof {
			a.unproven++
			r.finding.Unproven = "there are too many findings to prove all suggestions"
			continue
		}
		suggestion, unproven, err := a.proven(ctx, *r)
		if err != nil {
			return fmt.Errorf("prove the suggestion for %s: %w", r.finding.Address, err)
		}
		r.finding.Suggestion, r.finding.Unproven = suggestion, unproven
	}
	return nil
}

// proven is the suggestion, or why there is none.
func (a *analysis) proven(ctx context.Context, r result) (s *finding.Suggestion, unproven string, err error) {
	edits := r.edits()
	if len(edits) == 0 {
		return nil, "an edit could only guess", nil
	}
	texts, err := fix.Apply(a.inMemory, edits)
	if err != nil {
		return nil, "", err
	}
	switch {
	case len(texts) != 1:
		return nil, "it takes edits of several files", nil // one click changes one
	case terraform.Installed(edits[0].File):
		return nil, "the edit is in an installed module", nil
	}
	source, err := fs.ReadFile(a.inMemory, edits[0].File)
	if err != nil {
		return nil, "", err
	}
	if !fix.KeepsFormat(source, texts[edits[0].File]) {
		return nil, "terraform fmt would not accept the file any more", nil
	}
	config, err := a.head.Config.Edited(ctx, fix.Overlay(a.inMemory, texts), r.finding.Module, []string{edits[0].File})
	if err != nil {
		return nil, "", err
	}
	cured := kms.Build(config).Demand(a.demanded)
	if a.breaks(cured) {
		return nil, "the file could not be read any more", nil
	}
	if unproven := a.cures(cured, r); unproven != "" {
		return nil, unproven, nil
	}
	s, err = fix.Suggestion(source, edits)
	if err == nil && shows(s, source, a.hidden) {
		return nil, "it would repeat the line of a secret", nil
	}
	return s, "", err
}

// edits makes the edits of all instances; the same edit may mend several.
func (r result) edits() []finding.Edit {
	var all []finding.Edit
	for _, made := range r.fixes {
		for _, edit := range made() {
			if !slices.Contains(all, edit) {
				all = append(all, edit)
			}
		}
	}
	return all
}

// breaks tells that a snapshot has a broken file that head does not have.
func (a *analysis) breaks(cured *kms.Snapshot) bool {
	type place struct{ file, summary string }
	before := map[place]bool{}
	for _, d := range a.head.Config.Diagnostics {
		before[place{d.File, d.Summary}] = true
	}
	for _, d := range cured.Config.Diagnostics {
		if !before[place{d.File, d.Summary}] {
			return true
		}
	}
	return false
}

// cures tells why a snapshot is no cure: the finding is still there, or something else appeared. "": it is one.
func (a *analysis) cures(cured *kms.Snapshot, r result) (unproven string) {
	left, _ := a.run(cured, a.base)
	for _, other := range left {
		if other.finding.Module != r.finding.Module {
			continue // the snapshot has no other root module, so what hazards say of those is not so
		}
		if a.stays(r, other.keys[0]) {
			return "the finding would stay"
		}
		if !a.known[other.keys[0]] && !a.known[other.problem()] {
			return "it would bring " + other.finding.Rule
		}
	}
	return ""
}

// stays tells that a finding is there as before: with twins, that they are no fewer.
func (a *analysis) stays(r result, left key) bool {
	return left.twin == a.twins[left.problem] && slices.ContainsFunc(r.keys, func(k key) bool { return k.problem == left.problem })
}
