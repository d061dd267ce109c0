package kms

import (
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// defaultEncryption switches on encryption of all volumes of an account and Region.
const defaultEncryption = "aws_ebs_encryption_by_default"

// bucketEncryption says how a bucket encrypts; without a key too, since AWS then takes one of its own.
const bucketEncryption = "aws_s3_bucket_server_side_encryption_configuration"

// EncryptedByDefault tells whether the configuration may switch on default encryption of volumes: it holds for
// the account and Region, so one such resource speaks for every volume.
func (s *Snapshot) EncryptedByDefault() bool {
	for _, r := range s.OfType(defaultEncryption) {
		if r.Attr("enabled").IsFalse() != terraform.True {
			return true
		}
	}
	return false
}

// stores tells whether a resource has storage that is judged with or without a key.
func stores(r *terraform.Resource) bool {
	has, unwritten := services.Stores(r.Type)
	if !has || unwritten {
		return has
	}
	for _, s := range services.Storages() {
		if s.Type == r.Type && len(ValuesAt(r, s.Path)) > 0 {
			return true
		}
	}
	return false
}
