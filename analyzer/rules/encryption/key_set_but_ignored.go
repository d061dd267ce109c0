package encryption

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_set_but_ignored.txtar
var keySetButIgnoredSpec string

// KeySetButIgnored reports a resource that names a key and does not switch encryption on.
var KeySetButIgnored = rule.Rule{
	ID: "KMS501", Name: "key-set-but-ignored",
	Title:      "A KMS key is configured but encryption with it is not switched on",
	Severity:   finding.High,
	Supersedes: []string{"KMS502"},
	References: []string{
		"https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
		"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kinesis_stream",
		"https://github.com/aquasecurity/tfsec/issues/495"},
	Compliance: storageControls,
	Spec:       keySetButIgnoredSpec,
	Check:      checkKeySetButIgnored,
}

// storageControls are the controls that ask for encrypted storage.
var storageControls = []string{"AWS Security Hub RDS.3, RDS.27, EC2.3, EFS.1, DocumentDB.1, Neptune.1, Opensearch.1, ES.1, Kinesis.1, DynamoDB.3",
	"CIS AWS Foundations 2.2.1 (RDS, v5), 3.2.1 (RDS, v7), 2.3.1 (EFS, v5), 3.3.1 (EFS, v7), 5.1.1 (EBS, v5), 6.1.1 (EBS, v7)",
	"PCI DSS v4 3.5.1", "NIST SP 800-53 SC-28", "HIPAA 164.312(a)(2)(iv)", "AWS Well-Architected SEC08-BP02"}

func checkKeySetButIgnored(p *rule.Pass) {
	rows := services.All()
	for i := range rows {
		for _, r := range p.Head.OfType(rows[i].Type) {
			if !checkFlag(p, r, &rows[i]) {
				checkFeature(p, r, &rows[i])
			}
		}
	}
}

// checkFlag judges the arguments of a row that need a flag beside them, and tells whether it reported one.
func checkFlag(p *rule.Pass, r *terraform.Resource, row *services.Row) (reported bool) {
	flag := row.Flag
	if flag == nil || flag.FromSource || row.Default == services.AccountDefault && flag.Need[0] == "true" && encryptedByDefault(p) {
		return false
	}
	around, keyRest, flagRest := kms.Shared(row.Path, flag.Path)
	places, _ := kms.Places(r, around)
	names := told(places)
	for i, place := range places {
		key := place.Value(keyRest)
		if key.Absent() {
			continue
		}
		off := settingAt(r, place, flag.Path, flagRest, flag.Need, unwritten(flag))
		conditions := []rule.Condition{off.exists(), {Attribute: row.Path, Value: key, Holds: named(key)}, off.off()}
		if flag.Or != "" {
			conditions = append(conditions, settingAt(r, place, flag.Or, flag.Or, flag.Need, unwritten(flag)).off())
		}
		conditions = append(conditions, sources(r, place, around, flag.Sources, flag.SourceBlocks)...)
		if !p.Decide(r, append(conditions, provisioned(r, flag)...)...) {
			continue
		}
		reported = true
		reportIgnored(p, row, off, key, rule.Problem{
			Part: place.Part, Discriminator: names[i],
			Message: fmt.Sprintf("`%s` names a key in `%s`, but %s. The key needs %s%s.",
				r.Address, row.Path, off.words(), off.assigned(), without(flag)),
			Fix: func() []finding.Edit { return off.switchOn(p) },
		})
	}
	return reported
}

func without(flag *services.Flag) string {
	if flag.Without == "" {
		return ""
	}
	return ": " + flag.Without
}

// provisioned is the condition that a cluster is not one of those which encrypt by themselves.
func provisioned(r *terraform.Resource, flag *services.Flag) []rule.Condition {
	if !flag.Serverless {
		return nil
	}
	mode := r.Attr("engine_mode")
	return []rule.Condition{{Attribute: "engine_mode", Value: mode, Holds: mode.IsString("serverless").Not()}}
}

// checkFeature judges the arguments of a row whose key is for something that is off by itself.
func checkFeature(p *rule.Pass, r *terraform.Resource, row *services.Row) {
	if row.OnlyWith == "" {
		return
	}
	around, keyRest, rest := kms.Shared(row.Path, row.OnlyWith)
	places, _ := kms.Places(r, around)
	for _, place := range places {
		key := place.Value(keyRest)
		if key.Absent() {
			continue
		}
		off := settingAt(r, place, row.OnlyWith, rest, []string{"true"}, terraform.True)
		if !p.Decide(r, off.exists(), rule.Condition{Attribute: row.Path, Value: key, Holds: named(key)}, off.off()) {
			continue
		}
		reportIgnored(p, row, off, key, rule.Problem{
			Severity: finding.Low, Part: key.Range, // and not the resource, whose own encryption is another matter
			Message: fmt.Sprintf("`%s` names a key in `%s`, but %s. The key needs %s: without it there is nothing that it encrypts.",
				r.Address, row.Path, off.words(), off.assigned()),
		})
	}
}

// reportIgnored points at the setting that is off, or at the key where that is not written.
func reportIgnored(p *rule.Pass, row *services.Row, off setting, key terraform.Value, problem rule.Problem) {
	problem.Resource, problem.Attribute = off.resource, off.path
	if row.OnlyWith != "" && off.path == row.OnlyWith {
		problem.Attribute = row.Path
	}
	off.at(&problem)
	if off.value.Range.Filename == "" {
		problem.Range = key.Range
	} else {
		problem.Evidence = append([]rule.Evidence{{Range: key.Range, Note: "the key that is not used"}}, problem.Evidence...)
	}
	p.Report(problem)
}
