package lifecycle

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed weak_deletion_safety.txtar
var weakDeletionSafetySpec string

const deletionGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"

// WeakDeletionSafety reports a key whose deletion leaves little time to be noticed: medium where data of this
// configuration goes with it, low otherwise.
var WeakDeletionSafety = rule.Rule{
	ID: "KMS301", Name: "weak-deletion-safety",
	Title:      "Short deletion window or no destroy guard on a key that protects data",
	Severity:   finding.Medium,
	References: []string{deletionGuide},
	Compliance: []string{"AWS Security Hub KMS.3", "NIST SP 800-53 SC-12", "AWS Well-Architected SEC08-BP01"},
	Spec:       weakDeletionSafetySpec,
	Check:      checkWeakDeletionSafety,
}

const attrWindow = "deletion_window_in_days"

// The shortest and the longest waiting period that KMS takes; the longest is also its default. Any other value fails
// anyway, which another rule says.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
const minWindow, maxWindow = 7, 30

func checkWeakDeletionSafety(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		window := key.Attr(attrWindow)
		days, _ := window.Int()
		short := rule.Condition{Attribute: attrWindow, Value: window, Holds: terraform.False}
		switch {
		case window.Unknown():
			short.Holds = terraform.Undecided
		case minWindow <= days && days < maxWindow && !key.Ignores(attrWindow):
			short.Holds = terraform.True
		}
		if p.Decide(key.Resource, short, rule.Condition{Attribute: "lifecycle.prevent_destroy", Holds: guarded(key).Not()}) {
			reportShortWindow(p, key, window, days)
		}
	}
}

func reportShortWindow(p *rule.Pass, key *kms.Key, window terraform.Value, days int64) {
	problem := rule.Problem{
		Resource: key.Resource, Attribute: attrWindow, Range: window.Range, Severity: finding.Low, Evidence: rule.Origin(window),
		Message: fmt.Sprintf("Once `%s` is destroyed, there are %d days left to notice it and take the deletion back. KMS waits %d "+
			"days unless told otherwise, and a key costs nothing while it waits.", key.Address, days, maxWindow),
		Fix: func() []finding.Edit { return fix.Set(key.Resource, attrWindow, window, fmt.Sprint(maxWindow)) },
	}
	if stores := dataOf(key); len(stores) > 0 {
		problem.Severity = finding.Medium
		problem.Message = fmt.Sprintf("Once `%s` is destroyed, there are %d days left to notice it; then the data of %s cannot be read any "+
			"more, by anybody. KMS waits %d days unless told otherwise, and a key costs nothing while it waits.",
			key.Address, days, enumerate(addressesOf(stores)), maxWindow)
		for _, use := range stores[:min(len(stores), maxEvidence)] {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: use.Value.Range, Note: "data that only this key can read"})
		}
	}
	p.Report(problem)
}

// dataOf lists the uses of a key that keep data. For a service that takes another key in place, the table does not say.
func dataOf(key *kms.Key) []kms.Use {
	var stores []kms.Use
	for _, use := range key.Uses() {
		if use.Row.Loss == services.LosesData {
			stores = append(stores, use)
		}
	}
	return stores
}

// guarded tells whether Terraform refuses to destroy a key. The argument is a literal by Terraform's rules.
// https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy
func guarded(key *kms.Key) terraform.Truth {
	blocks, _ := key.Blocks("lifecycle")
	if len(blocks) == 0 {
		return terraform.False
	}
	return blocks[0].Attr("prevent_destroy").IsTrue()
}
