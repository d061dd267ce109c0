package access

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Actions gives the KMS actions that a statement is about: certain are those it surely is about, possible those it
// may be about. They include actions that have no effect in a key policy: see action.Effective.
func Actions(s policy.Statement) (certain, possible action.Set) {
	for _, item := range s.Actions.Items {
		c, p := matched(item)
		certain, possible = certain|c, possible|p
	}
	if s.Actions.Present != terraform.True {
		certain = 0
	}
	possible |= beyond(s.Actions)
	if s.NotActions.Present != terraform.False {
		var not, notPossible action.Set
		for _, item := range s.NotActions.Items {
			c, p := matched(item)
			not, notPossible = not|c, notPossible|p
		}
		possible |= action.All &^ not
		if s.NotActions.Present == terraform.True {
			certain |= action.All &^ (notPossible | beyond(s.NotActions))
		}
	}
	if s.Open && certain == 0 {
		possible = action.All
	}
	return certain, possible
}

// beyond gives the actions that an open list may name besides its items.
func beyond(l policy.List) (possible action.Set) {
	if l.Open && len(l.Possible) == 0 {
		return action.All
	}
	for _, more := range l.Possible {
		if more.Many {
			return action.All
		}
		_, p := matched(more.Text)
		possible |= p
	}
	return possible
}

// matched gives the actions of one item. An unknown part may be a wildcard.
func matched(item policy.Text) (certain, possible action.Set) {
	if text, known := item.Known(); known {
		set := action.Match(text)
		return set, set
	}
	if variants, ok := item.Variants(); ok {
		certain = action.All
		for _, variant := range variants {
			certain, possible = certain&action.Match(variant), possible|action.Match(variant)
		}
		return certain, possible
	}
	var pattern strings.Builder
	for _, part := range item.Parts {
		if part.Unknown != nil {
			pattern.WriteString("*")
		}
		pattern.WriteString(part.Literal)
	}
	return 0, action.Match(pattern.String())
}

// Effective tells whether a statement has any effect in the policy of the owner's key: False where it certainly has
// none, with the reason. AWS accepts such a statement.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
func Effective(s policy.Statement, o Owner) (terraform.Truth, string) {
	certain, actions := Actions(s)
	resource := o.ours(s)
	switch {
	case !s.Open && s.Actions.Present == terraform.False && s.NotActions.Present == terraform.False:
		return terraform.False, "it has no Action"
	case !s.Open && s.Resources.Present == terraform.False && s.NotResources.Present == terraform.False:
		return terraform.False, "it has no Resource"
	case actions == 0:
		return terraform.False, "none of its actions is an action of KMS"
	case actions&action.Effective == 0:
		return terraform.False, "a key policy cannot permit or deny its actions, which work on no key"
	case resource == terraform.False:
		return terraform.False, "its Resource is not this key: in a key policy, `*` is"
	case resource == terraform.Undecided || s.Open || s.Exists != terraform.True:
		return terraform.Undecided, ""
	}
	if certain&action.Effective == 0 {
		return terraform.Undecided, ""
	}
	return terraform.True, ""
}
