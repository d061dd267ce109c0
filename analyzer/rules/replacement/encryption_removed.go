package replacement

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed encryption_removed.txtar
var encryptionRemovedSpec string

// EncryptionRemoved reports a change after which less is encrypted, or with a key that nobody in the account controls.
// How bad that is depends on what is left: an argument that goes without effect is low.
var EncryptionRemoved = rule.Rule{
	ID: "KMS808", Name: "encryption-removed",
	Title:      "This change removes encryption",
	Severity:   finding.Critical,
	Hazard:     true,
	Supersedes: []string{"KMS502"},
	References: []string{"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ebs_encryption_by_default",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_server_side_encryption_configuration",
		"https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html"},
	Compliance: []string{"PCI DSS v4 3.5.1", "NIST SP 800-53 SC-28", "HIPAA 164.312(a)(2)(iv)", "AWS Well-Architected SEC08-BP02"},
	Spec:       encryptionRemovedSpec,
	Check:      checkEncryptionRemoved,
}

func checkEncryptionRemoved(p *rule.Pass) {
	each(p, func(before, now *terraform.Resource) {
		all := changes(p, before, now)
		for _, c := range all {
			if c.destroys() {
				return // the data goes as a whole
			}
		}
		for _, c := range all {
			checkSwitch(p, c)
			checkKeyGone(p, c)
		}
		checkAlgorithm(p, before, now)
	})
	checkGone(p)
}

// checkSwitch judges a switch that goes off, or that is no longer written.
func checkSwitch(p *rule.Pass, c change) {
	e := effectOf(c)
	switch {
	case c.kind == switchGone && c.plan == services.NoOp && lasting[c.path]:
		p.Report(c.problem(finding.Low, fmt.Sprintf("`%s` no longer writes `%s`, and the provider plans nothing for that: what is encrypted stays so. "+
			"One that is made anew from this configuration gets what its service does by itself.", c.resource.Address, c.path)))
	case e == nil || c.plan != services.InPlace && c.plan != services.Replace:
	case c.path == "sqs_managed_sse_enabled" && !c.without("kms_master_key_id"):
	case c.path == "block_device_mappings.ebs.encrypted" && p.Head.EncryptedByDefault():
	default:
		p.Report(c.problem(e.severity, fmt.Sprintf("`%s` is encrypted until now, and this change switches it off in `%s`. From the next apply on, %s.",
			c.resource.Address, c.path, e.now)))
	}
}

// lasting are the switches that a resource keeps when they are no longer written.
var lasting = map[string]bool{"encrypted": true, "root_block_device.encrypted": true, "storage_encrypted": true, "at_rest_encryption_enabled": true}

// without tells that an argument is certainly not written.
func (c change) without(name string) bool { return c.resource.Attr(name).IsAbsent() == terraform.True }

// checkKeyGone judges what loses its key in place.
func checkKeyGone(p *rule.Pass, c change) {
	if c.kind != keyUnset {
		return
	}
	gone := fmt.Sprintf("`%s` loses the key that `%s` names", c.resource.Address, c.path)
	if end := endOf(c); end != nil {
		problem := c.problem(end.severity, fmt.Sprintf("%s, and `%s` is `%s`. From the next apply on, %s.", gone, end.path, end.off, end.now))
		off, _ := at(c.resource, end.path)
		problem.Range = off.value.Range
		p.Report(problem)
		return
	}
	switch {
	case c.resource.Type == "aws_sns_topic":
		p.Report(c.problem(finding.Medium, gone+". From the next apply on, nothing but what SNS does by itself protects its messages: "+
			"no server-side encryption with a key of KMS."))
	case c.resource.Type == "aws_sqs_queue" && c.resource.Attr("sqs_managed_sse_enabled").IsFalse() == terraform.False:
		p.Report(c.problem(finding.Medium, gone+". From the next apply on, SQS encrypts new messages with a key of its own, which no policy of "+
			"the account controls."))
	}
}

func (c change) problem(severity finding.Severity, message string) rule.Problem {
	problem := rule.Problem{Resource: c.resource, Attribute: c.path, Range: c.is.Range, Part: c.part, Severity: severity, Message: message}
	if c.was.Range.Filename != "" {
		problem.Evidence = append(problem.Evidence, rule.Evidence{Range: c.was.Range, AtBase: true, Note: "`" + c.path + "` before this change"})
	}
	if text, _ := c.was.Text(); text == "true" && top(c.path) == c.path && c.is.Range.Filename != "" {
		problem.Fix = func() []finding.Edit { return fix.Set(c.resource, c.path, c.is, text) }
	}
	return problem
}
