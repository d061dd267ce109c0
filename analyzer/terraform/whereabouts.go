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
// key: which instance became which is then not a matter of addresses alone.
func (c *Configuration) MovesInstances(root, address string) bool {
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, s := range top.Scopes() {
			for _, move := range s.Module.moved {
				for _, side := range []string{move.From, move.To} {
					full := join(s.Path, side)
					at := withoutKeys(full)
					if at != full && (address == at || strings.HasPrefix(address, at+".")) {
						return true
					}
				}
			}
		}
	}
	return false
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
