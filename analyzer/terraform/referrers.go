package terraform

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Referrers lists the kinds of what names a resource, directly or through locals, variables and outputs of modules:
// types of resources, "data." and a data source's type, "module" for a call that was not read, "output" for an output
// of the root module. What looks a resource up by other means, as a data source does by an alias, is not among them.
func (r *Resource) Referrers() []string {
	top := r.Scope
	for top.parent != nil {
		top = top.parent
	}
	kinds := map[string]bool{}
	note := func(kind string, s *Scope, exprs []hcl.Expression) {
		if kinds[kind] {
			return
		}
		h := &handing{found: map[string]bool{}, seen: map[string]bool{}}
		h.expressions(s, exprs)
		if h.found[r.Address] {
			kinds[kind] = true
		}
	}
	for _, out := range top.Module.outputs {
		note("output", top, []hcl.Expression{out.expr})
	}
	for _, s := range top.Scopes() {
		for address, b := range s.Module.resources {
			if s == r.Scope && address == r.block.address() {
				continue
			}
			kind := b.labels[0]
			if b.kind == "data" {
				kind = "data." + kind
			}
			for _, body := range b.bodies {
				note(kind, s, expressions(body))
			}
		}
	}
	if r.HandedOut() {
		kinds["module"] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}
