package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

const (
	// inlineEncryption is the rule of a bucket that says itself how it encrypts, as up to version 3 of the provider.
	inlineEncryption = "server_side_encryption_configuration.rule"
	byDefault        = "apply_server_side_encryption_by_default"
	replication      = "aws_s3_bucket_replication_configuration"
	replicated       = "sse_kms_encrypted_objects" // the block with which it opts in to what KMS encrypts
)

// BucketEncryption is the rule by which a bucket encrypts its new objects.
type BucketEncryption struct {
	*terraform.Resource        // an aws_s3_bucket_server_side_encryption_configuration, or the bucket itself
	Path                string // of the rule's block
	Rule                Place
}

// Algorithm is "aws:kms", "aws:kms:dsse" or "AES256".
func (e BucketEncryption) Algorithm() terraform.Value {
	return e.Rule.Value(byDefault + ".sse_algorithm")
}

// Key names the key of KMS, if any.
func (e BucketEncryption) Key() terraform.Value {
	return e.Rule.Value(byDefault + ".kms_master_key_id")
}

// KeyPath is the path of the argument that names the key.
func (e BucketEncryption) KeyPath() string { return e.Path + "." + byDefault + ".kms_master_key_id" }

// AlgorithmPath is the path of the argument that names the algorithm.
func (e BucketEncryption) AlgorithmPath() string { return e.Path + "." + byDefault + ".sse_algorithm" }

// ByKMS tells that new objects are encrypted with a key of KMS.
func (e BucketEncryption) ByKMS() terraform.Truth {
	v := e.Algorithm()
	return terraform.Any(v.IsString("aws:kms"), v.IsString("aws:kms:dsse"))
}

// BucketEncryptions lists the rules of all buckets, as far as Terraform manages them after the creation.
func (s *Snapshot) BucketEncryptions() []BucketEncryption {
	var all []BucketEncryption
	for _, r := range s.OfType(bucketEncryption) {
		if !r.Ignores("rule") {
			all = append(all, encryptionsOf(r, "rule")...)
		}
	}
	for _, r := range s.OfType("aws_s3_bucket") {
		if !r.Ignores("server_side_encryption_configuration") {
			all = append(all, encryptionsOf(r, inlineEncryption)...)
		}
	}
	return all
}

func encryptionsOf(r *terraform.Resource, path string) (all []BucketEncryption) {
	places, _ := Places(r, path)
	for _, place := range places {
		all = append(all, BucketEncryption{r, path, place})
	}
	return all
}

// BucketOf is the bucket of a resource that configures one; nil where it is not certain which that is.
func (s *Snapshot) BucketOf(r *terraform.Resource) *terraform.Resource {
	if r.Type == "aws_s3_bucket" {
		return r
	}
	for _, bucket := range s.OfType("aws_s3_bucket") {
		if NamesBucket(r.Attr("bucket"), bucket) == terraform.True {
			return bucket
		}
	}
	return nil
}

// EncryptionOf is the rule by which a bucket encrypts; ok is false where there is none, or where it is not certain which.
func (s *Snapshot) EncryptionOf(bucket *terraform.Resource) (e BucketEncryption, ok bool) {
	found := encryptionsOf(bucket, inlineEncryption)
	for _, r := range s.OfType(bucketEncryption) {
		if r.Scope.Root != bucket.Scope.Root {
			continue
		}
		switch NamesBucket(r.Attr("bucket"), bucket) {
		case terraform.Undecided:
			return BucketEncryption{}, false
		case terraform.True:
			found = append(found, encryptionsOf(r, "rule")...)
		case terraform.False:
		}
	}
	if len(found) != 1 || found[0].Exists != terraform.True || found[0].Rule.Exists != terraform.True || found[0].Ignores(topOf(found[0].Path)) {
		return BucketEncryption{}, false
	}
	return found[0], true
}

// NamesBucket tells whether a value is the name or the ARN of a bucket, perhaps with a prefix of its objects behind it.
func NamesBucket(v terraform.Value, bucket *terraform.Resource) terraform.Truth {
	if found := referred(v, "aws_s3_bucket"); len(found) > 0 {
		switch {
		case !slices.Contains(found, bucket):
			return terraform.False
		case len(found) == 1:
			return terraform.True
		}
		return terraform.Undecided
	}
	name, named := v.Symbol()
	own, ownNamed := bucket.Attr("bucket").Symbol()
	text, known := v.Text()
	_, ownKnown := bucket.Attr("bucket").Text()
	switch {
	case v.Absent(), known && bucket.Attr("bucket").Absent():
		return terraform.False
	case named && ownNamed && (name == own || known && ownKnown && isARN(text, bucket)):
		return terraform.True
	case known && ownKnown:
		return terraform.False
	}
	return terraform.Undecided
}

// isARN tells that a text is the ARN of a bucket.
func isARN(text string, bucket *terraform.Resource) bool {
	name, _ := bucket.Attr("bucket").Text()
	return name != "" && text == "arn:aws:s3:::"+name
}

// referred lists the resources of a type that a value, or a part of a text, may refer to.
func referred(v terraform.Value, typ string) []*terraform.Resource {
	parts := []terraform.Value{v}
	if segments, ok := v.Segments(); ok && v.Reference == nil {
		parts = segments
	}
	for _, part := range parts {
		if part.Reference == nil {
			continue
		}
		var found []*terraform.Resource
		for _, r := range part.Reference.Resources() {
			if r.Type == typ && r.Kind == "resource" {
				found = append(found, r)
			}
		}
		if part.Reference.Each && len(found) == 1 && found[0].Exists != terraform.True {
			return append(found, found[0]) // it may be none
		}
		return found
	}
	return nil
}
