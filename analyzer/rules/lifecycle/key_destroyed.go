package lifecycle

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_destroyed.txtar
var keyDestroyedSpec string

// KeyDestroyed reports a key that the change takes away: critical where data of the configuration goes with it.
var KeyDestroyed = rule.Rule{
	ID: "KMS801", Name: "key-destroyed",
	Title:    "This change destroys a KMS key",
	Severity: finding.Critical,
	Hazard:   true,
	References: []string{deletionGuide, "https://developer.hashicorp.com/terraform/language/block/removed",
		"https://developer.hashicorp.com/terraform/language/block/moved"},
	Compliance: []string{"AWS Security Hub KMS.3", "CIS AWS Foundations 4.7 (v5), 5.7 (v7)", "NIST SP 800-53 SC-12", "AWS Well-Architected SEC08-BP01"},
	Spec:       keyDestroyedSpec,
	Check:      checkKeyDestroyed,
}

func checkKeyDestroyed(p *rule.Pass) {
	for _, key := range p.Base.Keys {
		switch fate := p.Follow(key.Resource); fate.Fate {
		case rule.Destroyed:
			p.Report(destroyed(p, key, fate))
		case rule.Abandoned:
			p.Report(rule.Problem{
				Resource: key.Resource, AtBase: true, Attribute: "resource", Severity: finding.Low,
				Message: fmt.Sprintf("The directory of `%s` goes, and with it everybody who would manage the key: Terraform destroys "+
					"nothing whose configuration is gone as a whole. The key stays, works and costs, and nobody sees it any more.", key.Address),
			})
		case rule.Uncertain, rule.Stays, rule.Forgotten:
		}
	}
}

// destroyed is the problem of a key that goes. It stands on the removed block that wants it so, else on the lines that
// are no longer there, or that make fewer instances.
func destroyed(p *rule.Pass, key *kms.Key, fate rule.Whereabouts) rule.Problem {
	problem := rule.Problem{Resource: key.Resource, AtBase: true, Attribute: "resource", Severity: finding.Medium}
	what := "`" + key.Address + "`"
	if len(fate.Instances) > 0 {
		what = fmt.Sprintf("`%s` with the instances %s", key.Address, enumerate(fate.Instances))
	}
	gone := "whatever is encrypted with it"
	stores := dataOf(key)
	switch left := remaining(p, stores); {
	case len(left) > 0:
		problem.Severity, stores = finding.Critical, left
		gone = "the data of " + enumerate(addressesOf(stores))
	case len(stores) > 0:
		gone = "what backups and snapshots have of " + enumerate(addressesOf(stores))
	}
	for _, use := range stores[:min(len(stores), maxEvidence)] {
		problem.Evidence = append(problem.Evidence, rule.Evidence{Range: use.Value.Range, Note: "data that only this key can read", AtBase: true})
	}
	problem.Message = fmt.Sprintf("The next apply schedules the deletion of %s, and %s later %s cannot be read any more, by anybody. To keep the "+
		"key, %s.", what, windowOf(key), gone, safeWay(key, fate))
	if copied(p, key) {
		problem.Severity = finding.Medium
		problem.Message = fmt.Sprintf("The next apply schedules the deletion of %s, a replica, and from then on its Region cannot read %s. The "+
			"primary keeps the material, so that another replica can be made of it there; to keep this one, %s.", what, gone, safeWay(key, fate))
	}
	switch now := p.Head.Resource(key.Scope.Root, key.Address); {
	case fate.By != nil:
		problem.AtBase, problem.Range = false, fate.By.Range
	case now != nil:
		problem.AtBase, problem.Resource = false, now
	default:
		problem.Fix = func() []finding.Edit { return keepKey(p, key) }
	}
	return problem
}

// copied tells a replica whose primary is not known to go as well: as long as that is there, nothing is lost for good.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
func copied(p *rule.Pass, key *kms.Key) bool {
	if key.Type != "aws_kms_replica_key" && key.Type != "aws_kms_replica_external_key" {
		return false
	}
	primary := key.Primary()
	return primary == nil || p.Follow(primary.Resource).Fate != rule.Destroyed
}

// remaining are the stores that the change does not destroy with their key: who takes both away means to be rid of the
// data.
func remaining(p *rule.Pass, stores []kms.Use) []kms.Use {
	var left []kms.Use
	for _, use := range stores {
		if fate := p.Follow(use.Consumer); fate.Fate != rule.Destroyed || len(fate.Instances) > 0 {
			left = append(left, use)
		}
	}
	return left
}

func safeWay(key *kms.Key, fate rule.Whereabouts) string {
	switch {
	case fate.By != nil:
		return "write `destroy = false` into the `lifecycle` of the `removed` block"
	case len(fate.Instances) > 0:
		return "keep the instances, or add a `moved` block for each that has another name now"
	default:
		return fmt.Sprintf("add a `removed` block for `%s` with `destroy = false`, or a `moved` block if it has another name now", key.Address)
	}
}

// windowOf is how long KMS waits. Terraform takes it from the state, so what the change says of it comes too late.
func windowOf(key *kms.Key) string {
	window := key.Attr(attrWindow)
	if days, known := window.Int(); known {
		return fmt.Sprintf("%d days", days)
	}
	if window.Absent() {
		return fmt.Sprintf("%d days", maxWindow)
	}
	return "some days"
}

// keepKey is a moved block where the key has another name at head, else a removed block that leaves it in AWS.
func keepKey(p *rule.Pass, key *kms.Key) []finding.Edit {
	from := key.Type + "." + key.Name
	if to := renamed(p, key.Resource); to != nil {
		return fix.After(to, fmt.Sprintf("moved {\n  from = %s\n  to   = %s.%s\n}\n", from, to.Type, to.Name))
	}
	head := p.Head.Config.Source(key.File())
	if head == nil || !key.Native() || !declaredAt(p.Head, key) {
		return nil
	}
	gone := key.Range()
	return fix.InPlaceOf(key.File(), key.Source(), gone.Start.Byte, gone.End.Byte, head,
		fmt.Sprintf("removed {\n  from = %s\n\n  lifecycle {\n    destroy = false\n  }\n}\n", from))
}

// declaredAt tells that head still has the module that declared a key, where a removed block for it can stand.
func declaredAt(head *kms.Snapshot, key *kms.Key) bool {
	for _, s := range head.Config.Scopes() {
		if s.Root == key.Scope.Root && s.Path == key.Scope.Path && s.Module.Dir == key.Scope.Module.Dir {
			return true
		}
	}
	return false
}

// renamed is the resource that is new at head and says the same, if there is exactly one.
func renamed(p *rule.Pass, key *terraform.Resource) *terraform.Resource {
	var found *terraform.Resource
	for _, now := range p.Head.OfType(key.Type) {
		if now.Scope.Root != key.Scope.Root || now.Scope.Path != key.Scope.Path || p.Before(now) != nil || now.Content() != key.Content() {
			continue
		}
		if found != nil {
			return nil
		}
		found = now
	}
	return found
}
