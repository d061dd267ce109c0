package policychange

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_policy_detached.txtar
var keyPolicyDetachedSpec string

// KeyPolicyDetached reports a policy that goes, or goes to another key, with an effect that the plan does not show: high
// where a key ends up with AWS's default policy, medium where it may, low where nothing happens at all.
var KeyPolicyDetached = rule.Rule{
	ID: "KMS806", Name: "key-policy-detached",
	Title:    "Key policy removed or bound to another key, with a surprising effect",
	Severity: finding.High,
	Hazard:   true,
	References: []string{"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key_policy",
		"https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/kms/key_policy.go",
		"https://github.com/hashicorp/terraform-provider-aws/issues/22557"},
	Compliance: []string{"AWS Well-Architected SEC03-BP02", "NIST SP 800-53 CM-6"},
	Spec:       keyPolicyDetachedSpec,
	Check: func(p *rule.Pass) {
		for _, old := range p.Base.Keys {
			for _, attached := range old.Policies {
				checkDestroyed(p, old, attached.Resource)
			}
		}
		for _, r := range revisions(p) {
			checkArgumentGone(r)
		}
		for _, policy := range p.Head.KeyPolicies {
			checkRebound(p, policy)
		}
	},
}

// checkDestroyed reports an aws_kms_key_policy that goes while its key stays: the provider then writes the default
// policy, unless the resource bypasses the lockout check.
func checkDestroyed(p *rule.Pass, old *kms.Key, attached *terraform.Resource) {
	key := keyAt(p.Head, p.After(old.Resource))
	fate := p.Follow(attached)
	if key == nil || fate.Fate != rule.Destroyed || len(fate.Instances) > 0 || attached.Exists != terraform.True || key.Exists != terraform.True {
		return
	}
	document := p.Head.Policy(key)
	problem := rule.Problem{Resource: attached, AtBase: true, Attribute: "resource", Discriminator: old.Address}
	if fate.By != nil {
		problem.AtBase, problem.Range = false, fate.By.Range
	} else {
		problem.Fix = func() []finding.Edit { return forget(p, attached) }
	}
	switch bypass := attached.Attr(attrBypass).IsTrue(); {
	case bypass == terraform.Undecided:
		return
	case bypass == terraform.True && !document.Absent:
		return
	case bypass == terraform.True:
		problem.Severity, problem.Fix = finding.Low, nil
		problem.Message = fmt.Sprintf("`%s` goes, but the policy that it set stays on `%s`: with `%s` its destruction writes nothing. Nobody manages "+
			"that policy from now on, and it is in force although the configuration does not show it.", attached.Address, key.Address, attrBypass)
	case document.Absent:
		if access.Compare(p.Base.Policy(old), document, p.Base.Owner(old), p.Head.Owner(key)).Verdict == access.Equal {
			return
		}
		problem.Message = fmt.Sprintf("Destroying `%s` puts AWS's default policy on `%s`, which stays: from the apply on, every principal of the account "+
			"whose IAM policies grant `kms` actions can use, change or delete the key. To let go of the resource and keep its policy, add a "+
			"`removed` block with `destroy = false`.", attached.Address, key.Address)
	case !setElsewhere(key) || defaultAlready(p, key):
		return
	default:
		problem.Severity = finding.Medium
		problem.Message = fmt.Sprintf("Destroying `%s` puts AWS's default policy on `%s`, whose policy something else sets, too: nothing makes Terraform "+
			"do that last, nor in this apply at all, so the default policy may be the one that is left. Forget the resource with a `removed` block and "+
			"`destroy = false`, or continue it with a `moved` block.", attached.Address, key.Address)
	}
	p.Report(problem)
}

// setElsewhere tells that something else certainly sets the policy of a key at head. What is there before and after the
// change is no better than what is new: Terraform sees that the policy differs when it plans the next time.
func setElsewhere(key *kms.Key) bool {
	return key.Attr(attrPolicy).Set() == terraform.True ||
		slices.ContainsFunc(key.Policies, func(other kms.KeyPolicy) bool { return other.Exists == terraform.True })
}

// defaultAlready tells that all that sets the policy of a key says what AWS's default policy does.
func defaultAlready(p *rule.Pass, key *kms.Key) bool {
	owner := p.Head.Owner(key)
	return access.Compare(policy.Document{Absent: true}, p.Head.Policy(key), owner, owner).Verdict == access.Equal
}

// forget is a moved block to the only new policy of the same kind, else a removed block in the place of the resource.
func forget(p *rule.Pass, policy *terraform.Resource) []finding.Edit {
	from := policy.Type + "." + policy.Name
	var successors []*terraform.Resource
	for _, now := range p.Head.OfType(policy.Type) {
		if now.Scope.Root == policy.Scope.Root && now.Scope.Path == policy.Scope.Path && p.Before(now) == nil && now.Attr("key_id").Reference != nil &&
			policy.Attr("key_id").Reference != nil && now.Attr("key_id").Reference.String() == policy.Attr("key_id").Reference.String() {
			successors = append(successors, now)
		}
	}
	if len(successors) == 1 {
		to := successors[0]
		return fix.After(to, fmt.Sprintf("moved {\n  from = %s\n  to   = %s.%s\n}\n", from, to.Type, to.Name))
	}
	head := p.Head.Config.Source(policy.File())
	if head == nil || !policy.Native() {
		return nil
	}
	gone := policy.Range()
	return fix.InPlaceOf(policy.File(), policy.Source(), gone.Start.Byte, gone.End.Byte, head,
		fmt.Sprintf("removed {\n  from = %s\n\n  lifecycle {\n    destroy = false\n  }\n}\n", from))
}

