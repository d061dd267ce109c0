package kms

import "github.com/kms-review/kms-review/analyzer/policy/access"

// Owner is what is known of the account that a key is in.
func (s *Snapshot) Owner(key *Key) access.Owner { return access.OwnerOf(key.Resource) }
