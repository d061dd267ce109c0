package statement

import (
	_ "embed"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed policy_managed_twice.txtar
var policyManagedTwiceSpec string

const keyPolicyResource = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key_policy"

// PolicyManagedTwice reports an aws_kms_key_policy for a key whose policy something else sets as well.
var PolicyManagedTwice = rule.Rule{
	ID: "KMS213", Name: "policy-managed-twice",
	Title:      "Two resources manage the same key policy",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{keyPolicyResource},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       policyManagedTwiceSpec,
	Check:      checkPolicyManagedTwice,
}

func checkPolicyManagedTwice(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		managers := managersOf(p.Head, key)
		if len(managers) < 2 {
			continue
		}
		first, last := "`"+managers[0].Address+"`", managers[len(managers)-1]
		if managers[0].Resource == key.Resource {
			first = "the key's own argument"
		}
		problem := rule.Problem{
			Resource: last.Resource, Attribute: "policy", Discriminator: key.Address, Range: last.place(),
			Message: fmt.Sprintf("`%s` sets the policy of `%s`, which %s sets as well. Each apply overwrites the policy of "+
				"the other one, so plans never come to rest and the order of the apply decides which policy is in force.",
				last.Address, key.Address, first),
		}
		for _, other := range managers[:len(managers)-1] {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: other.place(), Note: fmt.Sprintf("`%s` sets it here", other.Address)})
		}
		p.Report(problem)
	}
}

// manager is a resource that sets a key's policy.
type manager struct {
	*terraform.Resource
	policy terraform.Value
}

// place is where the policy is set, or the resource where that is in no file of the user.
func (m manager) place() hcl.Range {
	if m.policy.Range.Filename == "" {
		return m.Header()
	}
	return m.policy.Range
}

// managersOf lists what certainly sets the policy of a key, each to something else: the key's own argument first.
// Resources of which each is for one instance of the key do not meet.
func managersOf(s *kms.Snapshot, key *kms.Key) []manager {
	if key.Exists != terraform.True {
		return nil
	}
	var list []manager
	add := func(m manager) {
		if m.Exists != terraform.True || m.Ignores("policy") || m.policy.Set() != terraform.True || m.policy.IsString("") == terraform.True {
			return
		}
		for _, other := range list {
			if sameValue(m.policy, other.policy) {
				return
			}
		}
		list = append(list, m)
	}
	add(manager{key.Resource, key.Attr("policy")})
	for _, p := range s.KeyPolicies {
		if certainlyFor(p, key) {
			add(manager{p.Resource, p.Attr("policy")})
		}
	}
	return list
}

// certainlyFor tells that a policy is for the one instance that a key stands for.
func certainlyFor(p kms.KeyPolicy, key *kms.Key) bool {
	ref := p.KeyID.Reference
	if ref == nil || ref.Instance == terraform.UnknownInstance || len(key.Instances) > 1 {
		return false
	}
	targets := ref.Resources()
	return len(targets) == 1 && targets[0] == key.Resource
}

// sameValue tells that two policies cannot differ, so that it does not matter which is in force.
func sameValue(a, b terraform.Value) bool {
	if text, known := a.Text(); known {
		return b.IsString(text) == terraform.True
	}
	return a.Reference != nil && b.Reference != nil && a.Reference.Instance != terraform.UnknownInstance &&
		a.Reference.String() == b.Reference.String()
}
