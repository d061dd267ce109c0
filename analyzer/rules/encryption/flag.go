package encryption

import (
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// flagOff are the conditions that nothing asks for encryption: the flag is off and acted on, and the resource
// does not take its encryption over from a source.
func flagOff(r *terraform.Resource, row kms.Encryption) []rule.Condition {
	flag := r.Attr(row.Flag)
	conditions := []rule.Condition{{Attribute: row.Flag, Value: flag, Holds: terraform.Any(flag.IsAbsent(), flag.IsFalse())}}
	if r.Ignores(row.Flag) {
		conditions[0].Holds = terraform.False
	}
	for _, name := range row.Sources {
		source := r.Attr(name)
		conditions = append(conditions, rule.Condition{Attribute: name, Value: source, Holds: source.IsAbsent()})
	}
	for _, name := range row.SourceBlocks {
		conditions = append(conditions, noBlock(r, name))
	}
	return conditions
}

func noBlock(r *terraform.Resource, name string) rule.Condition {
	c := rule.Condition{Attribute: name, Holds: terraform.True}
	blocks, complete := r.Blocks(name)
	if !complete {
		c.Holds, c.Value.Reason = terraform.Undecided, "a dynamic block may write it"
	}
	for _, b := range blocks {
		if b.Exists == terraform.True {
			c.Holds = terraform.False
		}
	}
	return c
}

// state says in words how a flag that is off is written.
func state(r *terraform.Resource, row kms.Encryption) string {
	if r.Attr(row.Flag).Absent() {
		return "`" + row.Flag + "` is not set"
	}
	return "`" + row.Flag + "` is `false`"
}

// place is where a flag is written, and where its value comes from.
func place(p *rule.Problem, r *terraform.Resource, row kms.Encryption) {
	flag := r.Attr(row.Flag)
	p.Range = flag.Range
	if flag.Origin.Filename != "" && flag.Origin != flag.Range {
		p.Evidence = append(p.Evidence, rule.Evidence{Range: flag.Origin, Note: "the value comes from here"})
	}
}

// switchOn is the edit that sets the flag. On a deployed resource it would destroy the data, so it is offered
// only where there is none yet.
func switchOn(p *rule.Pass, r *terraform.Resource, row kms.Encryption) []finding.Edit {
	if row.Replaces && !p.IsNew(r) || !canEncrypt(r) {
		return nil
	}
	return fix.Set(r, row.Flag, r.Attr(row.Flag), "true")
}
