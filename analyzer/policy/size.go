package policy

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Least is the number of characters that the document certainly has when Terraform sends it, without white space.
// What is not known counts as nothing; of alternatives the shortest counts.
func (d Document) Least() int {
	if len(d.Alternatives) > 0 {
		least := d.Alternatives[0].Least()
		for _, one := range d.Alternatives[1:] {
			least = min(least, one.Least())
		}
		return least
	}
	d.Statements = slices.Clone(d.Statements)
	d.Statements = slices.DeleteFunc(d.Statements, func(s Statement) bool { return s.Exists != terraform.True })
	for i := range d.Statements {
		d.Statements[i] = certain(d.Statements[i])
	}
	w := writer{merged: d.Notation == Block}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(w.document(d)) != nil {
		return 0
	}
	return utf8.RuneCount(bytes.TrimSuffix(encoded.Bytes(), []byte("\n")))
}

// certain leaves of a statement what is certainly there.
func certain(s Statement) Statement {
	for _, list := range []*List{&s.Actions, &s.NotActions, &s.Resources, &s.NotResources} {
		*list = certainList(*list)
	}
	for _, principals := range []*Principals{&s.Principals, &s.NotPrincipals} {
		var groups []Principal
		for _, group := range principals.Groups {
			if group.Exists == terraform.True {
				group.Identifiers = certainList(group.Identifiers)
				groups = append(groups, group)
			}
		}
		principals.Groups = groups
	}
	var conditions []Condition
	for _, condition := range s.Conditions.Items {
		if condition.Exists == terraform.True {
			condition.Values = certainList(condition.Values)
			conditions = append(conditions, condition)
		}
	}
	s.Conditions.Items = conditions
	return s
}

// certainList drops what is not known at all: two such items of a set may be one.
func certainList(l List) List {
	if l.Present != terraform.True {
		return List{Present: terraform.False}
	}
	l.Items = slices.DeleteFunc(slices.Clone(l.Items), func(t Text) bool {
		return !slices.ContainsFunc(t.Parts, func(p Part) bool { return p.Literal != "" })
	})
	return l
}
