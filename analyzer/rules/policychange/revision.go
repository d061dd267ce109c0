package policychange

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

const (
	attrPolicy = "policy"
	attrBypass = "bypass_policy_lockout_safety_check"
)

// revision is a key that the change keeps, as it was and as it is.
type revision struct {
	*rule.Pass
	old, key *kms.Key
}

// revisions lists the keys that are in both snapshots and may have another policy now.
func revisions(p *rule.Pass) []revision {
	byResource := map[*terraform.Resource]*kms.Key{}
	for _, key := range p.Base.Keys {
		byResource[key.Resource] = key
	}
	settled := unchanged(p)
	var list []revision
	for _, key := range p.Head.Keys {
		old := byResource[p.Before(key.Resource)]
		if old != nil && !(settled[key.Scope.Root] && old.Digest() == key.Digest()) {
			list = append(list, revision{p, old, key})
		}
	}
	return list
}

// unchanged tells of which root modules no aws_kms_key_policy differs.
func unchanged(p *rule.Pass) map[string]bool {
	same, count := map[string]bool{}, map[string]int{}
	for _, root := range p.Head.Config.Roots {
		same[root.Root] = true
	}
	for _, old := range p.Base.KeyPolicies {
		count[old.Scope.Root]--
	}
	for _, now := range p.Head.KeyPolicies {
		count[now.Scope.Root]++
		old := p.Before(now.Resource)
		same[now.Scope.Root] = same[now.Scope.Root] && old != nil && old.Digest() == now.Digest()
	}
	for root, more := range count {
		same[root] = same[root] && more == 0
	}
	return same
}

// policies are those in force before and after the apply. ok is false where that is not what the configuration says:
// where there is none, so that KMS806 judges what that does, and where Terraform does not manage it (ignore_changes).
func (r revision) policies() (base, head policy.Document, ok bool) {
	base, head = r.Base.Policy(r.old), r.Head.Policy(r.key)
	return base, head, !head.Absent && !ignored(r.old) && !ignored(r.key)
}

func ignored(key *kms.Key) bool {
	return key.Ignores(attrPolicy) || slices.ContainsFunc(key.Policies, func(p kms.KeyPolicy) bool { return p.Ignores(attrPolicy) })
}

func (r revision) compare() access.Comparison {
	base, head, ok := r.policies()
	if !ok {
		return access.Comparison{Verdict: access.Equal}
	}
	return access.Compare(base, head, r.Base.Owner(r.old), r.Head.Owner(r.key))
}

// visible is a place in a file of the user's at head, whom a place in a file that is ours alone, as that of a known
// module of a registry, does not help.
func (r revision) visible(at hcl.Range) hcl.Range { return within(r.Head, at) }

func within(s *kms.Snapshot, at hcl.Range) hcl.Range {
	if s.Config.Source(at.Filename) == nil {
		return hcl.Range{}
	}
	return at
}

// evidence adds a place of the base, if there is one that a reader can see.
func (r revision) evidence(list []rule.Evidence, at hcl.Range, note string) []rule.Evidence {
	if at = within(r.Base, at); at.Filename == "" || slices.ContainsFunc(list, func(e rule.Evidence) bool { return e.Range == at }) {
		return list
	}
	return append(list, rule.Evidence{Range: at, Note: note, AtBase: true})
}

// allows tells a statement that certainly allows something.
func allows(s policy.Statement, o access.Owner) bool {
	effective, _ := access.Effective(s, o)
	return s.Effect.Is("Allow") == terraform.True && s.Exists == terraform.True && !s.Open && effective == terraform.True
}

func alternatives(d policy.Document) []policy.Document {
	if len(d.Alternatives) == 0 {
		return []policy.Document{d}
	}
	return d.Alternatives
}
