package review

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
)

func TestInputSaysOnWhichSideAFileIs(t *testing.T) {
	t.Parallel()
	c := change.Change{
		BaseSHA: "b", HeadSHA: "h", Base: change.NewTree(nil), Head: change.NewTree(nil),
		Files: []change.File{
			{Path: "added.tf", Status: change.Added, Hunks: []change.Hunk{{Added: []int{1, 2}}}},
			{Path: "removed.tf", Status: change.Removed, Hunks: []change.Hunk{{Removed: []int{1}}}},
			{Path: "new.tf", OldPath: "old.tf", Status: change.Renamed},
			{Path: "same.tf", Status: change.Modified, Hunks: []change.Hunk{{Added: []int{3}, Removed: []int{3}}, {Added: []int{9}}}},
		},
	}
	in := Input(c, settings.Default(), time.Time{}, "v1")
	want := []analyzer.ChangedFile{
		{Path: "added.tf", Added: []int{1, 2}},
		{OldPath: "removed.tf", Removed: []int{1}},
		{Path: "new.tf", OldPath: "old.tf"},
		{Path: "same.tf", OldPath: "same.tf", Added: []int{3, 9}, Removed: []int{3}},
	}
	if d := cmp.Diff(want, in.Changed); d != "" {
		t.Error(d)
	}
	if in.BaseSHA != "b" || in.HeadSHA != "h" || in.Base == nil || in.Head == nil || in.Version != "v1" {
		t.Errorf("input: %+v", in)
	}
}

func TestGapsAreSaidOnce(t *testing.T) {
	t.Parallel()
	report := analyzer.Report{Diagnostics: []finding.Diagnostic{{Severity: "error", File: "met.tf", Summary: "File could not be read"}}}
	addGaps(&report, []change.Gap{{Path: "met.tf", Reason: "large"}, {Path: "unmet.tf", Reason: "a link"}})
	var files []string
	for _, d := range report.Diagnostics {
		files = append(files, d.File+" "+d.Detail)
	}
	if d := cmp.Diff([]string{"met.tf ", "unmet.tf a link"}, files); d != "" {
		t.Error(d)
	}
}
