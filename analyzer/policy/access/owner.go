package access

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Owner is what is known of the account that a key is in. The zero Owner knows nothing.
type Owner struct {
	key *terraform.Resource
}

// OwnerOf reads what the configuration says about the account of a key.
func OwnerOf(key *terraform.Resource) Owner { return Owner{key: key} }

// Self tells whether a text is the number of the key's account: True only where that is proven, by a
// data.aws_caller_identity of the key's own provider configuration. A number that is written out is undecided: it may
// be the key's own.
func (o Owner) Self(account policy.Text) terraform.Truth {
	ref := account.Reference()
	if ref == nil || o.key == nil {
		return terraform.Undecided
	}
	switch r := sole(*ref); {
	case r == nil:
		return terraform.Undecided
	case r.Kind == "data" && r.Type == "aws_caller_identity" && (ref.Attribute == "account_id" || ref.Attribute == "id"):
		return o.same(r)
	case r.Kind == "resource" && r.Type == "aws_organizations_account" && ref.Attribute == "id":
		if o.same(r) == terraform.True {
			return terraform.False // the account that makes another one is not that one
		}
	}
	return terraform.Undecided
}

// same is True where a resource uses the provider configuration of the key, so that it is in the same account. Of
// another configuration that is undecided: two may lead to one account.
func (o Owner) same(r *terraform.Resource) terraform.Truth {
	if o.key == nil || r.Scope != o.key.Scope || !r.Attr("provider").Absent() || !o.key.Attr("provider").Absent() {
		return terraform.Undecided
	}
	return terraform.True
}

// sole is the resource that a reference points at; nil where it may be one of several that are told apart.
func sole(ref terraform.Reference) *terraform.Resource {
	resources := ref.Resources()
	different := func(r *terraform.Resource) bool { return r.Type != resources[0].Type }
	if len(resources) == 0 || slices.ContainsFunc(resources, different) {
		return nil
	}
	return resources[0]
}
