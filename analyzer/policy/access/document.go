package access

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Complete tells whether a document can be judged by what it does not say of some actions: of every statement that may
// be about them the effect, the kinds of its principals, the actions, the resources and the keys of the conditions are
// known. Values of conditions and the principals' names may be symbolic. An absent document is AWS's default policy,
// and complete. It is never False; where it is Undecided, the reason is in words for a reader.
func Complete(d policy.Document, o Owner, about action.Set) (terraform.Truth, string) {
	if len(d.Alternatives) > 0 {
		for _, one := range d.Alternatives {
			if complete, why := Complete(one, o, about); complete != terraform.True {
				return complete, why
			}
		}
		return terraform.True, ""
	}
	if d.Absent {
		return terraform.True, ""
	}
	if d.Open {
		return terraform.Undecided, d.Reason
	}
	for i, s := range d.Statements {
		if _, possible := Actions(s); possible&about == 0 && !s.Open {
			continue
		}
		if why := open(s, o); why != "" {
			return terraform.Undecided, fmt.Sprintf(why, Name(s, i))
		}
	}
	return terraform.True, ""
}

// Name is how a reader finds a statement: by its Sid, or by its place in the document, counted from zero.
func Name(s policy.Statement, place int) string {
	if sid, known := s.Sid.Known(); known && sid != "" {
		return "the statement `" + sid + "`"
	}
	return fmt.Sprintf("statement %d", place+1)
}

// open says what is not known of a statement, with a place for its name; "" where it is known well enough.
func open(s policy.Statement, o Owner) string {
	effect, effectKnown := s.Effect.Known()
	switch {
	case s.Exists != terraform.True:
		return "it is not known whether there is %s"
	case s.Open:
		return "the elements of %s are not known"
	case !effectKnown || effect != "Allow" && effect != "Deny":
		return "the effect of %s is not known"
	}
	for _, list := range []func(policy.Statement, Owner) ([]Principal, bool){Principals, NotPrincipals} {
		principals, whole := list(s, o)
		if !whole {
			return "the principals of %s are not known"
		}
		for _, p := range principals {
			if p.Kind == Unknown {
				return "a principal of %s is not known"
			}
		}
	}
	if certain, possible := Actions(s); certain != possible || s.Actions.Present == terraform.Undecided || s.NotActions.Present == terraform.Undecided {
		return "the actions of %s are not known"
	}
	if o.ours(s) == terraform.Undecided {
		return "it is not known whether this key is the resource of %s"
	}
	if s.Conditions.Open {
		return "the conditions of %s are not known"
	}
	for _, c := range s.Conditions.Items {
		if _, known := c.Key.Known(); !known || c.Exists != terraform.True {
			return "a condition of %s is not known"
		}
	}
	return ""
}

// Denied gives the actions that a document denies to a principal: certain whatever the request is like, possible
// perhaps, by a statement with conditions or by one that is not known. What Denied says of Everyone is about those
// whom no statement names: a Deny for one role does not keep the world out. Of a document with Alternatives, certain
// is what all of them deny, possible what any may deny.
func Denied(d policy.Document, p Principal, o Owner) (certain, possible action.Set) {
	if len(d.Alternatives) > 0 {
		certain = action.All
		for _, one := range d.Alternatives {
			c, may := Denied(one, p, o)
			certain, possible = certain&c, possible|may
		}
		return certain, possible
	}
	if d.Open {
		possible = action.All
	}
	for _, s := range d.Statements {
		c, may := o.denies(s, p)
		certain, possible = certain|c, possible|may
	}
	return certain, possible
}

func (o Owner) denies(s policy.Statement, p Principal) (certain, possible action.Set) {
	c, may := Actions(s)
	effect := s.Effect.Is("Deny")
	resource := o.ours(s)
	if effect == terraform.False || resource == terraform.False || avoidable(s) {
		return 0, 0
	}
	covers := o.covers(s, p)
	if covers == terraform.False {
		return 0, 0
	}
	sure := effect == terraform.True && resource == terraform.True && covers == terraform.True && s.Exists == terraform.True &&
		!s.Open && !s.Conditions.Open && len(s.Conditions.Items) == 0
	if sure {
		certain = c
	}
	return certain, may
}

// avoidable tells a Deny whose condition every caller can keep from holding, by a connection with TLS.
func avoidable(s policy.Statement) bool {
	for _, c := range s.Conditions.Merged() {
		key, _ := c.Key.Known()
		op := operatorOf(c.Test)
		switch {
		case op.family != boolean || !strings.EqualFold(key, "aws:SecureTransport"):
		case c.Exists == terraform.True && !c.Values.Open && len(c.Values.Items) == 1 && c.Values.Items[0].Is("false") == terraform.True:
			return true
		}
	}
	return false
}
