package policychange

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed root_delegation_removed.txtar
var rootDelegationRemovedSpec string

const defaultPolicyGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"

// RootDelegationRemoved reports a key policy that stops leaving the key to the account's IAM policies.
var RootDelegationRemoved = rule.Rule{
	ID: "KMS805", Name: "root-delegation-removed",
	Title:      "This change takes the account's root out of the key policy",
	Severity:   finding.High,
	Hazard:     true,
	Supersedes: []string{"KMS204"},
	References: []string{defaultPolicyGuide + "#key-policy-default-allow-root-enable-iam"},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       rootDelegationRemovedSpec,
	Check:      checkRootDelegationRemoved,
}

func checkRootDelegationRemoved(p *rule.Pass) {
	for _, r := range revisions(p) {
		base, head, ok := r.policies()
		if !ok || head.Resource == nil && len(head.Statements) == 0 {
			continue
		}
		had, statement := delegation(base, r.Base.Owner(r.old))
		if had != terraform.True {
			continue
		}
		owner := r.Head.Owner(r.key)
		has, _ := delegation(head, owner)
		if complete, why := access.Complete(head, owner, action.PutKeyPolicy); has != terraform.False || complete != terraform.True {
			if has == terraform.False {
				p.Undecided(r.key.Resource, attrPolicy, terraform.Value{Range: r.visible(head.Range), Reason: why})
			}
			continue
		}
		p.Report(r.undelegated(head, statement))
	}
}

// delegation tells whether a policy leaves the administration of the key to the IAM policies of its account, and by
// which statement: one that allows kms:PutKeyPolicy to the account's root, or to everyone.
func delegation(d policy.Document, o access.Owner) (truth terraform.Truth, by *policy.Statement) {
	if d.Absent {
		return terraform.True, nil
	}
	for i, one := range alternatives(d) {
		holds, statement := delegationOf(one, o)
		if i > 0 && holds != truth {
			return terraform.Undecided, nil
		}
		truth, by = holds, statement
	}
	return truth, by
}

func delegationOf(d policy.Document, o access.Owner) (terraform.Truth, *policy.Statement) {
	truth := terraform.False
	for i := range d.Statements {
		s := &d.Statements[i]
		_, possible := access.Actions(*s)
		if s.Effect.Is("Allow") == terraform.False || possible&action.PutKeyPolicy == 0 {
			continue
		}
		certain, _ := access.Actions(*s)
		list, _ := access.Principals(*s, o)
		for _, p := range list {
			root := p.Kind == access.Everyone || p.Kind == access.Account && p.Own == terraform.True
			if root && allows(*s, o) && certain&action.PutKeyPolicy != 0 {
				return terraform.True, s
			}
			if root || p.Kind == access.Account && p.Own == terraform.Undecided || p.Kind == access.Unknown {
				truth = terraform.Undecided
			}
		}
		if s.NotPrincipals.Present != terraform.False {
			truth = terraform.Undecided
		}
	}
	return truth, nil
}

func (r revision) undelegated(head policy.Document, was *policy.Statement) rule.Problem {
	problem := rule.Problem{Resource: r.key.Resource, Attribute: attrPolicy, Shared: true, Range: r.visible(whole(head))}
	losers, places := dependants(r.Head, r.key)
	who := "every principal that the policy does not name loses what its IAM policies allow with the key"
	if len(losers) > 0 {
		who = "what " + strings.Join(losers, ", ") + " allows with the key no longer counts"
	}
	problem.Message = fmt.Sprintf("The policy of `%s` no longer lets the account's root administer the key, so IAM policies stop working for it "+
		"at the apply: %s. Terraform itself may be one of them, and then cannot take this back.", r.key.Address, who)
	if was != nil {
		problem.Evidence = r.evidence(problem.Evidence, was.Range, "this statement left the key to IAM policies")
		problem.Fix = func() []finding.Edit { return r.reinstate(head, *was) }
	}
	problem.Evidence = append(problem.Evidence, places...)
	return problem
}

// whole is the place of a document.
func whole(d policy.Document) hcl.Range {
	if d.Resource != nil {
		return d.Resource.Range()
	}
	return d.Range
}

// maxDependants is how many identity policies a message names.
const maxDependants = 3

// dependants lists the identity policies that allow something with a key by its name.
func dependants(s *kms.Snapshot, key *kms.Key) (names []string, places []rule.Evidence) {
	for _, w := range s.IAMDocuments() {
		name := "`" + w.Address + "`"
		if w.Scope.Root != key.Scope.Root || len(names) == maxDependants || slices.Contains(names, name) {
			continue
		}
		for _, statement := range w.Document.Statements {
			names, places = dependant(statement, key, name, w, names, places)
		}
	}
	return names, places
}

func dependant(s policy.Statement, key *kms.Key, name string, w kms.Written, names []string, places []rule.Evidence) ([]string, []rule.Evidence) {
	about := slices.ContainsFunc(s.Resources.Items, func(t policy.Text) bool {
		ref := t.Reference()
		return ref != nil && slices.Contains(ref.Resources(), key.Resource)
	})
	certain, _ := access.Actions(s)
	if !about || certain == 0 || s.Effect.Is("Allow") != terraform.True || slices.Contains(names, name) {
		return names, places
	}
	return append(names, name), append(places, rule.Evidence{Range: w.Header(), Note: "allows something with the key"})
}

// reinstate writes the statement of the base into the policy again: in its place where head has another one of its
// name, else in front. What it refers to has to be there still.
func (r revision) reinstate(head policy.Document, was policy.Statement) []finding.Edit {
	source := r.Base.Config.Source(was.Range.Filename)
	if source == nil || !r.refersToWhatIsThere(head, was) {
		return nil
	}
	same := func(s policy.Statement) bool {
		name, _ := s.Sid.Symbol()
		other, _ := was.Sid.Symbol()
		return name == other && name != ""
	}
	if !slices.ContainsFunc(head.Statements, same) {
		return fix.Policies{Source: r.Head.Config.Source}.Reinstate(head, was, source)
	}
	switch {
	case was.Resource == nil:
		return fix.Restore(r.old.Resource, r.key.Resource, was.Range)
	case head.Resource != nil && was.Resource.Address == head.Resource.Address:
		return fix.Restore(was.Resource, head.Resource, was.Range)
	}
	return nil
}

// refersToWhatIsThere tells that whatever the statement refers to is a resource or data source that head declares:
// nothing else would notice a reference to what the change took away.
func (r revision) refersToWhatIsThere(head policy.Document, was policy.Statement) bool {
	declared := map[string]bool{}
	scope := r.key.Scope
	if head.Resource != nil {
		scope = head.Resource.Scope
	}
	for _, other := range scope.Resources(nil) {
		declared[other.Address] = true
	}
	for _, group := range was.Principals.Groups {
		for _, item := range group.Identifiers.Items {
			for _, part := range item.Parts {
				if part.Unknown == nil {
					continue
				}
				if ref := part.Unknown.Reference; ref == nil || !declared[ref.Address] {
					return false
				}
			}
		}
	}
	return true
}
