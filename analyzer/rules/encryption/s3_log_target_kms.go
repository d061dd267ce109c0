package encryption

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed s3_log_target_kms.txtar
var s3LogTargetKMSSpec string

// S3LogTargetKMS reports a bucket that receives logs and encrypts in a way which the service that writes them does not
// support. However many resources log into it, the bucket is the cause, so that is one finding for each service.
var S3LogTargetKMS = rule.Rule{
	ID: "KMS506", Name: "s3-log-target-kms",
	Title:      "Bucket for logs encrypted in a way that the service cannot write",
	Severity:   finding.High,
	Supersedes: []string{"KMS504"},
	References: []string{
		"https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
		"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
		"https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html"},
	Compliance: []string{"AWS Well-Architected SEC04"},
	Spec:       s3LogTargetKMSSpec,
	Check:      checkLogTargets,
}

func checkLogTargets(p *rule.Pass) {
	for _, bucket := range p.Head.OfType("aws_s3_bucket") {
		by := map[string][]kms.Delivery{}
		for _, d := range p.Head.DeliveriesTo(bucket) {
			by[d.Row.Service] = append(by[d.Row.Service], d)
		}
		e, ok := kms.BucketEncryption{}, false
		if len(by) > 0 {
			e, ok = p.Head.EncryptionOf(bucket)
		}
		if !ok {
			continue
		}
		checkAlgorithm(p, e, by[services.S3AccessLogs], "server access logs of S3")
		checkAlgorithm(p, e, by[services.BalancerLogs], "logs of a load balancer")
		checkKeyID(p, e, by[services.FlowLogs])
	}
}

// checkAlgorithm judges a bucket for logs that, as the guides say, only keys of S3 may encrypt. S3 was seen to deliver
// its logs where a key's policy lets it in.
// https://github.com/aws/aws-cdk/pull/25350
func checkAlgorithm(p *rule.Pass, e kms.BucketEncryption, from []kms.Delivery, logs string) {
	algorithm := e.Algorithm()
	if len(from) == 0 || !p.Decide(e.Resource, rule.Condition{Attribute: e.AlgorithmPath(), Value: algorithm, Holds: e.ByKMS()}) {
		return
	}
	name, _ := algorithm.Text()
	problem := rule.Problem{
		Resource: e.Resource, Attribute: e.AlgorithmPath(), Discriminator: logs, Range: algorithm.Range, Part: e.Rule.Part,
		Severity: finding.Medium, Evidence: delivered(from),
		Message: fmt.Sprintf("`%s` encrypts with `%s`, and its bucket receives the %s (`%s`), for which AWS supports a bucket with `AES256` as its default and no other. "+
			"Nothing says whether the logs arrive: give them a bucket with `AES256`.", e.Address, name, logs, from[0].From.Address),
	}
	if key := e.Key(); from[0].Row.Service == services.S3AccessLogs && named(key) != terraform.False && !kms.AWSManaged(key) {
		keys, _, truth := p.Head.Target(key, e.Resource)
		if truth != terraform.True || letsIn(p, keys[0], services.S3AccessLogs) {
			return
		}
		problem.Severity = finding.High
		problem.Message = fmt.Sprintf("`%s` encrypts with `%s`, and its bucket receives the %s (`%s`), which AWS does not support. The policy of `%s` does not let "+
			"`%s` in either, so the logs are lost without an error in Terraform: give them a bucket with `AES256`.", e.Address, name, logs, from[0].From.Address, keys[0].Address, services.S3AccessLogs)
	}
	p.Report(problem)
}

// letsIn tells that a service may be able to encrypt with a key.
func letsIn(p *rule.Pass, key *kms.Key, service string) bool {
	unmanaged := func(r kms.KeyPolicy) bool { return r.Ignores("policy") }
	if key.Ignores("policy") || slices.ContainsFunc(key.Policies, unmanaged) {
		return true
	}
	allowed, _ := access.ForService(p.Head.Policy(key), p.Head.Owner(key), service, action.GenerateDataKey)
	return allowed != 0
}

// checkKeyID judges a bucket for flow logs whose key is named by its id.
func checkKeyID(p *rule.Pass, e kms.BucketEncryption, from []kms.Delivery) {
	key := e.Key()
	keys, form, truth := p.Head.Target(key, e.Resource)
	if len(from) == 0 || truth != terraform.True || form != services.KeyID || e.ByKMS() != terraform.True {
		return
	}
	p.Report(rule.Problem{
		Resource: e.Resource, Attribute: e.KeyPath(), Range: key.Range, Part: key.Range, Evidence: delivered(from),
		Message: fmt.Sprintf("`%s` names `%s` by its id, and its bucket receives flow logs (`%s`), for which S3 needs the key's ARN. "+
			"With an id the flow log cannot be made, or delivers nothing.", e.Address, keys[0].Address, from[0].From.Address),
		Fix: func() []finding.Edit {
			return fix.Rewrite(e.SourceOf(key.Range), key.Range, func(text string) string { return keyARN(text, keys[0].Resource) })
		},
	})
}

// keyARN is a reference to the ARN of a key instead of its id.
func keyARN(text string, key *terraform.Resource) string {
	for _, id := range []string{".key_id", ".id"} {
		if text == key.Type+"."+key.Name+id {
			return key.Type + "." + key.Name + ".arn"
		}
	}
	return text
}

// maxDelivered bounds how many resources a finding points at.
const maxDelivered = 5

func delivered(from []kms.Delivery) []rule.Evidence {
	var all []rule.Evidence
	for i, d := range from {
		if i < maxDelivered {
			all = append(all, rule.Evidence{Range: d.Value.Range, Note: fmt.Sprintf("`%s` has them written there", d.From.Address)})
		}
	}
	return all
}