func keyAt(s *kms.Snapshot, r *terraform.Resource) *kms.Key {
	for _, key := range s.Keys {
		if key.Resource == r {
			return key
		}
	}
	return nil
}

// checkArgumentGone reports a policy argument that is taken away: to the provider that is no change.
func checkArgumentGone(r revision) {
	was, is := r.old.Attr(attrPolicy), r.key.Attr(attrPolicy)
	if was.Set() != terraform.True || was.IsString("") == terraform.True || r.old.Ignores(attrPolicy) || r.key.Ignores(attrPolicy) {
		return
	}
	if !r.Head.Policy(r.key).Absent || replaced(r.old.Resource, r.key.Resource) || len(r.old.Policies) > 0 {
		return
	}
	r.Report(rule.Problem{
		Resource: r.key.Resource, Attribute: attrPolicy, Severity: finding.Low, Range: r.visible(is.Range),
		Message: fmt.Sprintf("`%s` no longer has a `policy`, and nothing comes of it: to the provider a missing policy means any, so the old one "+
			"stays in force and Terraform no longer looks after it. Write the policy that is to hold from now on, be it AWS's default one.", r.key.Address),
		Evidence: r.evidence(nil, was.Range, "this policy stays in force"),
	})
}

// replacing are the arguments of which a change makes another key.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key
var replacing = []string{"custom_key_store_id", "customer_master_key_spec", "key_usage", "multi_region", "xks_key_id", "primary_key_arn", "key_material_base64", "region"}

// replaced tells that a key may be another one after the apply.
func replaced(old, key *terraform.Resource) bool {
	for _, name := range replacing {
		was, is := old.Attr(name), key.Attr(name)
		before, known := was.Symbol()
		after, knownToo := is.Symbol()
		if was.Absent() != is.Absent() || !was.Absent() && (!known || !knownToo || before != after) {
			return true
		}
	}
	return false
}

// checkRebound reports an aws_kms_key_policy that is for another key now: the provider writes a changed policy to the
// old key, and never one to the new.
func checkRebound(p *rule.Pass, policy kms.KeyPolicy) {
	before := p.Before(policy.Resource)
	if before == nil || policy.Exists != terraform.True || before.Digest() == policy.Digest() || policy.Ignores("key_id") || replacedWith(policy.Resource) ||
		policy.Scope.ProviderVersion().Below(6, 0) == terraform.False {
		return
	}
	olds, _, was := p.Base.Target(before.Attr("key_id"), before)
	keys, _, is := p.Head.Target(policy.KeyID, policy.Resource)
	if was != terraform.True || is != terraform.True || len(keys[0].Instances) > 1 || p.After(olds[0].Resource) == keys[0].Resource || p.Before(keys[0].Resource) == olds[0].Resource {
		return
	}
	old, key := olds[0], keys[0]
	if key.Attr(attrPolicy).Set() != terraform.False || len(key.Policies) > 1 {
		return // its policy comes from elsewhere
	}
	effect := fmt.Sprintf("`%s` keeps that policy and `%s` has AWS's default one", old.Address, key.Address)
	if hadPolicy(p, key) {
		effect = fmt.Sprintf("`%s` keeps that policy and `%s` the one that it has", old.Address, key.Address)
	}
	p.Report(rule.Problem{
		Resource: policy.Resource, Attribute: "key_id", Range: policy.KeyID.Range,
		Message: fmt.Sprintf("The plan shows that `%s` goes from `%s` to `%s` in place, but the provider never writes the policy to another key: %s. "+
			"Give the resource another name, so that Terraform creates it for the new key.", policy.Address, old.Address, key.Address, effect),
		Evidence: revision{Pass: p}.evidence(nil, before.Attr("key_id").Range, "the key before this change"),
		Fix:      func() []finding.Edit { return rename(p, policy.Resource, key) },
	})
}

// hadPolicy tells that a key had a policy of its own before.
func hadPolicy(p *rule.Pass, key *kms.Key) bool {
	old := keyAt(p.Base, p.Before(key.Resource))
	return old != nil && !p.Base.Policy(old).Absent
}

// replacedWith tells that the resource is made anew with another one.
// https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#replace_triggered_by
func replacedWith(r *terraform.Resource) bool {
	blocks, complete := r.Blocks("lifecycle")
	for _, b := range blocks {
		if b.Attr("replace_triggered_by").Range.Filename != "" {
			return true
		}
	}
	return !complete
}

// rename calls the policy as its key, and lets Terraform forget the one under the old name.
func rename(p *rule.Pass, policy *terraform.Resource, key *kms.Key) []finding.Edit {
	if policy.Name == key.Name || key.Scope != policy.Scope || len(policy.Referrers()) > 0 {
		return nil
	}
	for _, other := range p.Head.OfType(policy.Type) {
		if other.Scope == policy.Scope && other.Name == key.Name {
			return nil
		}
	}
	return fix.Rename(policy, key.Name, fmt.Sprintf("removed {\n  from = %s.%s\n\n  lifecycle {\n    destroy = false\n  }\n}\n", policy.Type, policy.Name))
}
