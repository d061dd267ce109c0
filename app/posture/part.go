package posture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/waiver"
	"github.com/kms-review/kms-review/app/review"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

// part is a part of a repository with what was found in it, as it is stored.
type part struct {
	Name      string                 `json:"-"`
	Dirs      []string               `json:"dirs"`
	Files     map[string]string      `json:"files"`
	Lists     []string               `json:"lists,omitempty"`
	Default   bool                   `json:"default,omitempty"` // it sets the account's default for volumes
	Findings  []store.PostureFinding `json:"findings"`
	Undecided map[string]int         `json:"undecided"`
	Unread    []finding.Diagnostic   `json:"unread"`
	Inventory analyzer.Inventory     `json:"inventory"`
}

// row is the part as the store takes it.
func (p part) row(judged string) (store.Part, error) {
	content, err := json.Marshal(p)
	return store.Part{Part: p.Name, Digest: judged, Content: content}, err
}

// errTooLong says that the analyzer used up its time.
var errTooLong = errors.New("the analysis took too long")

// judgePart runs the analyzer. What takes too long is said to be unread: it would take as long the next time.
func (s *scanning) judgePart(ctx context.Context, set settings.Settings, read github.Part) (part, error) {
	p := part{Name: read.Name, Dirs: read.Dirs, Files: read.Files, Lists: read.Lists, Default: setsDefault(read.Tree), Undecided: map[string]int{}}
	report, err := s.analyze(ctx, analyzer.Input{Head: read.Tree, HeadSHA: s.p.Head, Settings: set, Now: s.now.UTC(), Version: s.k.Version})
	if errors.Is(err, errTooLong) {
		p.Unread = append(p.Unread, finding.Diagnostic{Severity: "error", File: read.Name, Summary: "The Terraform files could not be evaluated in time"})
		return p, nil
	}
	if err != nil && !errors.Is(err, analyzer.ErrNothingReadable) {
		return p, fmt.Errorf("analyze %q: %w", read.Name, err)
	}
	p.Inventory = report.Inventory
	for _, u := range report.Undecided {
		p.Undecided[u.Rule]++
	}
	p.Unread = append(p.Unread, report.Diagnostics...)
	for _, gap := range read.Gaps {
		p.Unread = append(p.Unread, finding.Diagnostic{Severity: "error", File: gap.Path, Summary: "File could not be read", Detail: gap.Reason})
	}
	comments := comments{tree: read.Tree, parsed: map[string][]waiver.Waiver{}}
	for _, f := range report.Findings {
		p.Findings = append(p.Findings, comments.standing(f))
	}
	return p, nil
}

// analyze runs the analyzer, a few at a time, and does not wait for it beyond its bound.
func (s *scanning) analyze(ctx context.Context, in analyzer.Input) (analyzer.Report, error) {
	select {
	case s.k.analyses <- struct{}{}:
	case <-ctx.Done():
		return analyzer.Report{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.k.bound, errTooLong)
	defer cancel()
	select {
	case outcome := <-review.Analyze(ctx, in, func() { <-s.k.analyses }):
		if ctx.Err() != nil {
			return analyzer.Report{}, context.Cause(ctx)
		}
		return outcome.Report, outcome.Err
	case <-ctx.Done():
		return analyzer.Report{}, context.Cause(ctx)
	}
}

// setsDefault tells whether a file may switch on the account's default encryption of volumes. A word in a comment is
// enough: then less is found, and nothing false.
func setsDefault(tree fs.FS) bool {
	found := false
	_ = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error { // it lies in memory
		if err == nil && !entry.IsDir() && !found {
			text, err := fs.ReadFile(tree, name)
			found = err == nil && bytes.Contains(text, []byte("aws_ebs_encryption_by_default"))
		}
		return nil
	})
	return found
}

// comments finds the comment that waives a finding, for its reason and its last day.
type comments struct {
	tree   fs.FS
	parsed map[string][]waiver.Waiver
}

// standing is a finding as the store keeps it.
func (c comments) standing(f finding.Finding) store.PostureFinding {
	kept := store.PostureFinding{
		Fingerprint: f.Fingerprint, Rule: f.Rule, Name: f.Name, Severity: int(f.Severity), Address: f.Address, File: f.File,
		StartLine: f.StartLine, EndLine: f.EndLine, Message: f.Message, Waived: f.Status == finding.Waived,
	}
	if !kept.Waived {
		return kept
	}
	all, parsed := c.parsed[f.File]
	if !parsed {
		text, err := fs.ReadFile(c.tree, f.File)
		if err == nil {
			all = waiver.Parse(f.File, text)
		}
		c.parsed[f.File] = all
	}
	covering := slices.DeleteFunc(slices.Clone(all), func(w waiver.Waiver) bool {
		named := slices.ContainsFunc(w.Names, func(name string) bool { return strings.EqualFold(name, f.Rule) || strings.EqualFold(name, f.Name) })
		return !w.Covers(f.File, f.StartLine, f.EndLine) || w.Own() && !named
	})
	if len(covering) > 0 {
		kept.Reason, kept.Until = covering[0].Reason, covering[0].Until
	}
	return kept
}
