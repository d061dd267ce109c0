package replacement

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed consumer_replaced_data_loss.txtar
var consumerReplacedSpec string

// ConsumerReplacedDataLoss reports a change of a key or a switch that Terraform can only carry out by destroying what
// stores the data. Where something stops the apply it is medium.
var ConsumerReplacedDataLoss = rule.Rule{
	ID: "KMS807", Name: "consumer-replaced-data-loss",
	Title:      "Key or encryption change forces replacement of a data store",
	Severity:   finding.Critical,
	Hazard:     true,
	Supersedes: []string{"KMS501", "KMS502"},
	References: []string{"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ebs_volume",
		"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"},
	Compliance: []string{"NIST SP 800-53 CP-9", "AWS Well-Architected REL09, SEC08"},
	Spec:       consumerReplacedSpec,
	Check:      checkConsumerReplaced,
}

func checkConsumerReplaced(p *rule.Pass) {
	each(p, func(before, now *terraform.Resource) {
		var all []change
		for _, c := range changes(p, before, now) {
			if c.destroys() {
				all = append(all, c)
			}
		}
		if len(all) > 0 {
			p.Report(all[0].replacement(all[1:]))
		}
	})
}

// replacement is the problem of a change; the others ask for the same replacement.
func (c change) replacement(others []change) rule.Problem {
	s := storeOf(c.resource)
	problem := rule.Problem{Resource: c.resource, Attribute: c.path, Range: c.is.Range}
	guard, severity := guardOf(c.before, c.resource)
	switch {
	case guard != "":
		problem.Severity = severity
		problem.Message = fmt.Sprintf("%s, which can only be done by replacing the %s, and %s. To get there, %s; else restore the old line.",
			c.subject(), s.noun, guard, s.way)
	case keepsRoot(c.before):
		problem.Severity = finding.High
		problem.Message = fmt.Sprintf("%s, which cannot be done in place: the next apply destroys the instance, leaves its root volume behind "+
			"unattached (`delete_on_termination`), and makes %s. Restore the old line, and to get there without a loss, %s.",
			c.subject(), successor(c.resource), s.way)
	default:
		problem.Message = fmt.Sprintf("%s, which cannot be done in place: the next apply destroys the %s%s and makes %s. Restore the old line, and "+
			"to get there without a loss, %s.", c.subject(), s.noun, snapshotOf(c.before), successor(c.resource), s.way)
	}
	for _, each := range append([]change{c}, others...) {
		if each.was.Range.Filename != "" {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: each.was.Range, AtBase: true,
				Note: "`" + each.path + "` before this change"})
		}
	}
	for _, other := range others {
		if other.is.Range.Filename != "" {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: other.is.Range, Note: "`" + other.path + "` asks for the same replacement"})
		}
	}
	return problem
}

// subject says what the change does: "`aws_db_instance.main` gets another key by `kms_key_id`".
func (c change) subject() string {
	words := map[kind]string{
		otherKey: "gets another key by `%s`", keySet: "gets a key by `%s`", keyUnset: "loses the key that `%s` names",
		switchedOn: "has `%s` switched on", switchedOff: "has `%s` switched off", switchGone: "has `%s` no longer, and so switched off",
	}
	return fmt.Sprintf("`%s` "+words[c.kind], c.resource.Address, c.path)
}

// guards are arguments that keep AWS, or the provider, from deleting what holds data. Terraform deletes first, by what the
// last apply wrote.
var guards = map[string]string{
	"aws_db_instance": "deletion_protection", "aws_rds_cluster": "deletion_protection", "aws_docdb_cluster": "deletion_protection",
	"aws_neptune_cluster": "deletion_protection", "aws_neptunegraph_graph": "deletion_protection",
	"aws_emr_cluster": "termination_protection", eventDataStore: "termination_protection_enabled",
}

// eventDataStore is guarded unless it says otherwise.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudtrail_event_data_store
const eventDataStore = "aws_cloudtrail_event_data_store"

// guarded tells that a guard was certainly on when the resource was applied last.
func guarded(before *terraform.Resource, guard string) bool {
	v := before.Attr(guard)
	return v.IsTrue() == terraform.True || before.Type == eventDataStore && v.IsAbsent() == terraform.True
}

// releases are arguments without which AWS refuses to delete what is not empty.
var releases = map[string]string{"aws_ecr_repository": "force_delete", "aws_backup_vault": "force_destroy"}

// guardOf says what stops the replacement, and how bad it still is; "" for nothing. What stops it for want of a name only
// is one line away from the loss, and that line changes nothing that would be reported then.
func guardOf(before, now *terraform.Resource) (why string, severity finding.Severity) {
	if preventsDestroy(now) {
		return "`prevent_destroy` makes every plan fail", finding.Medium
	}
	if name := guards[now.Type]; name != "" && guarded(before, name) {
		return "`" + name + "` makes the apply fail halfway", finding.Medium
	}
	if name := releases[now.Type]; name != "" && terraform.Any(before.Attr(name).IsAbsent(), before.Attr(name).IsFalse()) == terraform.True {
		return "without `" + name + "` the apply fails halfway unless it is empty", finding.Medium
	}
	if finalSnapshots[before.Type] && lastSnapshot(before) == terraform.True && before.Attr("final_snapshot_identifier").IsAbsent() == terraform.True {
		return "the apply fails halfway, because the last snapshot has no `final_snapshot_identifier`", finding.Critical
	}
	return "", finding.Critical
}

// keepsRoot tells that an instance leaves its root volume behind.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html
func keepsRoot(before *terraform.Resource) bool {
	v, _ := at(before, "root_block_device.delete_on_termination")
	return v.is("false")
}

// snapshotOf says of a database what is left of it.
func snapshotOf(before *terraform.Resource) string {
	if !finalSnapshots[before.Type] {
		return ""
	}
	switch lastSnapshot(before) {
	case terraform.False:
		return ", without a last snapshot,"
	case terraform.True:
		return ", of which a last snapshot stays,"
	case terraform.Undecided:
	}
	return ""
}

// lastSnapshot tells whether a database is to leave a snapshot: of its last apply, which is what Terraform destroys by.
func lastSnapshot(before *terraform.Resource) terraform.Truth {
	skip := before.Attr("skip_final_snapshot")
	return terraform.Any(skip.IsAbsent(), skip.IsFalse())
}

// finalSnapshots are the types that leave a snapshot behind unless told otherwise.
var finalSnapshots = map[string]bool{"aws_db_instance": true, "aws_rds_cluster": true, "aws_docdb_cluster": true, "aws_neptune_cluster": true}

// successor says what there is afterwards.
func successor(now *terraform.Resource) string {
	for _, row := range services.Of(now.Type) {
		if row.Flag == nil {
			continue
		}
		for _, source := range row.Flag.Sources {
			if v := now.Attr(source); v.Set() == terraform.True {
				return "another one out of `" + source + "`, as old as that is"
			}
		}
	}
	return "an empty one"
}
