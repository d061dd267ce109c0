package policy

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Fault is something in a document that AWS or the provider refuses, or that the data source changes.
type Fault struct {
	Kind  FaultKind
	Range hcl.Range
	What  string    // a clause, in words for a reader
	Value hcl.Range // of a condition: the number or bool that should be a string; empty where there is none
}

// FaultKind tells what becomes of a document with a fault.
type FaultKind int

const (
	// Refused is a document that AWS does not take, or of which the provider makes none.
	Refused FaultKind = iota
	// Misspelt is an element in letters of another case than AWS's. Nothing says that AWS takes it.
	Misspelt
	// Crashed is a document at which the provider ends with a stack trace.
	Crashed
	// Dropped is an element or a condition that aws_iam_policy_document does not write.
	Dropped
	// Opened is a principal which aws_iam_policy_document writes as "*".
	Opened
	// Repeated is an element that stands twice, of which the last one counts.
	Repeated
)

// Invalid tells that Terraform or AWS refuses the document.
func (d Document) Invalid() bool {
	return slices.ContainsFunc(d.Faults, func(f Fault) bool { return f.Kind <= Crashed })
}

func (d *Document) refuse(r hcl.Range, what string) {
	d.fault(Fault{Kind: Refused, Range: r, What: what})
}

func (d *Document) repeated(r hcl.Range) {
	d.fault(Fault{Kind: Repeated, Range: r, What: "this element stands twice, the last one counts"})
}

// maxFaults bounds what a hostile document can make a reader read.
const maxFaults = 50

func (d *Document) fault(f Fault) {
	if len(d.Faults) < maxFaults && !slices.Contains(d.Faults, f) {
		d.Faults = append(d.Faults, f)
	}
}
