package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// ModuleCall is a module block.
type ModuleCall struct {
	Path            string // "module.a.module.b"
	Source, Version string // as written; "" where they are not written as a text
	Range           hcl.Range
	Read            bool // the module was read, so that its resources are known
}

// Calls lists the module calls of a root module and of all that it calls, in the order of their paths.
func (c *Configuration) Calls(root string) []ModuleCall {
	var all []ModuleCall
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			if s.known() {
				continue // its own calls are nobody's
			}
			for _, name := range sortedKeys(s.Module.calls) {
				call := s.Module.calls[name]
				all = append(all, ModuleCall{
					Path: join(s.Path, name), Source: call.literal("source"), Version: call.literal("version"), Range: call.full,
					Read: s.reads(name),
				})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b ModuleCall) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(all, func(a, b ModuleCall) bool { return a.Path == b.Path })
}

// literal is an argument of a block that is a text without references.
func (b *block) literal(name string) string {
	for _, body := range b.bodies {
		if expr := attribute(body, name); expr != nil {
			text, _ := constant(b.file, expr).Text()
			return text
		}
	}
	return ""
}
