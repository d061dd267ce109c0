package encryption

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed s3_replication_skips_kms.txtar
var s3ReplicationSkipsKMSSpec string

const replicationGuide = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"

// S3ReplicationSkipsKMS reports a replication that leaves out what KMS encrypts, and one that does not say with which key
// to encrypt the replicas. That the key is in the wrong Region is told by KMS404.
var S3ReplicationSkipsKMS = rule.Rule{
	ID: "KMS505", Name: "s3-replication-skips-kms",
	Title:      "S3 replication that does not replicate SSE-KMS objects",
	Severity:   finding.High,
	Supersedes: []string{"KMS501"},
	References: []string{replicationGuide, "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html"},
	Compliance: []string{"AWS Well-Architected REL09, SEC08"},
	Spec:       s3ReplicationSkipsKMSSpec,
	Check:      checkReplications,
}

const (
	optIn      = "source_selection_criteria.sse_kms_encrypted_objects.status"
	replicaKey = "destination.encryption_configuration.replica_kms_key_id"
)

func checkReplications(p *rule.Pass) {
	for _, r := range p.Head.OfType("aws_s3_bucket_replication_configuration") {
		if r.Ignores("rule") {
			continue
		}
		places, _ := kms.Places(r, "rule")
		names := told(places)
		for i, place := range places {
			status := place.Value("status")
			exists := rule.Condition{Attribute: "rule", Value: terraform.Value{Range: place.Header, Reason: place.Reason}, Holds: place.Exists}
			active := rule.Condition{Attribute: "rule.status", Value: status, Holds: status.IsString("Enabled")}
			problem := rule.Problem{Resource: r, Attribute: "rule", Discriminator: names[i], Range: place.Header, Part: place.Part}
			checkOptIn(p, place, problem, exists, active)
		}
	}
}

// checkOptIn judges a rule of a replication that is in force.
func checkOptIn(p *rule.Pass, place kms.Place, problem rule.Problem, conditions ...rule.Condition) {
	r, status, key := problem.Resource, place.Value(optIn), place.Value(replicaKey)
	in := rule.Condition{Attribute: "rule." + optIn, Value: status, Holds: status.IsString("Enabled")}
	if in.Holds != terraform.False && !status.Absent() {
		keyless := rule.Condition{Attribute: "rule." + replicaKey, Value: key, Holds: named(key).Not()}
		if !p.Decide(r, append(conditions, in, keyless)...) {
			return
		}
		problem.Message = fmt.Sprintf("`%s` replicates what KMS encrypts and names no `replica_kms_key_id` for the replicas. "+
			"S3 refuses such a rule, so applying it fails: name a key in the Region of the destination.", r.Address)
		problem.Evidence = []rule.Evidence{{Range: status.Range, Note: "what KMS encrypts is to be replicated"}}
		p.Report(problem)
		return
	}
	e, ok := source(p, r)
	if !ok {
		return
	}
	in.Holds = terraform.Any(status.IsAbsent(), in.Holds.Not())
	byKMS := rule.Condition{Attribute: e.AlgorithmPath(), Value: e.Algorithm(), Holds: e.ByKMS()}
	if !p.Decide(r, append(conditions, byKMS, in)...) {
		return
	}
	cure := "write `sse_kms_encrypted_objects` with `status = \"Enabled\"`, and a `replica_kms_key_id` in the Region of the destination"
	if named(key) == terraform.True {
		cure = "write `sse_kms_encrypted_objects` with `status = \"Enabled\"`"
	}
	problem.Message = fmt.Sprintf("`%s` does not replicate what KMS encrypts, and that is all that its bucket is given by default. "+
		"S3 takes the rule, says nothing and copies none of those objects: %s.", r.Address, cure)
	problem.Evidence = []rule.Evidence{{Range: e.Algorithm().Range, Note: "how the bucket encrypts"}}
	if !status.Absent() {
		problem.Range = status.Range
	}
	problem.Fix = func() []finding.Edit {
		if named(key) != terraform.True {
			return nil
		}
		return optedIn(r, place, status)
	}
	p.Report(problem)
}

// source is how the bucket encrypts that a replication copies from.
func source(p *rule.Pass, r *terraform.Resource) (e kms.BucketEncryption, ok bool) {
	bucket := p.Head.BucketOf(r)
	if bucket == nil {
		return kms.BucketEncryption{}, false
	}
	return p.Head.EncryptionOf(bucket)
}

// optedIn is the edit that has a rule replicate what KMS encrypts.
func optedIn(r *terraform.Resource, place kms.Place, status terraform.Value) []finding.Edit {
	if !status.Absent() {
		return fix.SetIn(r, place.Header, "status", status, `"Enabled"`)
	}
	if criteria, complete := kms.Places(r, "rule.source_selection_criteria"); len(criteria) > 0 || !complete {
		return nil // perhaps of this rule, which may have one block of them
	}
	return fix.Nest(r, place.Header, "source_selection_criteria {\nsse_kms_encrypted_objects {\nstatus = \"Enabled\"\n}\n}\n")
}
