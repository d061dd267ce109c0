package replacement

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

const (
	bucketEncryption  = "aws_s3_bucket_server_side_encryption_configuration"
	algorithm         = "rule.apply_server_side_encryption_by_default.sse_algorithm"
	defaultEncryption = "aws_ebs_encryption_by_default"
	defaultKey        = "aws_ebs_default_kms_key"
)

// byKMS tells that a bucket's configuration certainly asks for a key of KMS.
func byKMS(r *terraform.Resource) bool {
	arg, _ := at(r, algorithm)
	text, _ := arg.value.Text()
	return strings.HasPrefix(text, "aws:kms")
}

// checkAlgorithm judges a bucket that goes over to a key of S3's.
func checkAlgorithm(p *rule.Pass, before, now *terraform.Resource) {
	if now.Type != bucketEncryption || !byKMS(before) || now.Ignores("rule") || !p.Lasts(before, now) {
		return
	}
	was, _ := at(before, algorithm)
	is, _ := at(now, algorithm)
	if !is.is("AES256") || p.Head.ReceivesLogs(now) {
		return
	}
	p.Report(rule.Problem{
		Resource: now, Attribute: algorithm, Range: is.value.Range, Severity: finding.Medium,
		Message: fmt.Sprintf("`%s` asks for a key of S3's where it asked for one of KMS. From the next apply on, whoever may read the bucket's new "+
			"objects needs no leave of a key policy.", now.Address),
		Evidence: []rule.Evidence{{Range: was.value.Range, AtBase: true, Note: "`sse_algorithm` before this change"}},
	})
}

// asking are the types that do nothing but ask for encryption, and what holds without them.
var asking = []struct {
	typ      string
	severity finding.Severity
	then     string
}{
	{defaultEncryption, finding.High, "new volumes and copies of snapshots in the account's Region are plain unless each of them asks for encryption"},
	{defaultKey, finding.Medium, "new volumes that name no key get `alias/aws/ebs`, whose policy nobody can change"},
	{bucketEncryption, finding.Medium, "the bucket falls back to a key of S3's, so that whoever may read its new objects needs no leave of a key policy"},
}

// checkGone judges those that the change takes away.
func checkGone(p *rule.Pass) {
	for _, a := range asking {
		for _, r := range p.Base.OfType(a.typ) {
			fate := p.Follow(r)
			if fate.Fate != rule.Destroyed || !asks(r) || !stays(p, r) {
				continue
			}
			problem := rule.Problem{
				Resource: r, AtBase: true, Attribute: "resource", Severity: a.severity,
				Message: fmt.Sprintf("The next apply destroys `%s`, and with it what it asks for. From then on, %s.", r.Address, a.then),
			}
			switch now := p.Head.Resource(r.Scope.Root, r.Address); {
			case fate.By != nil:
				problem.AtBase, problem.Range = false, fate.By.Range
			case now != nil:
				problem.AtBase, problem.Resource = false, now
			}
			p.Report(problem)
		}
	}
}

// asks tells that a resource of the base certainly asked for what is lost with it.
func asks(r *terraform.Resource) bool {
	switch r.Type {
	case bucketEncryption:
		return byKMS(r)
	case defaultEncryption:
		enabled := r.Attr("enabled")
		return terraform.Any(enabled.IsAbsent(), enabled.IsTrue()) == terraform.True
	}
	return true
}

// stays tells that what was encrypted goes on, and that nothing new at head can be the same under another name or in
// another place.
func stays(p *rule.Pass, r *terraform.Resource) bool {
	for _, now := range p.Head.OfType(r.Type) {
		if p.Before(now) == nil {
			return false
		}
	}
	if r.Type != bucketEncryption {
		return true
	}
	ref := r.Attr("bucket").Reference
	if ref == nil {
		return false
	}
	buckets := ref.Resources()
	if len(buckets) != 1 || buckets[0].Type != "aws_s3_bucket" || buckets[0].Kind != "resource" {
		return false
	}
	now := p.After(buckets[0])
	if now == nil || p.Head.ReceivesLogs(now) {
		return false
	}
	inline, complete := now.Blocks("server_side_encryption_configuration")
	return complete && len(inline) == 0
}
