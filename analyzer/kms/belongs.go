package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// belongsBy names the argument by which a resource is a part of a key.
var belongsBy = map[string]string{
	"aws_kms_key_policy":           "key_id",
	"aws_kms_alias":                "target_key_id",
	"aws_kms_grant":                "key_id",
	"aws_kms_replica_key":          "primary_key_arn",
	"aws_kms_replica_external_key": "primary_key_arn",
}

// BelongsTo lists the addresses of the keys that a resource is a part of.
func (s *Snapshot) BelongsTo(r *terraform.Resource) []string {
	attr, ok := belongsBy[r.Type]
	if !ok || r.Kind != "resource" {
		return nil
	}
	keys, _, _ := s.Target(r.Attr(attr), r)
	return addresses(keys)
}

// PointsAt lists the addresses of the keys that a service's arguments certainly name.
func (s *Snapshot) PointsAt(r *terraform.Resource) []string {
	var keys []*Key
	for _, instance := range s.resources[id{r.Scope.Root, r.Address}] {
		keys = append(keys, s.linked().keys[instance]...)
	}
	return addresses(keys)
}

func addresses(keys []*Key) []string {
	var all []string
	for _, key := range keys {
		if !slices.Contains(all, key.Address) {
			all = append(all, key.Address)
		}
	}
	return all
}

// Concerns tells whether a resource is any of our business: a part of KMS, a service that is judged with or without a
// key, one that names a key or writes a switch of encryption, one that delivers to what KMS encrypts, or an identity
// policy that names an action of KMS.
func (s *Snapshot) Concerns(r *terraform.Resource) bool {
	if s.replicates(r) || len(s.Decides(r)) > 0 || len(encryptionsOf(r, inlineEncryption)) > 0 {
		return true
	}
	if s.demanded[r.Type] || ofKMS(r.Type) || r.Type == defaultEncryption || r.Type == bucketEncryption || stores(r) || s.speaks(r) {
		return true
	}
	for _, flag := range services.Switches(r.Type) {
		for _, v := range ValuesAt(r, flag.Path) {
			if !v.Absent() {
				return true
			}
		}
	}
	_, names := s.linked().keys[r]
	return names
}
