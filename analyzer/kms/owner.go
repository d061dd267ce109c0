package kms

import "github.com/kms-review/kms-review/analyzer/policy/access"

// Owner is what is known of the account that a key is in.
func (s *Snapshot) Owner(key *Key) access.Owner {
	owner := access.OwnerOf(key.Resource)
	if primary := key.Primary(); primary != nil {
		return owner.With(access.OwnerOf(primary.Resource))
	}
	return owner
}
