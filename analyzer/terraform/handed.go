package terraform

import (
	"github.com/hashicorp/hcl/v2"
)

// HandedOut tells whether a resource is an argument of a module call that was not read, directly or through
// locals, variables and outputs: that module may attach to it what we do not see.
func (r *Resource) HandedOut() bool {
	top := r.Scope
	for top.parent != nil {
		top = top.parent
	}
	if top.handed == nil {
		top.handed = map[string]bool{}
		h := &handing{found: top.handed, seen: map[string]bool{}}
		for _, s := range top.Scopes() {
			h.calls(s)
		}
	}
	return top.handed[r.Address]
}

// handing collects the resources that arguments of unread modules refer to.
type handing struct {
	found map[string]bool
	given map[string]bool // variables of the root module; nil where nobody asks
	seen  map[string]bool // locals, variables and outputs that were followed
	depth int
}

func (h *handing) calls(s *Scope) {
	for _, address := range sortedKeys(s.Module.calls) {
		if s.reads(address) {
			continue
		}
		for _, body := range s.Module.calls[address].bodies {
			h.expressions(s, expressions(body))
		}
	}
}

func (h *handing) expressions(s *Scope, exprs []hcl.Expression) {
	for _, expr := range exprs {
		if expr == nil {
			continue
		}
		for _, traversal := range expr.Variables() {
			h.traversal(s, traversal)
		}
	}
}

func (h *handing) traversal(s *Scope, traversal hcl.Traversal) {
	if h.depth >= maxChain {
		return
	}
	h.depth++
	defer func() { h.depth-- }()
	if address, _, ok := resource(traversal); ok {
		h.found[join(s.Path, address)] = true
		return
	}
	if len(traversal) < 2 {
		return
	}
	step, ok := traversal[1].(hcl.TraverseAttr)
	if !ok {
		return
	}
	root := traversal.RootName()
	key := join(s.Path, root+"."+step.Name)
	if root != "module" {
		if h.seen[key] {
			return
		}
		h.seen[key] = true
	}
	switch root {
	case "local":
		if l := s.Module.locals[step.Name]; l != nil {
			h.expressions(s, []hcl.Expression{l.expr})
		}
	case "var":
		if s.parent != nil {
			for _, body := range s.call.bodies {
				h.expressions(s.parent, []hcl.Expression{attribute(body, step.Name)})
			}
		} else if h.given != nil {
			h.given[step.Name] = true
		}
	case "module":
		h.output(s.children["module."+step.Name], traversal[2:])
	}
}

// output follows a child's output; all of them where an index stands between.
func (h *handing) output(children []*Scope, rest hcl.Traversal) {
	if len(children) == 0 {
		return
	}
	child := children[0] // all instances have the same expressions
	name := ""
	for _, step := range rest {
		if attr, ok := step.(hcl.TraverseAttr); ok {
			name = attr.Name
			break
		}
	}
	for _, out := range sortedKeys(child.Module.outputs) {
		key := join(child.Path, "output."+out)
		if (name == "" || name == out) && !h.seen[key] {
			h.seen[key] = true
			h.expressions(child, []hcl.Expression{child.Module.outputs[out].expr})
		}
	}
}
