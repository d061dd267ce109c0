package lifecycle

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// checkModules reports modules with keys that come from elsewhere from now on, or in another major version: what that
// does to the keys is not in the change.
func checkModules(p *rule.Pass) {
	calls := map[string]map[string]terraform.ModuleCall{}
	of := func(config *terraform.Configuration, side, root string) map[string]terraform.ModuleCall {
		if calls[side+root] == nil {
			calls[side+root] = map[string]terraform.ModuleCall{}
			for _, call := range config.Calls(root) {
				calls[side+root][call.Path] = call
			}
		}
		return calls[side+root]
	}
	for _, key := range p.Base.Keys {
		if key.Scope.Path == "" {
			continue
		}
		root := key.Scope.Root
		before, after := of(p.Base.Config, "base ", root), of(p.Head.Config, "head ", root)
		for path, was := range before {
			below := key.Scope.Path == path || strings.HasPrefix(key.Scope.Path, path+".")
			if now, stays := after[path]; below && stays && elsewhere(was, now) {
				reportModule(p, key, was, now)
			}
		}
	}
}

// elsewhere tells that nobody can see from the configuration what a module has become.
func elsewhere(was, now terraform.ModuleCall) bool {
	if was.Source == "" || now.Source == "" || isLocal(now.Source) {
		return false
	}
	from, reference := split(was)
	to, other := split(now)
	if from != to {
		return true
	}
	x, y := major(reference), major(other)
	return x != "" && y != "" && x != y
}

func isLocal(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// split takes the version out of a module's source.
// https://developer.hashicorp.com/terraform/language/modules/sources#selecting-a-revision
func split(call terraform.ModuleCall) (source, version string) {
	source, ref, found := strings.Cut(call.Source, "?ref=")
	if found {
		return source, ref
	}
	return source, call.Version
}

var firstNumber = regexp.MustCompile(`^[^0-9]*([0-9]+)\.`)

// major is the first number of a version or of the constraint on one; "" for a branch or a commit.
func major(version string) string {
	if found := firstNumber.FindStringSubmatch(version); found != nil {
		return found[1]
	}
	return ""
}

func reportModule(p *rule.Pass, key *kms.Key, was, now terraform.ModuleCall) {
	problem := rule.Problem{
		Resource: key.Resource, AtBase: true, Attribute: "source", Discriminator: was.Path, Severity: finding.Low, Range: was.Range, Part: was.Range, Shared: true,
		Message: fmt.Sprintf("`%s`, which holds `%s`, comes from another source or in another major version now, and what that does to the key is not in "+
			"this change. Read the plan: a key that it destroys or replaces takes all with it that is encrypted with it.", was.Path, key.Address),
	}
	if head := p.After(key.Resource); head != nil {
		problem.AtBase, problem.Resource, problem.Range, problem.Part = false, head, now.Range, now.Range
		problem.Evidence = changed(was.Range)
	}
	p.Report(problem)
}
