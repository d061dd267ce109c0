package analyzer

import (
	"slices"
	"strings"

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

// subject is a rule's word on a resource.
type subject struct {
	rule     string
	resource *terraform.Resource
}

// run applies all rules and waivers to one snapshot. Findings of the base carry their addresses at head.
func (a *analysis) run(s, base *kms.Snapshot) ([]result, []located) {
	var results []result
	var undecided []located
	silenced := map[subject]bool{}
	for _, r := range a.rules {
		problems, open := rule.Run(r, rule.Given{Head: s, Base: base, Now: a.in.Now, Options: a.in.Settings.Options})
		for _, p := range problems {
			results = append(results, a.result(r, p, s == a.base))
			for _, id := range r.Supersedes {
				silenced[subject{id, p.Resource}] = true
			}
		}
		for _, u := range open {
			undecided = append(undecided, located{Undecided: u.Undecided, root: u.Resource.Scope.Root})
		}
	}
	results = a.waive(s, results, undecided)
	return slices.DeleteFunc(results, func(r result) bool {
		return silenced[subject{r.finding.Rule, r.resource}] || a.in.Settings.Ignores(r.finding.File) || terraform.Installed(r.finding.File)
	}), undecided
}

// waive marks what comments in the code suppress, and adds what is wrong with those comments.
func (a *analysis) waive(s *kms.Snapshot, results []result, undecided []located) []result {
	in := waiver.Input{Files: s.Config.Texts(), Rules: rules.All(), Ran: map[string]bool{}, Now: a.in.Now}
	for _, r := range a.rules {
		in.Ran[r.ID] = !r.Hazard || a.base != nil && s != a.base
	}
	for _, r := range results {
		in.Findings = append(in.Findings, r.finding)
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
		results = append(results, result{finding: p, keys: []string{p.Fingerprint}})
	}
	return results
}

func (a *analysis) result(of rule.Rule, p rule.Problem, atBase bool) result {
	root, address := p.Resource.Scope.Root, p.Resource.Address
	if atBase {
		address = a.change.AtHead(root, address)
	}
	block := p.Resource.Range()
	f := finding.Finding{
		Rule: of.ID, Name: of.Name, Severity: p.Severity, Status: finding.New,
		Address: address, Module: root, Instances: nonNil(p.Resource.Instances),
		File: p.Range.Filename, StartLine: p.Range.Start.Line, EndLine: p.Range.End.Line,
		Message: p.Message, Evidence: evidence(p.Evidence), References: nonNil(of.References),
		Fingerprint: finding.Fingerprint(of.ID, root, address, p.Attribute, p.Discriminator),
		BlockStart:  block.Start.Line, BlockEnd: block.End.Line, Hazard: of.Hazard,
	}
	if f.File != block.Filename {
		f.BlockStart, f.BlockEnd = f.StartLine, f.EndLine
	}
	f.InDiff = a.inDiff(f)
	r := result{finding: f, resource: p.Resource, keys: []string{f.Fingerprint + strings.Join(f.Instances, ",")}}
	if p.Fix != nil {
		r.fixes = append(r.fixes, p.Fix)
	}
	return r
}

func evidence(list []rule.Evidence) []finding.Evidence {
	out := []finding.Evidence{}
	for _, e := range list {
		out = append(out, finding.Evidence{File: e.Range.Filename, StartLine: e.Range.Start.Line, EndLine: e.Range.End.Line, Note: e.Note})
	}
	return out
}

func (a *analysis) inDiff(f finding.Finding) bool {
	for _, changed := range a.in.Changed {
		if changed.Path != f.File {
			continue
		}
		for _, line := range changed.Added {
			if f.StartLine <= line && line <= f.EndLine {
				return true
			}
		}
	}
	return false
}

// grouped puts the findings of several instances together that are the same problem in the same place.
func grouped(results []result) []result {
	type place struct {
		fingerprint string
		status      finding.Status
		file        string
		line        int
	}
	at := map[place]int{}
	var out []result
	for _, r := range results {
		key := place{r.finding.Fingerprint, r.finding.Status, r.finding.File, r.finding.StartLine}
		i, seen := at[key]
		if !seen {
			at[key] = len(out)
			out = append(out, r)
			continue
		}
		first := &out[i]
		first.finding.Instances = append(slices.Clone(first.finding.Instances), r.finding.Instances...)
		first.keys = append(first.keys, r.keys...)
		first.fixes = append(slices.Clone(first.fixes), r.fixes...)
	}
	return out
}
