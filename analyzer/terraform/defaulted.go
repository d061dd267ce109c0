package terraform

// Defaulted tells that a resource depends on a variable of its root module that was required at base and has a default
// now. Whoever applied the base gave it a value, and goes on giving it: the default is no change of what is deployed.
func (r *Resource) Defaulted(base *Resource) bool {
	h := &handing{found: map[string]bool{}, given: map[string]bool{}, seen: map[string]bool{}}
	for _, body := range r.block.bodies {
		h.expressions(r.Scope, expressions(body))
	}
	before, now := base.Scope.top(), r.Scope.top()
	for name := range h.given {
		was, is := before.Module.variables[name], now.Module.variables[name]
		if was != nil && was.def == nil && is != nil && is.def != nil && before.variable(name).Unknown() {
			return true
		}
	}
	return false
}
