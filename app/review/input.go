package review

import (
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
)

// Input is a change as the analyzer wants it, for the App and for the command line alike.
func Input(c change.Change, set settings.Settings, now time.Time, version string) analyzer.Input {
	in := analyzer.Input{
		Base: c.Base, Head: c.Head, BaseSHA: c.BaseSHA, HeadSHA: c.HeadSHA,
		Settings: set, Now: now, Version: version,
	}
	for _, file := range c.Files {
		in.Changed = append(in.Changed, changedFile(file))
	}
	return in
}

func changedFile(file change.File) analyzer.ChangedFile {
	changed := analyzer.ChangedFile{Path: file.Path, OldPath: file.Path}
	switch file.Status {
	case change.Added:
		changed.OldPath = ""
	case change.Removed:
		changed.Path = ""
	case change.Renamed:
		changed.OldPath = file.OldPath
	case change.Modified:
	}
	for _, hunk := range file.Hunks {
		changed.Added = append(changed.Added, hunk.Added...)
		changed.Removed = append(changed.Removed, hunk.Removed...)
	}
	return changed
}

// addGaps puts what could not be read among the diagnostics, where the analyzer did not meet it by itself.
func addGaps(report *analyzer.Report, gaps []change.Gap) {
	known := map[string]bool{}
	for _, d := range report.Diagnostics {
		known[d.File] = true
	}
	for _, gap := range gaps {
		if !known[gap.Path] {
			report.Diagnostics = append(report.Diagnostics, finding.Diagnostic{
				Severity: "error", File: gap.Path, Summary: "File could not be read", Detail: gap.Reason,
			})
		}
	}
}

// addRemarks puts how far a change was followed among the diagnostics. A warning leaves the verdict as it is.
func addRemarks(report *analyzer.Report, remarks []string) {
	for _, remark := range remarks {
		report.Diagnostics = append(report.Diagnostics, finding.Diagnostic{Severity: "warning", Summary: remark})
	}
}
