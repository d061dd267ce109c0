package analyzer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/analyzer/waiver"
)

// located is an undecided rule with the root module of its address.
type located struct {
	finding.Undecided
	root string
}

// subject is what a rule's word is on: a resource, or a part of it.
type subject struct {
	rule     string
	resource *terraform.Resource
	part     hcl.Range
}

// run applies all rules and waivers to one snapshot. Findings of the base carry their addresses at head.
func (a *analysis) run(s, base *kms.Snapshot) ([]result, []located) {
	var results []result
	var undecided []located
	silenced := map[subject]bool{}
	for _, r := range a.rules {
		problems, open := rule.Run(r, rule.Given{Head: s, Base: base, Now: a.in.Now, Options: a.in.Settings.Options, Partly: a.partly[r.ID]})
		for _, p := range problems {
			results = append(results, a.result(r, p, s == a.base || p.AtBase))
			for _, id := range r.Supersedes {
				silenced[subject{id, p.Resource, p.Part}] = true
			}
		}
		for _, u := range open {
			undecided = append(undecided, located{Undecided: u.Undecided, root: u.Resource.Scope.Root})
		}
	}
	results = a.waive(s, results, undecided)
	return slices.DeleteFunc(results, func(r result) bool {
		spokenFor := silenced[subject{r.finding.Rule, r.resource, r.part}]
		if spokenFor && s == a.head {
			a.known[r.keys[0]], a.known[r.problem()] = true, true // a suggestion that mends what speaks for it does not bring it
		}
		return spokenFor || a.in.Settings.Ignores(r.finding.File) || terraform.Installed(r.finding.File) ||
			!r.everywhere && a.inExample(r.finding)
	}), undecided
}

// waive marks what comments in the code suppress, and adds what is wrong with those comments.
func (a *analysis) waive(s *kms.Snapshot, results []result, undecided []located) []result {
	in := waiver.Input{Files: s.Config.Texts(), Rules: rules.All(), Ran: map[string]bool{}, Now: a.in.Now}
	for _, r := range a.rules {
		in.Ran[r.ID] = !r.Hazard || a.base != nil && s != a.base
	}
	for _, r := range results {
		f := r.finding
		if f.AtBase {
			f.File = "" // no comment at head stands on lines of the base
		}
		in.Findings = append(in.Findings, f)
	}
	for _, u := range undecided {
		in.Undecided = append(in.Undecided, u.Undecided)
	}
	judged, problems := waiver.Apply(in)
	for i := range results {
		results[i].finding.Status = judged[i].Status
	}
	for _, p := range problems {
		if on, named := a.in.Settings.Rules[p.Rule]; named && !on {
			continue
		}
		p.InDiff = a.inDiff(p)
		results = append(results, result{finding: p, everywhere: true, keys: []key{{problem: p.Fingerprint}}})
	}
	return results
}

func (a *analysis) result(of rule.Rule, p rule.Problem, atBase bool) result {
	root, address := p.Resource.Scope.Root, p.Resource.Address
	if atBase {
		address = a.change.AtHead(root, address)
	}
	block := blockOf(p)
	discriminator := p.Discriminator
	if p.Twin > 0 {
		discriminator = fmt.Sprintf("%s\x00%d", discriminator, p.Twin+1)
	}
	f := finding.Finding{
		Rule: of.ID, Name: of.Name, Severity: p.Severity, Status: finding.New,
		Address: address, Module: root, Instances: nonNil(p.Resource.Instances),
		File: p.Range.Filename, StartLine: p.Range.Start.Line, EndLine: p.Range.End.Line,
		Message: p.Message, Evidence: evidence(p.Evidence), References: nonNil(of.References),
		Fingerprint: finding.Fingerprint(of.ID, root, address, p.Attribute, discriminator),
		BlockStart:  block.Start.Line, BlockEnd: block.End.Line, Hazard: of.Hazard, AtBase: p.AtBase,
	}
	f.InDiff = a.inDiff(f)
	r := result{finding: f, resource: p.Resource, part: p.Part, everywhere: of.Everywhere, keys: []key{{
		finding.Fingerprint(of.ID, root, address, p.Attribute, p.Discriminator) + strings.Join(f.Instances, ","), p.Twin,
	}}}
	switch {
	case p.Shared:
		r.shared = p.Attribute + "\x00" + discriminator
	case ofCalledModule(p):
		r.shared = p.Resource.Type + "." + p.Resource.Name + "\x00" + p.Attribute + "\x00" + discriminator
	}
	if p.Fix != nil {
		r.fixes = append(r.fixes, p.Fix)
	}
	return r
}

// ofCalledModule tells a problem whose place is in the code of a module that is called: it is there once, however many
// calls of however many root modules have it.
func ofCalledModule(p rule.Problem) bool {
	return strings.HasPrefix(p.Resource.Address, "module.") && path.Dir(p.Range.Filename) == p.Resource.Scope.Module.Dir
}

