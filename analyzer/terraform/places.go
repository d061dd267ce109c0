package terraform

import (
	"slices"
	"strings"
)

// Places lists where the instances of a resource are, in the order of Instances: full addresses with all keys, but
// without [0], for Terraform takes the instance [0] of count and the single instance without it for one. known is
// false where there may be others, or fewer.
// https://developer.hashicorp.com/terraform/language/modules/develop/refactoring#enabling-count-or-for_each-for-a-resource
func (r *Resource) Places() (places []string, known bool) {
	_, known = r.AllInstances()
	for _, address := range r.addresses() {
		places = append(places, placeOf(parseAddress(address)))
	}
	return places, known
}

// PreviousPlaces lists where these instances were in an earlier configuration, of which there tells whether it has a
// resource at a place. A moved block of the resource's own configuration leads back to another place only where none
// was at this one: most such blocks stay long after the move, and Terraform moves nothing to where something is.
// https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
func (r *Resource) PreviousPlaces(there func(place string) bool) (places []string, known bool) {
	_, known = r.AllInstances()
	moves := r.Scope.top().moves()
	for _, address := range r.addresses() {
		at := parseAddress(address)
		for n := 0; n < maxMoves && !there(placeOf(at)); n++ {
			before, moved := movedBack(moves, at)
			if !moved {
				break
			}
			at = before
		}
		places = append(places, placeOf(at))
	}
	return places, known
}

// addresses are the full addresses of the instances, as Terraform writes them.
func (r *Resource) addresses() []string {
	modules, own := r.Scope.keys, r.own
	if len(modules) == 0 {
		modules = []string{r.Scope.Path}
	}
	if len(own) == 0 {
		own = []string{""}
	}
	local := strings.TrimPrefix(strings.TrimPrefix(r.Address, r.Scope.Path), ".")
	var all []string
	for _, module := range modules {
		for _, key := range own {
			if len(all) < maxInstances {
				all = append(all, join(module, local+key))
			}
		}
	}
	return all
}

// ExistsWith tells whether a resource exists where another one does: the modules that are around both have their
// instances for both.
func (r *Resource) ExistsWith(other *Resource) Truth {
	around := map[*Scope]bool{}
	for s := other.Scope; s != nil; s = s.parent {
		around[s] = true
	}
	exists := r.Exists
	for s := r.Scope; s != nil && !around[s]; s = s.parent {
		exists = All(exists, s.exists)
	}
	return exists
}

// step is a part of an address: a module or a resource with the key of its instance, "" for none.
type step struct{ name, key string }

// parseAddress takes an address apart: module.a["eu"].data.aws_iam_role.b[0] has the steps module.a and
// data.aws_iam_role.b.
func parseAddress(address string) []step {
	var steps []step
	var names []string
	for address != "" {
		end := strings.IndexAny(address, ".[")
		if end < 0 {
			end = len(address)
		}
		if end > 0 {
			names = append(names, address[:end])
		}
		address = address[end:]
		key := ""
		if strings.HasPrefix(address, "[") {
			key = bracketed(address)
			address = address[len(key):]
		}
		address = strings.TrimPrefix(address, ".")
		if want := 2; names != nil && (len(names) == want && names[0] != "data" || len(names) == want+1) {
			steps, names = append(steps, step{strings.Join(names, "."), key}), nil
		}
	}
	return steps
}

// bracketed is the key at the start of a text, with its brackets.
func bracketed(text string) string {
	quoted := false
	for i := 1; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == ']':
			return text[:i+1]
		}
	}
	return text
}

func placeOf(steps []step) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.name+strings.TrimSuffix(s.key, "[0]"))
	}
	return strings.Join(out, ".")
}

// moving is a moved block with the module that it stands in.
type moving struct{ module, from, to []step }

// moves lists the moved blocks of a root module and of all below it, the innermost first: those of a module are written
// for its place of today.
func (s *Scope) moves() []moving {
	if s.moving != nil {
		return s.moving
	}
	s.moving = []moving{}
	for _, scope := range s.Scopes() {
		module := parseAddress(scope.Path)
		for _, m := range scope.Module.moved {
			s.moving = append(s.moving, moving{module, parseAddress(m.From), parseAddress(m.To)})
		}
	}
	slices.SortStableFunc(s.moving, func(a, b moving) int { return len(b.module) - len(a.module) })
	return s.moving
}

// movedBack undoes the first move that led to an address. A block that names no keys at its end moves all instances; with
// a key on either side, it moves this one.
// https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
func movedBack(moves []moving, at []step) (before []step, moved bool) {
	for _, m := range moves {
		inside := len(m.module)
		if len(m.from) == 0 || len(m.to) == 0 || len(at) < inside+len(m.to) || !sameNames(m.module, at) || !m.leadsTo(at[inside:]) {
			continue
		}
		before = append(before, at[:inside]...)
		before = append(before, m.from...)
		if m.whole() {
			before[len(before)-1].key = at[inside+len(m.to)-1].key
		}
		before = append(before, at[inside+len(m.to):]...)
		return before, placeOf(before) != placeOf(at)
	}
	return at, false
}

// whole tells that a move is one of all instances.
func (m moving) whole() bool { return m.from[len(m.from)-1].key == "" && m.to[len(m.to)-1].key == "" }

func (m moving) leadsTo(at []step) bool {
	last := len(m.to) - 1
	for i, s := range m.to {
		if s.name != at[i].name || s.key != at[i].key && (i < last || !m.whole()) {
			return false
		}
	}
	return strings.HasPrefix(m.to[last].name, "module.") || len(at) == len(m.to)
}

func sameNames(module, at []step) bool {
	for i, s := range module {
		if at[i].name != s.name {
			return false
		}
	}
	return true
}
