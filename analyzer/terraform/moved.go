package terraform

import "strings"

// maxMoves bounds how far a chain of moved blocks is followed; Terraform refuses cycles.
const maxMoves = 64

// PreviousAddress is where a resource of a root module stood before the moved blocks of this configuration;
// the address itself if none concerns it.
// https://developer.hashicorp.com/terraform/language/moved
func (c *Configuration) PreviousAddress(root, address string) string {
	for range maxMoves {
		previous, moved := c.moveBack(root, address)
		if !moved {
			return address
		}
		address = previous
	}
	return address
}

func (c *Configuration) moveBack(root, address string) (string, bool) {
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for _, move := range s.Module.moved {
				from, to := withoutKeys(join(s.Path, move.From)), withoutKeys(join(s.Path, move.To))
				if from == to {
					continue // only instance keys differ, and one symbolic instance stands for all
				}
				if address == to || strings.HasPrefix(address, to+".") && strings.HasPrefix(to, "module.") {
					return from + strings.TrimPrefix(address, to), true
				}
			}
		}
	}
	return address, false
}

// withoutKeys drops instance keys from an address.
func withoutKeys(address string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(address, "[")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, address, _ = strings.Cut(rest, "]")
	}
}
