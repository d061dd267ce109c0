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
			continue
		}
		suggestion, err := a.proven(ctx, *r)
		if err != nil {
			return fmt.Errorf("prove the suggestion for %s: %w", r.finding.Address, err)
		}
		r.finding.Suggestion = suggestion
	}
	return nil
}

// proven is the suggestion, or nil if the proof fails.
func (a *analysis) proven(ctx context.Context, r result) (*finding.Suggestion, error) {
	edits := r.edits()
	if len(edits) == 0 {
		return nil, nil
	}
	texts, err := fix.Apply(a.in.Head, edits)
	if err != nil {
		return nil, err
	}
	if len(texts) != 1 || terraform.Installed(edits[0].File) {
		return nil, nil // one click changes one file, and one of the repository
	}
	source, err := fs.ReadFile(a.in.Head, edits[0].File)
	if err != nil {
		return nil, err
	}
	if !fix.KeepsFormat(source, texts[edits[0].File]) {
		return nil, nil
	}
	cured, err := a.snapshot(ctx, fix.Overlay(a.in.Head, texts), []string{r.finding.Module}, nil)
	if err != nil {
		return nil, err
	}
	if a.breaks(cured) || !a.cures(cured, r) {
		return nil, nil
	}
	suggestion, err := fix.Suggestion(source, edits)
	if err != nil || shows(suggestion, source, a.hidden) {
		return nil, err
	}
	return suggestion, nil
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

// cures tells that a finding is gone in a snapshot and that nothing else appeared.
func (a *analysis) cures(cured *kms.Snapshot, r result) bool {
	left, _ := a.run(cured, a.base)
	for _, other := range left {
		if slices.Contains(r.keys, other.keys[0]) || !a.known[other.keys[0]] {
			return false
		}
	}
	return true
}
