package multiregion

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed replica_policy_drift.txtar
var replicaPolicyDriftSpec string

// ReplicaPolicyDrift reports a replica that lets more happen to the material than its primary does.
var ReplicaPolicyDrift = rule.Rule{
	ID: "KMS602", Name: "replica-policy-drift",
	Title:      "Replica key with a wider policy than its primary",
	Supersedes: []string{"KMS216"},
	Severity:   finding.Medium,
	References: []string{overview + "#mrk-sync-properties",
		"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"},
	Compliance: []string{"AWS Well-Architected SEC03-BP02", "NIST SP 800-53 AC-3"},
	Spec:       replicaPolicyDriftSpec,
	Check:      checkReplicaPolicyDrift,
}

func checkReplicaPolicyDrift(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		primary := key.Primary()
		if primary == nil || replica(primary) || key.Ignores("policy") || keeps(p, key) {
			continue
		}
		guarded, open := p.Head.Policy(primary), p.Head.Policy(key)
		if guarded.Absent || !comparable(open) || !comparable(guarded) {
			continue
		}
		compared := access.Compare(guarded, open, p.Head.Owner(primary), p.Head.Owner(key))
		if compared.Verdict != access.Wider && compared.Verdict != access.Changed || len(compared.Wider) == 0 {
			continue
		}
		report(p, key, primary, open, compared)
	}
}

// comparable tells that a document says the same in every Region.
func comparable(d policy.Document) bool {
	return len(d.Alternatives) == 0 && !d.Open && (d.Absent || !regional(d))
}

// keeps tells that a deployed replica has a policy that Terraform leaves as it is when the argument is taken away.
func keeps(p *rule.Pass, key *kms.Key) bool {
	before := p.Before(key.Resource)
	return before != nil && key.Attr("policy").Absent() && !before.Attr("policy").Absent()
}

func report(p *rule.Pass, key, primary *kms.Key, open policy.Document, compared access.Comparison) {
	problem := rule.Problem{
		Resource: key.Resource, Attribute: "policy",
		Message: fmt.Sprintf("`%s` has a wider policy than its primary `%s`: %s. Both hold the same key material, so what the primary's "+
			"policy keeps out comes in through the replica.", key.Address, primary.Address, compared.Wider[0].Words),
		Evidence: []rule.Evidence{{Range: primary.Header(), Note: "the primary"}},
	}
	if guard := primary.Attr("policy"); !guard.Absent() {
		problem.Evidence[0] = rule.Evidence{Range: guard.Range, Note: "the policy of the primary"}
	}
	if open.Absent {
		problem.Message = fmt.Sprintf("`%s` has no policy of its own, so it gets the default one and not that of its primary `%s`: %s. Both hold "+
			"the same key material, so what the primary's policy keeps out comes in through the replica.", key.Address, primary.Address, compared.Wider[0].Words)
		problem.Fix = func() []finding.Edit { return samePolicy(key, primary) }
	} else if at := compared.Wider[0].Head; at != nil && at.Range.Filename != "" {
		problem.Range = at.Range
	}
	p.Report(problem)
}

// reference is an expression that names a policy document and is short enough to be written twice.
var reference = regexp.MustCompile(`^[A-Za-z0-9_.\-\[\]"]+$`)

// samePolicy gives the replica the policy of its primary, where that is a reference that means the same there.
func samePolicy(key, primary *kms.Key) []finding.Edit {
	guard, source := primary.Attr("policy"), primary.Source()
	if key.Scope != primary.Scope || guard.Range.Filename != primary.File() || guard.Range.End.Byte > len(source) {
		return nil
	}
	expression := string(source[guard.Range.Start.Byte:guard.Range.End.Byte])
	if !reference.MatchString(expression) || strings.Contains(expression, "each.") || strings.Contains(expression, "count.") {
		return nil
	}
	return fix.Set(key.Resource, "policy", key.Attr("policy"), expression)
}

var regionName = regexp.MustCompile(`\b[a-z]{2}(-[a-z]+){1,2}-\d\b|region`)

// regional tells that a document names a Region, or something that stands for one: what is right for the replica is
// then another text than the primary's.
func regional(d policy.Document) bool {
	for _, s := range d.Statements {
		lists := []policy.List{s.Resources, s.NotResources}
		for _, c := range s.Conditions.Items {
			lists = append(lists, c.Values)
		}
		for _, principals := range []policy.Principals{s.Principals, s.NotPrincipals} {
			for _, group := range principals.Groups {
				lists = append(lists, group.Identifiers)
			}
		}
		for _, list := range lists {
			for _, text := range list.Items {
				if symbol, _ := text.Symbol(); regionName.MatchString(symbol) {
					return true
				}
			}
		}
	}
	return false
}
