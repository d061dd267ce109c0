package lifecycle

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_destroyed_consumer_keeps_it.txtar
var keeperSpec string

// KeyDestroyedConsumerKeepsIt reports a key that goes while a service goes on with it: the plan shows nothing of that.
var KeyDestroyedConsumerKeepsIt = rule.Rule{
	ID: "KMS802", Name: "key-destroyed-consumer-keeps-it",
	Title:      "Key is destroyed, and the service goes on using it unseen",
	Severity:   finding.Critical,
	Hazard:     true,
	Supersedes: []string{"KMS801"},
	References: []string{deletionGuide, "https://github.com/awslabs/nx-plugin-for-aws/pull/1109"},
	Compliance: KeyDestroyed.Compliance,
	Spec:       keeperSpec,
	Check:      checkKeeper,
}

func checkKeeper(p *rule.Pass) {
	for _, key := range p.Base.Keys {
		keepers := keepersOf(p, key)
		if len(keepers) == 0 {
			continue
		}
		fate := p.Follow(key.Resource)
		if fate.Fate != rule.Destroyed {
			continue
		}
		first := keepers[0]
		problem := destroyed(p, key, fate)
		problem.Severity, problem.Evidence = finding.Critical, nil
		problem.Message = fmt.Sprintf("The next apply schedules the deletion of `%s`, and %s, which loses `%s` in the same change, goes on "+
			"encrypting with it: taking the argument away is no change to Terraform, so the plan shows only the key. %s later the data "+
			"cannot be read any more; move it to another key first, and keep this one until then with a `removed` block and `destroy = false`.",
			key.Address, enumerate(addressesOf(keepers)), first.Row.Path, windowOf(key))
		for _, use := range keepers[:min(len(keepers), maxEvidence)] {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: use.Value.Range, Note: "encrypted with the key, and stays so", AtBase: true})
		}
		p.Report(problem)
	}
}

// keepersOf lists the uses of a key that the change only takes out of the configuration.
func keepersOf(p *rule.Pass, key *kms.Key) []kms.Use {
	var keepers []kms.Use
	for _, use := range key.Uses() {
		if use.Row.Uncertain {
			continue
		}
		now := p.After(use.Consumer)
		if now == nil || now.Ignores(use.Row.Top()) || p.Follow(use.Consumer).Fate != rule.Stays {
			continue
		}
		if kms.Unset(now, use.Row) == terraform.True && unseen(use, now) {
			keepers = append(keepers, use)
		}
	}
	return keepers
}

// unseen tells that Terraform plans nothing for a resource that names no key any more, with or without the block around.
func unseen(use kms.Use, now *terraform.Resource) bool {
	row := use.Row
	if blocks, _ := now.Blocks(row.Top()); row.Top() != row.Path && len(blocks) == 0 && now.Attr(row.Top()).Absent() {
		return row.BlockUnset == services.NoOp
	}
	return row.Unset == services.NoOp && sameFlag(use, now)
}

// sameFlag tells that encryption is asked for as before: a flag that changes too has a plan of its own.
func sameFlag(use kms.Use, now *terraform.Resource) bool {
	if use.Row.Flag == nil {
		return true
	}
	before, after := kms.ValuesAt(use.Consumer, use.Row.Flag.Path), kms.ValuesAt(now, use.Row.Flag.Path)
	if len(before) != len(after) {
		return false
	}
	for i := range before {
		x, known := before[i].Text()
		y, _ := after[i].Text()
		if before[i].Absent() != after[i].Absent() || x != y || !known && !before[i].Absent() {
			return false
		}
	}
	return true
}
