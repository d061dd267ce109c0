package policy

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// jsonDocument and jsonStatement have the order and the omissions of what aws_iam_policy_document writes.
type jsonDocument struct {
	Version   string          `json:",omitempty"`
	ID        string          `json:"Id,omitempty"`
	Statement []jsonStatement `json:",omitempty"`
}

type jsonStatement struct {
	Sid          string                    `json:",omitempty"`
	Effect       string                    `json:",omitempty"`
	Action       any                       `json:",omitempty"`
	NotAction    any                       `json:",omitempty"`
	Resource     any                       `json:",omitempty"`
	NotResource  any                       `json:",omitempty"`
	Principal    any                       `json:",omitempty"`
	NotPrincipal any                       `json:",omitempty"`
	Condition    map[string]map[string]any `json:",omitempty"`
}

// JSON is the document's text, as aws_iam_policy_document writes it; ok is false where a part is not known, or
// Terraform refuses the document.
func (d Document) JSON() (text string, ok bool) {
	if d.Absent || d.Open || d.Invalid() {
		return "", false
	}
	w := writer{ok: true, merged: d.Notation == Block}
	encoded, err := json.Marshal(w.document(d))
	return string(encoded), err == nil && w.ok
}

// writer renders; ok turns false at what is not known.
type writer struct {
	ok     bool
	merged bool // by the data source, which sorts principals of other documents too
}

func (w *writer) document(d Document) jsonDocument {
	out := jsonDocument{Version: w.text(d.Version), ID: w.text(d.ID)}
	for _, s := range d.Statements {
		out.Statement = append(out.Statement, w.statement(s))
	}
	return out
}

// text is the known parts of a text.
func (w *writer) text(t Text) string {
	if s, known := t.Known(); known {
		return s
	}
	w.ok = false
	var known strings.Builder
	for _, part := range t.Parts {
		known.WriteString(part.Literal)
	}
	return known.String()
}

func (w *writer) statement(s Statement) jsonStatement {
	w.ok = w.ok && !s.Open && s.Exists == terraform.True
	sorted := s.Notation == Block
	return jsonStatement{
		Sid: w.text(s.Sid), Effect: w.text(s.Effect),
		Action: w.list(s.Actions, sorted), NotAction: w.list(s.NotActions, sorted),
		Resource: w.list(s.Resources, sorted), NotResource: w.list(s.NotResources, sorted),
		Principal: w.principals(s.Principals), NotPrincipal: w.principals(s.NotPrincipals),
		Condition: w.conditions(s.Conditions),
	}
}

func (w *writer) texts(l List) []string {
	w.ok = w.ok && !l.Open && l.Present != terraform.Undecided
	out := []string{}
	for _, item := range l.Items {
		out = append(out, w.text(item))
	}
	return out
}

// list writes one string as such. The data source sorts its own lists in reverse.
func (w *writer) list(l List, sorted bool) any {
	out := w.texts(l)
	if l.Present == terraform.False {
		return nil
	}
	if sorted {
		descend(out)
	}
	return single(out)
}

func descend(list []string) {
	slices.Sort(list)
	slices.Reverse(list)
}

func single(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (w *writer) principals(p Principals) any {
	w.ok = w.ok && !p.Open && p.Present != terraform.Undecided
	if p.Present == terraform.False {
		return nil
	}
	byType := map[string][]string{}
	for _, group := range p.Groups {
		name, ids := w.text(group.Type), w.texts(group.Identifiers)
		w.ok = w.ok && group.Exists == terraform.True
		if len(p.Groups) == 1 && name == "*" && slices.Equal(ids, []string{"*"}) {
			return "*"
		}
		byType[name] = append(append([]string{}, byType[name]...), ids...) // none is [], not null
	}
	out := map[string]any{}
	for name, ids := range byType {
		if w.merged {
			descend(ids)
		}
		out[name] = single(ids)
	}
	return out
}

func (w *writer) conditions(c Conditions) map[string]map[string]any {
	w.ok = w.ok && !c.Open
	out := map[string]map[string]any{}
	for _, condition := range c.Merged() {
		w.ok = w.ok && condition.Exists == terraform.True
		test := w.text(condition.Test)
		if out[test] == nil {
			out[test] = map[string]any{}
		}
		out[test][w.text(condition.Key)] = single(w.texts(condition.Values))
	}
	return out
}
