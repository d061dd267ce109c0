package encryption

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed s3_bucket_key.txtar
var s3BucketKeySpec string

const bucketKeyGuide = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html"

// S3BucketKey reports a bucket that calls KMS for each object where it need not, and a Bucket Key that cannot work. The
// first is a matter of cost, and low.
var S3BucketKey = rule.Rule{
	ID: "KMS504", Name: "s3-bucket-key",
	Title:    "S3 Bucket Key off with SSE-KMS, or on where it cannot work",
	Severity: finding.High,
	References: []string{bucketKeyGuide,
		"https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingDSSEncryption.html"},
	Compliance: []string{"AWS Well-Architected COST05, SEC08-BP02"},
	Spec:       s3BucketKeySpec,
	Check:      checkBucketKeys,
}

func checkBucketKeys(p *rule.Pass) {
	var written []policy.Document
	for _, w := range append(p.Head.KeyDocuments(), p.Head.IAMDocuments()...) {
		written = append(written, w.Document)
	}
	for _, e := range p.Head.BucketEncryptions() {
		key := e.Rule.Value("bucket_key_enabled")
		algorithm := e.Algorithm()
		exists := rule.Condition{Attribute: e.Path, Value: terraform.Value{Range: e.Rule.Header, Reason: e.Rule.Reason}, Holds: e.Rule.Exists}
		of := func(name string) rule.Condition {
			return rule.Condition{Attribute: e.AlgorithmPath(), Value: algorithm, Holds: algorithm.IsString(name)}
		}
		on := rule.Condition{Attribute: e.Path + ".bucket_key_enabled", Value: key, Holds: key.IsTrue()}
		off := on
		off.Holds = terraform.Any(key.IsAbsent(), key.IsFalse())
		problem := rule.Problem{Resource: e.Resource, Attribute: e.Path + ".bucket_key_enabled", Range: key.Range, Part: e.Rule.Part}
		if problem.Range.Filename == "" {
			problem.Range = e.Rule.Header
		}
		switch {
		case on.Holds == terraform.True && algorithm.IsString("aws:kms:dsse") != terraform.False:
			if p.Decide(e.Resource, exists, of("aws:kms:dsse")) {
				problem.Severity = finding.Medium
				problem.Message = fmt.Sprintf("`%s` asks for a Bucket Key with `aws:kms:dsse`, and S3 has none for dual-layer encryption. "+
					"Each object goes on calling KMS: take `aws:kms`, or leave the argument out.", e.Address)
				problem.Evidence = []rule.Evidence{{Range: algorithm.Range, Note: "the algorithm"}}
				p.Report(problem)
			}
		case on.Holds == terraform.True:
			if at, text := ofObjects(p, e, written); text != "" && p.Decide(e.Resource, exists, of("aws:kms")) {
				problem.Message = fmt.Sprintf("`%s` has a Bucket Key, so KMS is given the ARN of the bucket as the encryption context and not that of an object. "+
					"The condition on `kms:EncryptionContext:aws:s3:arn` that names objects no longer holds for new ones, and whoever depends on it is denied.", e.Address)
				problem.Evidence = []rule.Evidence{{Range: at, Note: "the condition on objects"}}
				p.Report(problem)
			}
		default:
			checkOff(p, e, problem, written, exists, off, of("aws:kms"))
		}
	}
}

// checkOff judges a bucket without a Bucket Key.
func checkOff(p *rule.Pass, e kms.BucketEncryption, problem rule.Problem, written []policy.Document, conditions ...rule.Condition) {
	bucket := p.Head.BucketOf(e.Resource)
	if bucket == nil && !general(e.Attr("bucket")) {
		return // a directory bucket has a Bucket Key whatever the argument says, and an unknown one may be one
	}
	if _, condition := ofObjects(p, e, written); condition != "" || !p.Decide(e.Resource, conditions...) {
		return
	}
	problem.Severity = finding.Low
	problem.Message = fmt.Sprintf("`%s` encrypts with KMS and has no Bucket Key, so each object that is read or written calls KMS, at $0.03 for 10,000 calls. "+
		"With `bucket_key_enabled = true` the calls for new objects are up to 99 %% fewer.", e.Address)
	problem.Fix = func() []finding.Edit {
		return fix.SetIn(e.Resource, e.Rule.Header, "bucket_key_enabled", e.Rule.Value("bucket_key_enabled"), "true")
	}
	p.Report(problem)
}

// general tells a name that certainly is not that of a directory bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
func general(v terraform.Value) bool {
	name, known := v.Text()
	return known && !strings.HasSuffix(name, "--x-s3")
}

const objectContext = "kms:EncryptionContext:aws:s3:arn"

// ofObjects finds a condition on the objects of a bucket as the encryption context, in a statement that allows, where
// nothing beside it may name the bucket itself: what, for a reader, is "" where there is none.
func ofObjects(p *rule.Pass, e kms.BucketEncryption, written []policy.Document) (at hcl.Range, what string) {
	bucket := p.Head.BucketOf(e.Resource)
	if bucket == nil {
		return hcl.Range{}, ""
	}
	for _, d := range written {
		for _, s := range d.Statements {
			for _, c := range s.Conditions.Merged() {
				key, _ := c.Key.Known()
				if !strings.EqualFold(key, objectContext) || s.Effect.Is("Allow") != terraform.True || c.Values.Open {
					continue
				}
				objects := func(v policy.Text) bool { return isObjects(v, bucket) }
				others := func(v policy.Text) bool { return !isObjects(v, bucket) && mayBe(v, bucket) }
				if slices.ContainsFunc(c.Values.Items, objects) && !slices.ContainsFunc(c.Values.Items, others) {
					return c.Range, objectContext
				}
			}
		}
	}
	return hcl.Range{}, ""
}

// isObjects tells the ARN of objects of a bucket: its own with a slash behind it, in all of its forms.
func isObjects(v policy.Text, bucket *terraform.Resource) bool {
	arns := []string{"${" + bucket.Address + ".arn}", "arn:aws:s3:::${" + bucket.Address + ".id}", "arn:aws:s3:::${" + bucket.Address + ".bucket}"}
	if name, known := bucket.Attr("bucket").Text(); known {
		arns = append(arns, "arn:aws:s3:::"+name)
	}
	symbol, _ := v.Symbol()
	return slices.ContainsFunc(arns, func(arn string) bool { return strings.HasPrefix(symbol, arn+"/") })
}

// mayBe tells that a value may match the ARN of a bucket: it is certainly that of something else where it is written out
// without a wildcard and ends in another name.
func mayBe(v policy.Text, bucket *terraform.Resource) bool {
	text, known := v.Known()
	name, named := bucket.Attr("bucket").Text()
	return !known || !named || strings.ContainsAny(text, "*?") || strings.HasSuffix(text, ":::"+name)
}
