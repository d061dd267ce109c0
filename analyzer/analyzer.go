// Package analyzer owns the judgement: two snapshots of Terraform files go in, what a change brings comes out.
// It is pure: no network, no clock, no environment, no process; the same input gives the same bytes.
package analyzer

import (
	"io/fs"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// Input is everything a judgement depends on.
type Input struct {
	Base     fs.FS // nil: a scan, where all of Head counts as new
	Head     fs.FS
	BaseSHA  string // copied into the report
	HeadSHA  string
	Changed  []ChangedFile // empty in a scan
	Settings settings.Settings
	VarFiles []string  // named on the command line; relative to the repository's root
	Now      time.Time // for waivers that expire
	Version  string    // of the tool, copied into the report
}

// ChangedFile is a file that differs between Base and Head.
type ChangedFile struct {
	Path    string // at head; "" if removed
	OldPath string // at base; "" if added
	Added   []int  // changed lines at head, ascending
	Removed []int  // changed lines at base, ascending
}

// SchemaVersion is the version of the report's JSON form.
const SchemaVersion = 1

// Report is what a judgement says. Its JSON form is a published contract.
type Report struct {
	SchemaVersion int                  `json:"schema_version"`
	Tool          Tool                 `json:"tool"`
	Base          string               `json:"base"`
	Head          string               `json:"head"`
	Findings      []finding.Finding    `json:"findings"` // sorted by file, line, rule, address
	Undecided     []finding.Undecided  `json:"undecided"`
	Diagnostics   []finding.Diagnostic `json:"diagnostics"`
	Cost          Cost                 `json:"cost"`
	Stats         Stats                `json:"stats"`

	// Hidden are the places of secrets, sorted and apart: whoever shows lines of a file leaves them out.
	Hidden []finding.Hidden `json:"-"`
	// Inventory counts keys and what encrypts, for an overview of many repositories.
	Inventory Inventory `json:"-"`
}

// Inventory counts the keys and what encrypts, at head.
type Inventory = kms.Inventory

// Tool names the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Cost is what the change adds to a month's bill for keys, in US dollars.
type Cost struct {
	MonthlyDeltaUSD float64    `json:"monthly_delta_usd"`
	Lines           []CostLine `json:"lines"`
}

// CostLine is one resource's share of Cost.
type CostLine struct {
	Address string  `json:"address"`
	Change  string  `json:"change"`
	USD     float64 `json:"usd"`
}

// Stats counts what was read. Affected is the number of resources that the change reaches: 0 means that
// nothing about KMS was touched.
type Stats struct {
	Files      int   `json:"files"`
	Modules    int   `json:"modules"`
	Resources  int   `json:"resources"`
	Affected   int   `json:"affected"`
	DurationMS int64 `json:"duration_ms"` // set by the caller, who has a clock
}
