package policy

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Document is a policy, as far as the configuration decides it.
type Document struct {
	Range    hcl.Range // of the expression that names it, or the header of its data source
	Notation Notation
	Resource *terraform.Resource // the data source that makes it; nil for JSON

	// Absent tells that there is no document: the argument is not set, null, or the empty text.
	Absent bool

	Version, ID Text
	Statements  []Statement

	// Open tells that there may be statements, or for an unknown document anything, that is not listed.
	Open   bool
	Reason string // why, in words for a reader
	Rest   []Text // the values that they come from, if any; one without a Symbol, or none, where that cannot be said

	// Alternatives are the documents that an unknown condition chooses from. The document is one of them; it has
	// no statements of its own then, and is Open.
	Alternatives []Document

	// Faults are what AWS or the provider refuses or quietly changes, in the order of reading.
	Faults []Fault
}

// Notation is how a document or a statement is written: a fix has to speak the same language.
type Notation int

const (
	// JSON is policy text, most often in a heredoc.
	JSON Notation = iota
	// Encoded is the argument of jsonencode.
	Encoded
	// Block is an aws_iam_policy_document data source.
	Block
)

// Statement is one statement. Its elements are absent, empty, open or whole each for itself.
type Statement struct {
	Range    hcl.Range // the object in the JSON, or the whole block
	Notation Notation
	Resource *terraform.Resource // the data source whose block it is; nil for JSON

	// Exists is Undecided for a statement that an unknown condition makes, or that one with an unknown Sid may
	// replace. One such statement may stand for many.
	Exists terraform.Truth

	Sid    Text
	Effect Text // AWS has no default for it; the data source's is Allow

	Principals, NotPrincipals Principals
	Actions, NotActions       List
	Resources, NotResources   List
	Conditions                Conditions

	// Open tells that there may be elements which are not known: even what is absent may be there.
	Open   bool
	Rest   []Text // the values that they may come from
	Reason string
}

// List is an element that holds texts.
type List struct {
	Present  terraform.Truth // Undecided where the element may not be there
	Items    []Text          // what is certainly in it, if it is there; as written, duplicates of a set dropped
	Open     bool            // there may be more
	Possible []Possible      // of an Open one: all that there may be besides Items; empty where that cannot be said
	Reason   string
	Range    hcl.Range
}

// Possible is something that may be in an open list: a text, or Many of them (or none) that come from one value which
// is not known. Then Text is that value: where it has a Symbol, two lists with the same one have the same texts from
// there.
type Possible struct {
	Text Text
	Many bool
}

// Principals is a Principal or NotPrincipal element.
type Principals struct {
	Present terraform.Truth
	Groups  []Principal
	Open    bool
	Rest    []Text // of an Open one: the values that other groups may come from
	Reason  string
	Range   hcl.Range
}

// Principal is one type of principals with their identifiers. "Principal": "*" has the type "*" and one
// identifier "*"; AWS reads {"AWS": "*"} the same.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type Principal struct {
	Type        Text
	Identifiers List
	Exists      terraform.Truth
	Range       hcl.Range
}

// Conditions is a Condition element. All of its items have to hold.
type Conditions struct {
	Items  []Condition // as written: Merged is what AWS gets
	Open   bool
	Rest   []Text // of an Open one: the values that other conditions may come from
	Reason string
	Range  hcl.Range
}

// Condition is one operator and key with its values, of which one has to match.
type Condition struct {
	Test   Text // the operator, "StringEquals", with prefix and suffix as written
	Key    Text
	Values List
	Exists terraform.Truth
	Range  hcl.Range
}

// Merged joins conditions of the same operator and key into one with all their values, as the data source does
// and as JSON, where a key stands once, has it anyway.
func (c Conditions) Merged() []Condition {
	var merged []Condition
	for _, condition := range c.Items {
		at := slices.IndexFunc(merged, func(m Condition) bool {
			return m.Test.Same(condition.Test) == terraform.True && m.Key.Same(condition.Key) == terraform.True
		})
		if at < 0 {
			condition.Values.Items = slices.Clone(condition.Values.Items)
			condition.Values.Possible = slices.Clone(condition.Values.Possible)
			merged = append(merged, condition)
			continue
		}
		m := &merged[at]
		m.Values.Open = m.Values.Open || condition.Values.Open || condition.Exists != m.Exists
		m.Values.Reason = orElse(m.Values.Reason, condition.Values.Reason)
		m.Values.Possible = append(m.Values.Possible, condition.Values.Possible...)
		switch condition.Exists {
		case m.Exists:
			m.Values.Items = append(m.Values.Items, condition.Values.Items...)
		case terraform.True:
			m.Values.Possible = append(m.Values.Possible, possibly(m.Values.Items)...)
			m.Values.Items = slices.Clone(condition.Values.Items)
		default:
			m.Values.Possible = append(m.Values.Possible, possibly(condition.Values.Items)...)
		}
		m.Exists = terraform.Any(m.Exists, condition.Exists)
	}
	return merged
}

// open marks the document as one that may hold more.
func (d *Document) open(reason string, from ...terraform.Value) {
	d.Open = true
	d.Reason = orElse(d.Reason, reason)
	d.Rest = append(d.Rest, sources(from)...)
}

// sources are values that something unlisted may come from; without any, it is not known.
func sources(from []terraform.Value) []Text {
	if len(from) == 0 {
		from = []terraform.Value{{}}
	}
	texts := make([]Text, len(from))
	for i, v := range from {
		texts[i] = Text{Range: v.Range, Parts: []Part{{Unknown: &from[i]}}}
	}
	return texts
}

// newStatement has no element.
func newStatement(r hcl.Range, notation Notation) Statement {
	none := List{Present: terraform.False}
	nobody := Principals{Present: terraform.False}
	return Statement{
		Range: r, Notation: notation, Exists: terraform.True, Principals: nobody, NotPrincipals: nobody,
		Actions: none, NotActions: none, Resources: none, NotResources: none,
	}
}

func (s *Statement) open(reason string, from ...terraform.Value) {
	s.Open = true
	s.Rest = append(s.Rest, sources(from)...)
	s.Reason = orElse(s.Reason, reason)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
