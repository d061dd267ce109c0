package lifecycle

import (
	_ "embed"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed safety_rail_removed.txtar
var safetyRailRemovedSpec string

const (
	lifecycleGuide = "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle"
	attrBypass     = "bypass_policy_lockout_safety_check"
	attrGuard      = "lifecycle.prevent_destroy"
	attrIgnored    = "lifecycle.ignore_changes"
)

// SafetyRailRemoved reports what kept a key from harm and no longer does: high where the key is lost to Terraform or its
// policy may lock everybody out, medium where it can be destroyed more easily, low where nobody can tell from the change.
var SafetyRailRemoved = rule.Rule{
	ID: "KMS810", Name: "safety-rail-removed",
	Title:      "This change removes a protection of a key",
	Severity:   finding.High,
	Hazard:     true,
	Supersedes: []string{"KMS203", "KMS301"},
	References: []string{lifecycleGuide + "#prevent_destroy", deletionGuide},
	Compliance: []string{"AWS Security Hub KMS.3", "NIST SP 800-53 SC-12", "AWS Well-Architected SEC08-BP01"},
	Spec:       safetyRailRemovedSpec,
	Check: func(p *rule.Pass) {
		for _, key := range p.Head.Keys {
			if was := before(p, key); was != nil && was.Digest() != key.Digest() {
				checkGuard(p, was, key)
				checkWindow(p, was, key)
				checkRegion(p, was, key)
				checkIgnored(p, was, key)
			}
		}
		for _, typ := range []string{"aws_kms_external_key", "aws_kms_key", "aws_kms_key_policy", "aws_kms_replica_external_key", "aws_kms_replica_key"} {
			for _, r := range p.Head.OfType(typ) {
				checkBypassSet(p, r)
			}
		}
		checkModules(p)
	},
}

func changed(at hcl.Range) []rule.Evidence {
	if at.Filename == "" {
		return nil
	}
	return []rule.Evidence{{Range: at, Note: "before this change", AtBase: true}}
}

// checkGuard reports a key that Terraform no longer refuses to destroy.
func checkGuard(p *rule.Pass, was, key *kms.Key) {
	if guarded(was) != terraform.True || guarded(key) != terraform.False {
		return
	}
	block, line := guardOf(was)
	_, now := guardOf(key)
	part := line
	if blocks, _ := key.Blocks("lifecycle"); len(blocks) == 0 {
		part = block
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrGuard, Severity: finding.Medium, Range: now, Evidence: changed(line),
		Message: fmt.Sprintf("`%s` loses `prevent_destroy`. The plan shows nothing of that, and from now on Terraform destroys the key when a change, "+
			"be it to a module's source or a `for_each`, takes it away; what is encrypted with it goes then, too.", key.Address),
		Fix: func() []finding.Edit { return fix.Restore(was.Resource, key.Resource, part) },
	})
}

// guardOf finds the lifecycle block with prevent_destroy, and the argument in it.
func guardOf(key *kms.Key) (block, argument hcl.Range) {
	blocks, _ := key.Blocks("lifecycle")
	for _, b := range blocks {
		if v := b.Attr("prevent_destroy"); v.Range.Filename != "" {
			return b.Full, v.Range
		}
	}
	return hcl.Range{}, hcl.Range{}
}

// checkWindow reports a shorter waiting period.
func checkWindow(p *rule.Pass, was, key *kms.Key) {
	before, after := was.Attr(attrWindow), key.Attr(attrWindow)
	from, known := daysOf(before)
	to, knownToo := daysOf(after)
	if !known || !knownToo || to >= from || key.Ignores(attrWindow) || was.Ignores(attrWindow) {
		return
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrWindow, Severity: finding.Medium, Range: after.Range, Evidence: changed(before.Range),
		Message: fmt.Sprintf("KMS will wait %d days instead of %d once `%s` is destroyed: less time to notice it and take the deletion back. Terraform "+
			"destroys with the period that was applied last, so this counts for every deletion after the next apply.", to, from, key.Address),
		Fix: func() []finding.Edit {
			if before.Absent() && before.Range.Filename == "" {
				return fix.Remove(key.Resource, attrWindow)
			}
			return fix.Set(key.Resource, attrWindow, after, fmt.Sprint(from))
		},
	})
}

