package terraform

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Removed is a removed block: what Terraform does with resources that the configuration no longer declares.
// https://developer.hashicorp.com/terraform/language/block/removed
type Removed struct {
	// Destroys is True where Terraform deletes the resource, and False where it only forgets it, so that it stays in
	// AWS as it is.
	Destroys Truth
	Range    hcl.Range

	from string // relative to the module, without instance keys
}

// Removed finds the removed block of a root module that covers the address of a resource, as it was declared. One for
// the resource itself says more than one for its module.
func (c *Configuration) Removed(root, address string) (removed Removed, found bool) {
	nearest := ""
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for _, r := range s.Module.removed {
				from := join(s.Path, r.from)
				covers := address == from || strings.HasPrefix(address, from+".")
				if covers && (!found || len(from) > len(nearest)) {
					removed, found, nearest = r, true, from
				}
			}
		}
	}
	return removed, found
}

// Forgets tells whether a root module has a removed block that may let a resource of a type stay in AWS: one for
// such a resource, or for a whole module.
func (c *Configuration) Forgets(root, typ string) bool {
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for _, r := range s.Module.removed {
				if r.Destroys != True && r.mayBe(typ) {
					return true
				}
			}
		}
	}
	return false
}

func (r Removed) mayBe(typ string) bool {
	steps := strings.Split(r.from, ".")
	return slices.Contains(steps, typ) || len(steps) >= 2 && steps[len(steps)-2] == "module"
}

func (m *Module) addRemoved(file *File, b *hcl.Block) {
	from := attribute(b.Body, "from")
	if from == nil {
		return
	}
	address := withoutKeys(addressOf(from))
	if address == "" {
		return
	}
	m.removed = append(m.removed, Removed{Destroys: destroys(file, b), Range: fullRange(b), from: address})
}

// destroys reads lifecycle.destroy. Without it Terraform destroys; OpenTofu forgets, which a file of its own tells.
// https://opentofu.org/docs/language/resources/syntax/#removing-resources
func destroys(file *File, b *hcl.Block) Truth {
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "lifecycle"}}})
	for _, lifecycle := range content.Blocks {
		if expr := attribute(lifecycle.Body, "destroy"); expr != nil {
			return constant(file, expr).IsTrue()
		}
	}
	return truth(!strings.Contains(path.Base(file.Path), ".tofu"))
}
