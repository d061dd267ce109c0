package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed no_explicit_policy.txtar
var noExplicitPolicySpec string

// NoExplicitPolicy reports a key that nobody wrote a policy for. The default policy is valid, so this is never
// more than low.
var NoExplicitPolicy = rule.Rule{
	ID: "KMS216", Name: "no-explicit-policy",
	Title:      "Key relies on the default key policy",
	Severity:   finding.Low,
	References: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"},
	Compliance: []string{"AWS Well-Architected SEC03-BP02"},
	Spec:       noExplicitPolicySpec,
	Check:      checkNoExplicitPolicy,
}

func checkNoExplicitPolicy(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		if !unset(key.Attr("policy")) || key.Ignores("policy") || key.HandedOut() || kept(p, key) {
			continue
		}
		if !p.Decide(key.Resource, elsewhere(p.Head, key)) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: "policy",
			Message: fmt.Sprintf("`%s` has no key policy of its own, so KMS gives it the default one. Every principal of the "+
				"account whose IAM policies grant `kms` actions can then use, change or delete the key.", key.Address),
		})
	}
}

// kept tells that the key had a policy before the change. Terraform leaves the old policy in place when the
// argument is taken away, and what the end of an aws_kms_key_policy does is told by KMS806.
// https://github.com/hashicorp/terraform-provider-aws/issues/22557
func kept(p *rule.Pass, key *kms.Key) bool {
	before := p.Before(key.Resource)
	if before == nil {
		return false
	}
	had := func(old *kms.Key) bool { return old.Resource == before && len(old.Policies) > 0 }
	return !unset(before.Attr("policy")) || slices.ContainsFunc(p.Base.Keys, had)
}

// unset tells that a policy argument says nothing. The provider accepts an empty text, and sends no policy for it.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/kms/key.go
func unset(policy terraform.Value) bool {
	return policy.Absent() || policy.IsString("") == terraform.True
}

// elsewhere is the condition that no aws_kms_key_policy is for this key. One whose key is not certainly another
// may be for it, and so may one in a file that could not be read.
func elsewhere(s *kms.Snapshot, key *kms.Key) rule.Condition {
	c := rule.Condition{Attribute: "policy", Holds: terraform.True}
	if s.Config.Broken(key.Scope.Module.Dir) {
		c.Holds, c.Value.Reason = terraform.Undecided, "a file of this module could not be read"
	}
	for _, policy := range s.KeyPolicies {
		if policy.Scope.Root != key.Scope.Root {
			continue
		}
		switch target := policy.KeyID.Reference; {
		case target != nil && target.Address == key.Address:
			return rule.Condition{Attribute: "policy", Holds: terraform.False}
		case target != nil && isKey(s.Resource(key.Scope.Root, target.Address)):
		default:
			c = rule.Condition{Attribute: "policy", Holds: terraform.Undecided, Value: policy.KeyID}
			c.Value.Reason = fmt.Sprintf("`%s` may be for this key: %s", policy.Address, reason(policy.KeyID))
		}
	}
	return c
}

func isKey(r *terraform.Resource) bool {
	if r == nil {
		return false
	}
	switch r.Type {
	case "aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key":
		return true
	default:
		return false
	}
}

func reason(keyID terraform.Value) string {
	if keyID.Reason == "" {
		return "its `key_id` is written out"
	}
	return keyID.Reason
}
