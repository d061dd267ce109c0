package keypolicy

import (
	"testing"

	"github.com/kms-review/kms-review/analyzer/policy/action"
)

// TestListed shows that a message names a few and counts the others.
func TestListed(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"a":                  {"a"},
		"a, b, c":            {"a", "b", "c"},
		"a, b, c and 1 more": {"a", "b", "c", "d"},
		"a, b, c and 2 more": {"a", "b", "c", "d", "e"},
	} {
		if got := listed(names); got != want {
			t.Errorf("%v is listed as %q, want %q", names, got, want)
		}
	}
}

// TestNamed shows that of many actions those are named that weigh most.
func TestNamed(t *testing.T) {
	t.Parallel()
	for want, actions := range map[string]action.Set{
		"`kms:Decrypt`": action.Decrypt,
		"`kms:CreateGrant, kms:Decrypt, kms:Encrypt, kms:Sign`":                                 action.CreateGrant | action.Decrypt | action.Encrypt | action.Sign,
		"`kms:Decrypt`, `kms:CreateGrant` and 3 more actions":                                   action.CreateGrant | action.Decrypt | action.Encrypt | action.Sign | action.Verify,
		"`kms:PutKeyPolicy` and 4 more actions":                                                 action.PutKeyPolicy | action.CreateAlias | action.DeleteAlias | action.EnableKey | action.TagResource,
		"`kms:CreateAlias, kms:DeleteAlias, kms:EnableKey, kms:TagResource, kms:UntagResource`": action.CreateAlias | action.DeleteAlias | action.EnableKey | action.TagResource | action.UntagResource,
	} {
		if got := named(actions); got != want {
			t.Errorf("%s is named %s, want %s", actions, got, want)
		}
	}
}
