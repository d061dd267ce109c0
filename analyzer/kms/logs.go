package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// logging are the types that have their logs written into a bucket which may be encrypted with S3's own keys only.
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-access-logs.html
//
// A network load balancer writes into buckets with a customer managed key as well.
var logging = map[string][]string{
	"aws_s3_bucket_logging": {"target_bucket"},
	"aws_s3_bucket":         {"logging.target_bucket"},
	"aws_lb":                {"access_logs.bucket", "connection_logs.bucket"},
	"aws_alb":               {"access_logs.bucket", "connection_logs.bucket"},
	"aws_elb":               {"access_logs.bucket"},
}

// ReceivesLogs tells that logs are certainly written into a bucket which a key of KMS would keep out. r is the bucket, or
// the configuration of its encryption.
func (s *Snapshot) ReceivesLogs(r *terraform.Resource) bool {
	buckets := []*terraform.Resource{r}
	if r.Type != "aws_s3_bucket" {
		buckets = bucketsIn(r.Attr("bucket"))
	}
	for typ, paths := range logging {
		for _, sender := range s.OfType(typ) {
			if sender.Scope.Root != r.Scope.Root || !needsPlainBucket(sender) {
				continue
			}
			for _, path := range paths {
				for _, v := range ValuesAt(sender, path) {
					if slices.ContainsFunc(buckets, func(b *terraform.Resource) bool { return NamesBucket(v, b) == terraform.True }) {
						return true
					}
				}
			}
		}
	}
	return false
}

// needsPlainBucket tells the load balancers that are certainly no network load balancers.
func needsPlainBucket(sender *terraform.Resource) bool {
	if sender.Type != "aws_lb" && sender.Type != "aws_alb" {
		return true
	}
	kind := sender.Attr("load_balancer_type")
	return kind.Absent() || kind.IsString("application") == terraform.True
}

func bucketsIn(v terraform.Value) []*terraform.Resource {
	if v.Reference == nil {
		return nil
	}
	return v.Reference.Resources()
}

// NamesBucket tells whether a value is the name of a bucket.
func NamesBucket(v terraform.Value, bucket *terraform.Resource) terraform.Truth {
	if found := bucketsIn(v); v.Reference != nil {
		switch {
		case slices.Contains(found, bucket):
			return terraform.True
		case len(found) > 0:
			return terraform.False
		}
		return terraform.Undecided
	}
	name, known := v.Text()
	own, ownKnown := bucket.Attr("bucket").Text()
	switch {
	case !known || !ownKnown && !bucket.Attr("bucket").Absent():
		return terraform.Undecided
	case name == own && ownKnown:
		return terraform.True
	}
	return terraform.False
}
