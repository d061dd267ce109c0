package access

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Owner is what is known of the account that a key is in. The zero Owner knows nothing.
type Owner struct {
	key      *terraform.Resource
	provider terraform.Provider
	number   policy.Text // of the account; the empty text where it is not known
	twin     *Owner      // of another key that is certainly in the same account; nil without one
}

// OwnerOf reads what the configuration says about the account of a key.
func OwnerOf(key *terraform.Resource) Owner {
	provider := key.Provider()
	return Owner{key: key, provider: provider, number: numberOf(provider)}
}

// With is the owner of a key that is in the account of another one, as a replica is in that of its primary: what the
// provider configuration of either proves, holds for both.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
func (o Owner) With(other Owner) Owner {
	other.twin = nil
	o.twin = &other
	return o
}

// Self tells whether a text is the number of the key's account. It is True only where that is proven: by a
// data.aws_caller_identity of the key's own provider configuration, or by what the configuration allows or assumes. A
// number of which nothing is proven is undecided: it may be the key's own.
func (o Owner) Self(account policy.Text) terraform.Truth {
	if own := o.self(account); own != terraform.Undecided || o.twin == nil {
		return own
	}
	return o.twin.self(account)
}

func (o Owner) self(account policy.Text) terraform.Truth {
	if o.key == nil {
		return terraform.Undecided
	}
	ref := account.Reference()
	if ref == nil {
		return compared(account, o.number)
	}
	switch r := sole(*ref); {
	case r == nil:
		return terraform.Undecided
	case r.Kind == "data" && r.Type == "aws_caller_identity" && (ref.Attribute == "account_id" || ref.Attribute == "id"):
		return o.same(r)
	case r.Kind == "resource" && r.Type == "aws_organizations_account" && ref.Attribute == "id" && o.same(r) == terraform.True:
		return terraform.False // the account that makes another one is not that one
	}
	return compared(account, o.number)
}

// same tells whether a resource is in the account of the key: it is where both use one provider configuration, or two
// that act as the same. Any others may lead to one account too, so only their numbers tell them apart.
func (o Owner) same(r *terraform.Resource) terraform.Truth {
	if own := o.alike(r); own != terraform.Undecided || o.twin == nil {
		return own
	}
	return o.twin.alike(r)
}

func (o Owner) alike(r *terraform.Resource) terraform.Truth {
	if o.key == nil || r.Scope.Root != o.key.Scope.Root {
		return terraform.Undecided
	}
	if o.provider.SameAccount(r.Provider()) == terraform.True {
		return terraform.True
	}
	return compared(numberOf(r.Provider()), o.number)
}

// numberOf is the account that a provider configuration certainly works in; the empty text where that is not known.
func numberOf(p terraform.Provider) policy.Text {
	v := p.Account()
	if number, known := v.Text(); known {
		return policy.Text{Parts: []policy.Part{{Literal: number}}}
	}
	if v.Reference == nil {
		return policy.Text{}
	}
	return policy.Text{Parts: []policy.Part{{Unknown: &v}}}
}

// compared compares two numbers of accounts; an empty one may be any.
func compared(a, b policy.Text) terraform.Truth {
	if len(a.Parts) == 0 || len(b.Parts) == 0 {
		return terraform.Undecided
	}
	return a.Same(b)
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