// blockOf is what a problem lies in: the resource's block, or elsewhere the part that it concerns.
func blockOf(p rule.Problem) hcl.Range {
	for _, block := range []hcl.Range{p.Resource.Range(), p.Part} {
		if block.Filename == p.Range.Filename && block.Start.Line <= p.Range.Start.Line && p.Range.End.Line <= block.End.Line {
			return block
		}
	}
	return p.Range
}

func evidence(list []rule.Evidence) []finding.Evidence {
	out := []finding.Evidence{}
	for _, e := range list {
		out = append(out, finding.Evidence{File: e.Range.Filename, StartLine: e.Range.Start.Line, EndLine: e.Range.End.Line, Note: e.Note, AtBase: e.AtBase})
	}
	return out
}

// inExample tells that a finding is an example's own: it lies there, or what decides it does. A module that only an
// example calls answers for what it says itself, and for what its own change does to whoever calls it: an example that
// gives it other arguments has no data that the next apply could lose.
func (a *analysis) inExample(f finding.Finding) bool {
	if a.in.Settings.IsExample(f.File) || f.Hazard && a.in.Settings.IsExample(path.Join(f.Module, "main.tf")) && !a.changes(f) {
		return true
	}
	for _, e := range f.Evidence {
		if a.in.Settings.IsExample(e.File) {
			return true
		}
	}
	return false
}

// changes tells that the change is one of the finding's file, too.
func (a *analysis) changes(f finding.Finding) bool {
	return slices.ContainsFunc(a.in.Changed, func(c ChangedFile) bool { return c.Path == f.File || f.AtBase && c.OldPath == f.File })
}

func (a *analysis) inDiff(f finding.Finding) bool {
	for _, changed := range a.in.Changed {
		name, lines := changed.Path, changed.Added
		if f.AtBase {
			name, lines = changed.OldPath, changed.Removed
		}
		if name != f.File {
			continue
		}
		for _, line := range lines {
			if f.StartLine <= line && line <= f.EndLine {
				return true
			}
		}
	}
	return false
}

// grouped puts the findings together that are the same problem in the same place: those of several instances, and
// those of several resources that share what is wrong.
func grouped(results []result) []result {
	type place struct {
		problem string
		status  finding.Status
		file    string
		line    int
	}
	slices.SortStableFunc(results, func(a, b result) int { return int(b.finding.Severity) - int(a.finding.Severity) }) // the worst speaks for all
	at := map[place]int{}
	var out []result
	for _, r := range results {
		key := place{r.finding.Fingerprint, r.finding.Status, r.finding.File, r.finding.StartLine}
		if r.shared != "" {
			key.problem = r.finding.Rule + "\x00" + r.shared
		}
		i, seen := at[key]
		if !seen {
			at[key] = len(out)
			out = append(out, r)
			continue
		}
		first := &out[i]
		if r.finding.Fingerprint == first.finding.Fingerprint {
			first.finding.Instances = append(slices.Clone(first.finding.Instances), r.finding.Instances...)
		} else {
			first.shares(r)
		}
		first.keys = append(first.keys, r.keys...)
		first.fixes = append(slices.Clone(first.fixes), r.fixes...)
	}
	for i := range out {
		out[i].listCallers()
	}
	return out
}

// maxSharing bounds what a finding lists: a module of a hundred callers makes a hundred keys.
const maxSharing = 10

// shares notes another resource that has the same problem in the same place.
func (r *result) shares(other result) {
	at, own := other.resource.Header(), r.resource.Header()
	if at == own {
		name := finding.Code(strings.TrimSuffix(other.finding.Address, "."+other.resource.Type+"."+other.resource.Name))
		switch {
		case other.finding.Module == r.finding.Module:
		case other.finding.Address == r.finding.Address:
			name = finding.Code(other.finding.Module)
		default:
			name += " of " + finding.Code(other.finding.Module)
		}
		if !slices.Contains(r.callers, name) {
			r.callers = append(r.callers, name)
		}
		return
	}
	name := finding.Code(other.finding.Address)
	if other.finding.Module != r.finding.Module { // where the address is no name: root modules that are alike have the same
		name += " of " + finding.Code(other.finding.Module)
	}
	note := finding.Evidence{File: at.Filename, StartLine: at.Start.Line, EndLine: at.End.Line, Note: name + " has the same problem"}
	same := slices.ContainsFunc(r.finding.Evidence, func(e finding.Evidence) bool { return e.Note == note.Note })
	if r.sharing++; r.sharing <= maxSharing && !same {
		r.finding.Evidence = append(slices.Clone(r.finding.Evidence), note)
	}
}

// listCallers says in one line which other calls of the module have the problem.
func (r *result) listCallers() {
	if len(r.callers) == 0 {
		return
	}
	listed, more := r.callers, ""
	if len(listed) > maxSharing {
		listed, more = listed[:maxSharing], fmt.Sprintf(" and %d more", len(listed)-maxSharing)
	}
	at := r.resource.Header()
	r.finding.Evidence = append(slices.Clone(r.finding.Evidence), finding.Evidence{
		File: at.Filename, StartLine: at.Start.Line, EndLine: at.End.Line, Note: "the same problem in " + strings.Join(listed, ", ") + more,
	})
}
