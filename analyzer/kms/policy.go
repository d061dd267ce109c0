package kms

import (
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Policy reads a key's policy: what its policy argument says, or an aws_kms_key_policy for it. Where several
// resources set it, each apply sets the policy of another one, so each is an alternative. An absent document means
// AWS's default policy, which leaves all to the account's IAM policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func (s *Snapshot) Policy(key *Key) policy.Document {
	d, read := s.policies[key]
	if !read {
		d = s.readPolicy(key)
		s.policies[key] = d
	}
	return d
}

func (s *Snapshot) readPolicy(key *Key) policy.Document {
	inline := policy.FromValue(key.Attr("policy"), s.documents)
	attached, certain := s.attached(key)
	switch {
	case len(attached) == 0 && inline.Absent:
		return s.nowhere(key, inline)
	case len(attached) == 0:
		return inline
	case certain && inline.Absent && len(attached) == 1:
		return attached[0]
	case certain && inline.Absent:
		return either(inline, attached, "several resources set the key's policy")
	case certain:
		return either(inline, append(attached, inline), "the key's argument and another resource set its policy")
	default:
		return either(inline, append(attached, inline), "it is not known which resource sets the key's policy")
	}
}

// attached reads the aws_kms_key_policy resources that are for the key; certain tells that there are such. Without
// one, and without an argument, those that may be for it count too.
func (s *Snapshot) attached(key *Key) (documents []policy.Document, certain bool) {
	var perhaps []policy.Document
	for _, p := range s.KeyPolicies {
		if p.Scope.Root != key.Scope.Root {
			continue
		}
		switch p.isFor(key) {
		case terraform.True:
			documents = append(documents, policy.FromValue(p.Attr("policy"), s.documents))
			certain = certain || p.ExistsWith(key.Resource) == terraform.True
		case terraform.Undecided:
			perhaps = append(perhaps, policy.FromValue(p.Attr("policy"), s.documents))
		case terraform.False:
		}
	}
	if len(documents) == 0 && key.Attr("policy").Absent() {
		return perhaps, false
	}
	return documents, certain
}

// isFor tells whether the policy is for a key, by what its key_id refers to. A key_id that is written out, or
// known only after apply, may be that of any key.
func (p KeyPolicy) isFor(key *Key) terraform.Truth {
	ref := p.KeyID.Reference
	if ref == nil {
		return terraform.Undecided
	}
	targets := ref.Resources()
	if !slices.Contains(targets, key.Resource) {
		if slices.ContainsFunc(targets, func(r *terraform.Resource) bool { return slices.Contains(keyTypes, r.Type) }) {
			return terraform.False
		}
		return terraform.Undecided
	}
	if len(targets) == 1 {
		return terraform.True
	}
	return terraform.Undecided
}

// nowhere is the document of a key whose policy nothing that was read sets.
func (s *Snapshot) nowhere(key *Key, inline policy.Document) policy.Document {
	switch {
	case s.Config.Broken(key.Scope.Module.Dir):
		inline.Absent, inline.Open, inline.Reason = false, true, "a file of this module could not be read"
	case s.Config.Forgets(key.Scope.Root, "aws_kms_key_policy"):
		inline.Absent, inline.Open, inline.Reason = false, true, "a `removed` block leaves a policy in AWS that is not in the configuration any more"
	case key.HandedOut():
		inline.Absent, inline.Open = false, true
		inline.Reason = fmt.Sprintf("`%s` is given to a module that is not in this repository, which may set its policy", key.Address)
	}
	return inline
}

func either(inline policy.Document, all []policy.Document, reason string) policy.Document {
	d := policy.Document{Range: inline.Range, Open: true, Reason: reason}
	for _, one := range all {
		if len(one.Alternatives) > 0 {
			d.Alternatives = append(d.Alternatives, one.Alternatives...)
		} else {
			d.Alternatives = append(d.Alternatives, one)
		}
	}
	return d
}
