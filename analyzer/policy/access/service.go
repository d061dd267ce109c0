package access

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ForService gives the actions, of those asked about, that a document may allow a service which calls KMS under its own
// name: "logs.amazonaws.com". A statement for the service counts whatever its conditions are, and with all actions where
// it has no effect or names an action that KMS does not have, since then that is what is wrong. Where the document
// cannot be judged by what it does not say, all is allowed, and why says the reason in words for a reader.
func ForService(d policy.Document, o Owner, service string, about action.Set) (allowed action.Set, why string) {
	if complete, reason := Complete(d, o, about); complete != terraform.True {
		return about, reason
	}
	for _, one := range d.Alternatives {
		may, _ := ForService(one, o, service, about)
		allowed |= may
	}
	for _, s := range d.Statements {
		if s.Effect.Is("Allow") == terraform.False || !o.mayServe(s, service) {
			continue
		}
		if effective, _ := Effective(s, o); effective != terraform.True || slices.ContainsFunc(s.Actions.Items, misspelt) {
			return about, ""
		}
		certain, _ := Actions(s)
		allowed |= certain & about
	}
	return allowed, ""
}

// mayServe tells that a statement may be for a service: by its name, for everyone, or by a name that is none.
func (o Owner) mayServe(s policy.Statement, service string) bool {
	list, _ := Principals(s, o)
	return s.NotPrincipals.Present != terraform.False || slices.ContainsFunc(list, func(p Principal) bool {
		return p.Kind == Everyone || p.Kind == Invalid || p.Kind == Service && (p.Service == "" || p.Service == service)
	})
}

func misspelt(t policy.Text) bool {
	text, known := t.Known()
	return !known || action.Match(text) == 0
}
