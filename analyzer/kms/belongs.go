package kms

import (
	"strings"

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
	if ref := r.Attr(attr).Reference; ref != nil {
		return []string{ref.Address}
	}
	return nil
}

// Concerns tells whether a resource type is any of our business: a part of KMS, or a service that this program
// judges.
func Concerns(typ string) bool {
	return strings.HasPrefix(typ, "aws_kms_") || encrypting[typ]
}

// encrypting are the types of Encryptions, for a look at every word of every file.
var encrypting = func() map[string]bool {
	types := map[string]bool{}
	for _, row := range Encryptions() {
		types[row.Type] = true
	}
	return types
}()
