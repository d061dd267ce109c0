package render

import (
	"bufio"
	"fmt"
	"io"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// Mended is what was done about a change's findings, and what was not.
type Mended struct {
	Fixed       []finding.Finding
	Left        []Left
	Diagnostics []finding.Diagnostic
	Files       int  // that were changed
	Dry         bool // nothing was written
}

// Left is a finding that stays, and why.
type Left struct {
	Finding finding.Finding
	Reason  string
}

// Text writes it for people: a line for each finding, what could not be read, and a line that sums up.
func (m Mended) Text(w io.Writer, color bool) error {
	t := &terminal{w: bufio.NewWriter(w), opts: TextOptions{Color: color}}
	for _, f := range m.Fixed {
		t.printf("%s  %s\n", t.paint(green, "fixed"), named(f))
	}
	var left []finding.Finding
	for _, l := range m.Left {
		t.printf("%s   %s: %s\n", t.paint(yellow, "left"), named(l.Finding), l.Reason)
		left = append(left, l.Finding)
	}
	for _, d := range m.Diagnostics {
		t.diagnostic(d)
	}
	done := "fixed in"
	if m.Dry {
		done = "would be fixed in"
	}
	t.printf("%s %s %s, %d left", plural(len(m.Fixed), "finding"), done, plural(m.Files, "file"), len(left))
	if len(left) > 0 {
		t.printf(" (%s)", severities(left))
	}
	t.printf("\n")
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write what was fixed: %w", err)
	}
	return nil
}

// named is a finding on one line.
func named(f finding.Finding) string {
	return fmt.Sprintf("%s %s  %s  %s%s", plain(f.Rule, 20), plain(f.Name, 80), quote.Visible(f.Address), position(f.File, f.StartLine), beforeChange(f.AtBase))
}