// daysOf is the waiting period that an argument stands for.
func daysOf(v terraform.Value) (days int64, known bool) {
	if v.Absent() {
		return maxWindow, true
	}
	days, known = v.Int()
	return days, known && minWindow <= days && days <= maxWindow
}

// checkRegion reports a key that Terraform looks for in another Region from now on.
func checkRegion(p *rule.Pass, was, key *kms.Key) {
	before, after := was.Region(), key.Region()
	from, known := before.Text()
	to, knownToo := after.Text()
	if !known || !knownToo || from == to {
		return
	}
	place := after.Range
	for _, own := range []string{"provider", "region"} {
		if now := key.Attr(own).Range; now.Filename != "" || was.Attr(own).Range.Filename != "" {
			place = now
		}
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: "region", Severity: finding.High, Range: place, Shared: true, Evidence: changed(before.Range),
		Message: fmt.Sprintf("`%s` goes from %s to %s, and a key cannot move: Terraform does not find it in the new Region and creates another one. "+
			"The old key, with all that is encrypted with it, stays behind where nobody manages it; forget it with a `removed` block, and give the new "+
			"one another name.", key.Address, finding.Code(from), finding.Code(to)),
		Fix: func() []finding.Edit { return sameRegion(was, key) },
	})
}

// sameRegion takes back the argument that says where the key is.
func sameRegion(was, key *kms.Key) []finding.Edit {
	for _, own := range []string{"provider", "region"} {
		if at := was.Attr(own).Range; at.Filename != "" {
			return fix.Restore(was.Resource, key.Resource, at)
		}
	}
	for _, own := range []string{"provider", "region"} {
		if key.Attr(own).Range.Filename != "" {
			return fix.Remove(key.Resource, own)
		}
	}
	return nil
}

// checkBypassSet reports that KMS no longer checks a policy for locking its author out.
func checkBypassSet(p *rule.Pass, r *terraform.Resource) {
	was := p.Before(r)
	v := r.Attr(attrBypass)
	if was == nil || v.IsTrue() != terraform.True || r.Ignores(attrBypass) {
		return
	}
	before := was.Attr(attrBypass)
	if !before.Absent() && before.IsFalse() != terraform.True {
		return
	}
	p.Report(rule.Problem{
		Resource: r, Attribute: attrBypass, Severity: finding.High, Range: v.Range, Part: v.Range, Evidence: changed(before.Range),
		Message: fmt.Sprintf("From this change on KMS does not check whether whoever applies the policy of `%s` can change it again. A policy that locks "+
			"everyone out is then accepted, and only AWS Support can make the key manageable.", r.Address),
		Fix: func() []finding.Edit {
			if before.Absent() && before.Range.Filename == "" {
				return fix.Remove(r, attrBypass)
			}
			return fix.Set(r, attrBypass, v, "false")
		},
	})
}

// watched are the arguments that somebody has to keep an eye on once Terraform does not.
var watched = []string{"policy", "enable_key_rotation"}

// checkIgnored reports that Terraform no longer corrects what others change.
func checkIgnored(p *rule.Pass, was, key *kms.Key) {
	for _, name := range watched {
		if !key.Ignores(name) || was.Ignores(name) {
			continue
		}
		at := ignoredAt(key)
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrIgnored, Discriminator: name, Severity: finding.Low, Range: at, Part: at,
			Message: fmt.Sprintf("Terraform no longer looks after `%s` of `%s`. What somebody changes there by hand stays, and so does what the "+
				"configuration would change from now on.", name, key.Address),
		})
	}
}

func ignoredAt(key *kms.Key) hcl.Range {
	blocks, _ := key.Blocks("lifecycle")
	for _, b := range blocks {
		if at := b.Attr("ignore_changes").Range; at.Filename != "" {
			return at
		}
	}
	return hcl.Range{}
}
