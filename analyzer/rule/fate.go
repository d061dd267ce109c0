package rule

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Fate is what a change does with a resource of the base.
type Fate int

// The fates.
const (
	Uncertain Fate = iota // it cannot be told
	Stays                 // it goes on, perhaps at another address
	Destroyed             // Terraform destroys it, or some of its instances
	Forgotten             // Terraform leaves it alone from now on
	Abandoned             // its root directory is gone, and with it everybody who would destroy it
)

// Whereabouts is a fate with its circumstances.
type Whereabouts struct {
	Fate      Fate
	Instances []string           // of Destroyed: the keys of those that go, where others stay
	By        *terraform.Removed // the removed block that says so; nil for none
}

// Follow finds what becomes of a resource of the base.
func (p *Pass) Follow(r *terraform.Resource) Whereabouts {
	root := r.Scope.Root
	if removed, found := p.Head.Config.Removed(root, r.Address); found {
		w := Whereabouts{By: &removed}
		switch removed.Destroys {
		case terraform.True:
			w.Fate = Destroyed
		case terraform.False:
			w.Fate = Forgotten
		case terraform.Undecided:
		}
		return w
	}
	if p.Head.Resource(root, r.Address) == nil {
		return p.missing(r)
	}
	return p.fewer(r)
}

// missing is the fate of a resource whose address head does not have.
func (p *Pass) missing(r *terraform.Resource) Whereabouts {
	config, root := p.Head.Config, r.Scope.Root
	switch {
	case p.After(r) != nil:
		return Whereabouts{Fate: Stays}
	case config.BrokenRoot(root) || config.Unread(root, r.Address) || config.MovesInstances(p.Base.Config, root, r.Address):
		return Whereabouts{}
	case !config.IsRoot(root) && config.Has(root):
		return Whereabouts{} // another root calls it from now on
	case !config.IsRoot(root):
		return Whereabouts{Fate: Abandoned}
	case r.Exists != terraform.True:
		return Whereabouts{}
	}
	return Whereabouts{Fate: Destroyed}
}

// fewer is the fate of a resource whose address is still there: some of its instances may not be.
func (p *Pass) fewer(r *terraform.Resource) Whereabouts {
	had, known := r.AllInstances()
	if !known || p.Head.Config.MovesInstances(p.Base.Config, r.Scope.Root, r.Address) || p.Head.Config.BrokenRoot(r.Scope.Root) {
		return Whereabouts{}
	}
	has := map[string]bool{}
	for _, head := range p.Head.OfType(r.Type) {
		if head.Scope.Root != r.Scope.Root || head.Address != r.Address {
			continue
		}
		keys, all := head.AllInstances()
		if !all {
			return Whereabouts{}
		}
		for _, key := range orSingle(keys) {
			has[carried(key)] = true
		}
	}
	gone := slices.DeleteFunc(orSingle(had), func(key string) bool { return has[carried(key)] })
	switch {
	case len(gone) == 0:
		return Whereabouts{Fate: Stays}
	case gone[0] == "":
		return Whereabouts{Fate: Destroyed}
	}
	return Whereabouts{Fate: Destroyed, Instances: gone}
}

// orSingle gives a resource without count and for_each its one instance, which has no key.
func orSingle(keys []string) []string {
	if len(keys) == 0 {
		return []string{""}
	}
	return slices.Clone(keys)
}

// carried is a key without the indexes that Terraform adds and drops by itself: the instance [0] of count and the
// single instance without it are one.
// https://developer.hashicorp.com/terraform/language/modules/develop/refactoring#enabling-count-or-for_each-for-a-resource
func carried(key string) string {
	if key = strings.ReplaceAll(key, "[0]", ""); !strings.Contains(key, "[") {
		return ""
	}
	return key
}
