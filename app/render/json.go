package render

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
)

// JSON writes a report in its published form, schema version 1. Lists are never null: a reader in any language
// may iterate over them without a check.
func JSON(w io.Writer, report analyzer.Report) error {
	report.SchemaVersion = analyzer.SchemaVersion
	report.Findings = append([]finding.Finding{}, report.Findings...)
	for i := range report.Findings {
		f := &report.Findings[i]
		f.Instances = list(f.Instances)
		f.Evidence = list(f.Evidence)
		f.References = list(f.References)
	}
	report.Undecided = list(report.Undecided)
	report.Diagnostics = list(report.Diagnostics)
	report.Cost.Lines = list(report.Cost.Lines)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	return nil
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
