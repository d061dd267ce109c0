package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ReceivesLogs tells that logs are written into a bucket which a key of KMS would keep out, or may be. r is the bucket,
// or the configuration of its encryption.
func (s *Snapshot) ReceivesLogs(r *terraform.Resource) bool {
	bucket := s.BucketOf(r)
	return bucket != nil && slices.ContainsFunc(s.delivered().to[bucket], func(d Delivery) bool { return d.Row.TakesS3Keys() })
}
