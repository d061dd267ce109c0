package keypolicy

import (
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

// judged is one document that a key's policy may be.
type judged struct {
	*rule.Pass
	resource *terraform.Resource // the key, or an aws_kms_key_policy whose key is not known
	owner    access.Owner
	document policy.Document
	open     *terraform.Value // the first thing that kept a rule from judging
}

// everyPolicy reports what a rule finds in the policy of each key. Of a policy that may be one of several documents,
// only what holds in all of them is reported.
func everyPolicy(p *rule.Pass, find func(*judged) []rule.Problem) {
	for _, j := range policies(p) {
		var common []rule.Problem
		for i, d := range alternatives(j.document) {
			one := j
			one.document = d
			found := find(&one)
			j.open = one.open
			if i > 0 {
				found = slices.DeleteFunc(common, func(c rule.Problem) bool {
					return !slices.ContainsFunc(found, func(f rule.Problem) bool { return f.Discriminator == c.Discriminator })
				})
			}
			common = found
		}
		said := map[string]int{}
		for _, problem := range common {
			problem.Twin = said[problem.Discriminator]
			said[problem.Discriminator]++
			p.Report(problem)
		}
		if j.open != nil && len(common) == 0 {
			p.Undecided(j.resource, "policy", *j.open)
		}
	}
}

// policies lists the policies that the configuration gives to keys. What Terraform does not manage after the creation
// (ignore_changes) is left out.
func policies(p *rule.Pass) []judged {
	var list []judged
	for _, key := range p.Head.Keys {
		d := p.Head.Policy(key)
		if d.Absent || key.Ignores("policy") && !key.Attr("policy").Absent() {
			continue
		}
		if slices.ContainsFunc(key.Policies, func(r kms.KeyPolicy) bool { return r.Ignores("policy") }) {
			continue
		}
		list = append(list, judged{Pass: p, resource: key.Resource, owner: p.Head.Owner(key), document: d})
	}
	for _, w := range p.Head.KeyDocuments() {
		if w.Key == nil && !w.Document.Absent {
			list = append(list, judged{Pass: p, resource: w.Resource, owner: access.OwnerOf(w.Resource), document: w.Document})
		}
	}
	return list
}

func alternatives(d policy.Document) []policy.Document {
	if len(d.Alternatives) == 0 {
		return []policy.Document{d}
	}
	var all []policy.Document
	for _, one := range d.Alternatives {
		all = append(all, alternatives(one)...)
	}
	return all
}

// allow is a statement that certainly allows.
type allow struct {
	policy.Statement
	actions action.Set // those it certainly allows, of those that a key policy can
}

// allows lists the statements of a document that certainly allow something.
func (j *judged) allows() []allow {
	var list []allow
	for _, s := range j.document.Statements {
		effective, _ := access.Effective(s, j.owner)
		if s.Effect.Is("Allow") != terraform.True || effective != terraform.True { // which no statement is that may not be there
			continue
		}
		certain, _ := access.Actions(s)
		list = append(list, allow{s, certain & action.Effective})
	}
	return list
}

// left is what no other statement can take away again from what one allows a principal.
func (j *judged) left(a allow, p access.Principal) action.Set {
	_, denied := access.Denied(j.document, p, j.owner)
	return a.actions &^ denied
}

// problem is one about a statement: it stands where a part of it is written.
func (j *judged) problem(s policy.Statement, at hcl.Range, discriminator, message string, evidence ...rule.Evidence) rule.Problem {
	return rule.Problem{
		Resource: j.resource, Attribute: "policy", Discriminator: discriminator, Shared: true,
		Range: j.visible(at), Part: j.visible(s.Range), Message: message,
		Evidence: slices.DeleteFunc(evidence, func(e rule.Evidence) bool { return j.visible(e.Range).Filename == "" }),
	}
}

// whole is a problem of a document: it stands where the document begins, or its first statement if the key only refers
// to it, so that all keys that do have one finding.
func (j *judged) whole(message string, evidence ...rule.Evidence) rule.Problem {
	at := j.document.Range
	if j.document.Resource != nil {
		at = j.document.Resource.Header()
	} else if first := j.document.Statements; len(first) > 0 && !at.Overlaps(first[0].Range) {
		at = first[0].Range
	}
	problem := j.problem(policy.Statement{}, at, "", message, evidence...)
	problem.Range.End = problem.Range.Start // one line, of a text that may be long
	return problem
}

// visible is a place in a file of the user's; in one that is ours, as of a known module of a registry, nobody can look.
func (j *judged) visible(at hcl.Range) hcl.Range {
	if j.Head.Config.Source(at.Filename) == nil {
		return hcl.Range{}
	}
	return at
}

// undecided notes why a rule cannot judge the policy.
func (j *judged) undecided(at hcl.Range, reason string) {
	if j.open == nil {
		j.open = &terraform.Value{Range: j.visible(at), Reason: reason}
	}
}

func (j *judged) editor() fix.Policies { return fix.Policies{Source: j.Head.Config.Source} }

// identity tells a statement from the others of its policy, whatever is moved or added elsewhere: by its Sid, or by
// whom it is about.
func identity(s policy.Statement) string {
	if sid, _ := s.Sid.Symbol(); sid != "" {
		return "Sid " + sid
	}
	effect, _ := s.Effect.Symbol()
	words := []string{effect}
	for _, principals := range []policy.Principals{s.Principals, s.NotPrincipals} {
		for _, group := range principals.Groups {
			typ, _ := group.Type.Symbol()
			words = append(words, typ)
			for _, item := range group.Identifiers.Items {
				identifier, _ := item.Symbol()
				words = append(words, identifier)
			}
		}
		words = append(words, "")
	}
	for _, item := range slices.Concat(s.Actions.Items, s.NotActions.Items) {
		name, _ := item.Symbol()
		words = append(words, name)
	}
	return strings.Join(words, "\x00")
}

// actionsAt is where a statement says what it allows.
func actionsAt(s policy.Statement) hcl.Range {
	if len(s.Actions.Items) > 0 {
		return s.Actions.Range
	}
	return s.NotActions.Range
}

// maxListed is how many names a message lists.
const maxListed = 3

// listed writes names for a reader.
func listed(names []string) string {
	if len(names) <= maxListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
}

// weighty are the actions that a reader has to hear of first.
var weighty = []action.Set{action.Decrypt, action.CreateGrant, action.Sign, action.PutKeyPolicy, action.ScheduleKeyDeletion}

// named writes actions for a reader: all of a few, the weighty of many.
func named(actions action.Set) string {
	if actions.Len() <= maxListed+1 {
		return finding.Code(actions.String())
	}
	var names []string
	for _, one := range weighty {
		if actions&one != 0 && len(names) < 2 {
			names = append(names, finding.Code(one.String()))
		}
	}
	if len(names) == 0 {
		return finding.Code(actions.String())
	}
	return fmt.Sprintf("%s and %d more actions", strings.Join(names, ", "), actions.Len()-len(names))
}

func symbol(t policy.Text) string { return finding.Code(t.Words()) }
