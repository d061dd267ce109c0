package terraform

import "strings"

// AllInstances lists the keys of the instances that a resource stands for, none for a single one; known is false where
// there may be others, or fewer.
func (r *Resource) AllInstances() (keys []string, known bool) {
	return r.Instances, All(r.Exists, r.Scope.exists) == True && len(r.Instances) < maxInstances
}

// Unread tells whether an address lies in a module that a root module calls and that was not read, so that nobody
// knows what is there.
func (c *Configuration) Unread(root, address string) bool {
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for name := range s.Module.calls {
				if !s.reads(name) && strings.HasPrefix(address, join(s.Path, name)+".") {
					return true
				}
			}
		}
	}
	return false
}

// MovesInstances tells whether a moved block of a root module names a resource, or a module above it, with an instance
// key: which instance became which is then not a matter of addresses alone. A block that an earlier configuration has
// too has moved what it was to move.
func (c *Configuration) MovesInstances(before *Configuration, root, address string) bool {
	moves := c.instanceMoves(root)
	if len(moves) == 0 {
		return false
	}
	done := before.instanceMoves(root)
	for move := range moves {
		if done[move] {
			continue
		}
		for _, full := range []string{move.From, move.To} {
			at := withoutKeys(full)
			if at != full && (address == at || strings.HasPrefix(address, at+".")) {
				return true
			}
		}
	}
	return false
}

// instanceMoves are the moved blocks of a root module that name an instance, by full addresses.
func (c *Configuration) instanceMoves(root string) map[Move]bool {
	moves := map[Move]bool{}
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for _, move := range s.Module.moved {
				full := Move{From: join(s.Path, move.From), To: join(s.Path, move.To)}
				if strings.Contains(full.From+full.To, "[") {
					moves[full] = true
				}
			}
		}
	}
	return moves
}

// Has tells whether a directory is a module of the configuration, as a root or through a call.
func (c *Configuration) Has(dir string) bool {
	for _, s := range c.Scopes() {
		if s.Module.Dir == dir {
			return true
		}
	}
	return false
}

// IsRoot tells whether a root module of that name was read.
func (c *Configuration) IsRoot(root string) bool {
	for _, top := range c.Roots {
		if top.Root == root {
			return true
		}
	}
	return false
}

// BrokenRoot tells that a file of a root module, or of a module that it uses, could not be read or parsed, so that
// absence anywhere below proves nothing.
func (c *Configuration) BrokenRoot(root string) bool {
	if c.Broken(root) {
		return true
	}
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			if s.Module.broken {
				return true
			}
		}
	}
	return false
}
