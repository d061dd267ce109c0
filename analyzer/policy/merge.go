package policy

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// merger puts documents together as the provider does.
type merger struct{ Document }

// source merges one of source_policy_documents, in which no two statements may have the same Sid.
func (m *merger) source(d Document) {
	for i, s := range d.Statements {
		sid, known := s.Sid.Known()
		if !known || sid == "" || s.Exists != terraform.True {
			continue
		}
		same := func(other Statement) bool {
			return other.Sid.Is(sid) == terraform.True && other.Exists == terraform.True
		}
		if slices.ContainsFunc(m.Statements, same) || slices.ContainsFunc(d.Statements[:i], same) {
			m.refuse(s.Range, "two statements of source_policy_documents have the same Sid")
		}
	}
	m.merge(d)
}

// override merges one of override_policy_documents. One that is not known as a whole may replace any statement.
func (m *merger) override(d Document) {
	m.merge(d)
	if open(d) {
		m.replaceable(d.Reason, d.Rest)
	}
}

// open tells that a document, or one of those that it may be, may hold statements that are not listed.
func open(d Document) bool {
	if len(d.Alternatives) > 0 {
		return slices.ContainsFunc(d.Alternatives, open)
	}
	return d.Open
}

// replaceable makes undecided what a document that is not known may replace: every statement with a Sid.
func (m *merger) replaceable(reason string, from []Text) {
	for i := range m.Statements {
		if sid, known := m.Statements[i].Sid.Known(); !known || sid != "" {
			m.Statements[i].Exists = terraform.Undecided
		}
	}
	m.opened(reason, from)
}

// opened is open, for what another document hangs on.
func (m *merger) opened(reason string, from []Text) {
	m.Open = true
	m.Reason = orElse(m.Reason, reason)
	for _, t := range from {
		if !slices.ContainsFunc(m.Rest, func(other Text) bool { return other.Same(t) == terraform.True }) {
			m.Rest = append(m.Rest, t)
		}
	}
}

// merge adds a document's statements, each in the place of one with the same Sid. The statement is replaced as a
// whole: conditions of the one before are gone.
func (m *merger) merge(d Document) {
	if len(d.Alternatives) > 0 {
		m.mergeAny(d)
		return
	}
	for _, f := range d.Faults {
		m.fault(f)
	}
	if d.Open {
		m.opened(d.Reason, d.Rest)
	}
	if id, known := d.ID.Known(); !known || id != "" {
		m.ID = d.ID
	}
	m.Version = newer(m.Version, d.Version)
	for _, s := range d.Statements {
		m.statement(s)
	}
}

// mergeAny merges one of several documents: what they say may be there.
func (m *merger) mergeAny(d Document) {
	for _, alternative := range d.Alternatives {
		m.merge(optional(alternative))
	}
}

// optional is a document that may not be there.
func optional(d Document) Document {
	if len(d.Alternatives) > 0 {
		d.Alternatives = append(slices.Clone(d.Alternatives), Document{Absent: true})
		return d
	}
	d.Statements = slices.Clone(d.Statements)
	for i := range d.Statements {
		d.Statements[i].Exists = terraform.Undecided
	}
	d.ID, d.Version, d.Faults = Text{}, Text{}, nil
	return d
}

// newer is the later of two versions: they are dates.
func newer(a, b Text) Text {
	older, aKnown := a.Known()
	later, bKnown := b.Known()
	switch {
	case !bKnown || aKnown && older < later:
		return b
	default:
		return a
	}
}

func (m *merger) statement(s Statement) {
	if len(m.Statements) >= maxStatements {
		m.open("the policy has too many statements")
		return
	}
	if sid, known := s.Sid.Known(); known && sid == "" {
		m.Statements = append(m.Statements, s)
		return
	}
	for i, other := range m.Statements {
		if sid, known := other.Sid.Known(); known && sid == "" {
			continue
		}
		switch same := other.Sid.Same(s.Sid); {
		case same == terraform.True && s.Exists == terraform.True:
			m.Statements[i] = s
			return
		case same != terraform.False && s.Resource == other.Resource && s.Resource != nil:
			// of one data source: they cannot have the same Sid
		case same != terraform.False:
			m.Statements[i].Exists = terraform.Undecided
		}
	}
	m.Statements = append(m.Statements, s)
}
