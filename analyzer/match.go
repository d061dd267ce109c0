package analyzer

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// former is a finding of the base. What it is at head goes by the instances that it is about: one may have come, gone
// or moved while the others stayed.
type former struct {
	result
	places []string // of its instances; nil where they are not known, or it is about no resource
	met    []bool   // of each place: head has the same finding for that instance
}

// formers are the findings of the base by fingerprint, each list in the order in which they were reported.
type formers map[string][]*former

func formersOf(found []result) formers {
	all := formers{}
	for _, r := range found {
		f := &former{result: r, met: []bool{false}}
		if r.resource != nil {
			if places, known := r.resource.Places(); known {
				f.places, f.met = places, make([]bool, len(places))
			}
		}
		all[r.finding.Fingerprint] = append(all[r.finding.Fingerprint], f)
	}
	return all
}

// match takes a finding of head apart into those parts that the base had and the one that it had not, and notes what
// was met. The old finding of a part is nil where it is new.
func (a *analysis) match(all formers, r result) (parts []result, old []*former) {
	candidates := all[r.finding.Fingerprint]
	if len(candidates) == 0 {
		return []result{r}, []*former{nil}
	}
	var places []string
	known := false
	if r.resource != nil {
		places, known = a.head.PreviousPlaces(a.base, r.resource)
	}
	if !known {
		for _, f := range candidates {
			f.meet("")
		}
		return []result{r}, candidates[:1]
	}
	instances := map[*former][]string{}
	for i, place := range places {
		at := meeting(candidates, place)
		if _, seen := instances[at]; !seen {
			old = append(old, at)
		}
		instances[at] = append(instances[at], r.label(i)...)
	}
	for _, at := range old {
		part := r
		part.finding.Instances = nonNil(instances[at])
		parts = append(parts, part)
	}
	return parts, old
}

// label names an instance as the finding does; a single one has no name.
func (r result) label(i int) []string {
	if i < len(r.finding.Instances) {
		return r.finding.Instances[i : i+1]
	}
	return nil
}

func meeting(candidates []*former, place string) *former {
	for _, f := range candidates {
		if f.meet(place) {
			return f
		}
	}
	return nil
}

// meet notes that head has the finding for the instance at a place; "" is any.
func (f *former) meet(place string) bool {
	if f.places == nil {
		f.met[0] = true
		return true
	}
	found := false
	for i, at := range f.places {
		if place == "" || at == place {
			f.met[i], found = true, true
		}
	}
	return found
}

// addFixed reports what the change cured: the instance is still there, the problem is not.
func (a *analysis) addFixed(before formers) {
	var fixed []result
	for _, fingerprint := range sorted(before) {
		for _, old := range before[fingerprint] {
			f := old.finding
			if old.resource == nil || f.Status == finding.Waived || !a.change.Affected(f.Module, f.Address) || a.superseded(f) || a.open(f) {
				continue
			}
			cured := old.cured(a.places(old.resource.Type, f.Module, f.Address))
			if len(cured) == 0 {
				continue
			}
			f.Status, f.InDiff = finding.Fixed, false
			f.Instances = slices.DeleteFunc(cured, func(label string) bool { return label == "" })
			fixed = append(fixed, result{finding: f, resource: old.resource, keys: old.keys})
		}
	}
	a.results = append(a.results, fixed...)
}

// open tells that head has a value on which the finding hangs and which is not known: then nobody knows that it is cured.
func (a *analysis) open(f finding.Finding) bool {
	return slices.ContainsFunc(a.undecided, func(u finding.Undecided) bool { return u.Rule == f.Rule && u.Address == f.Address })
}

// cured are the instances of which head has the resource and not the problem; "" for one without a name.
func (f *former) cured(there map[string]bool) []string {
	var cured []string
	for i, met := range f.met {
		if met || len(there) == 0 {
			continue
		}
		if f.places == nil {
			return append([]string{""}, f.finding.Instances...)
		}
		if there[f.places[i]] || there[""] {
			cured = append(cured, append(f.label(i), "")[0])
		}
	}
	return cured
}

// places are where the instances of a resource of head were in the base; "" where they are not known.
func (a *analysis) places(typ, root, address string) map[string]bool {
	there := map[string]bool{}
	for _, r := range a.head.OfType(typ) {
		if r.Scope.Root != root || r.Address != address {
			continue
		}
		places, known := a.head.PreviousPlaces(a.base, r)
		there[""] = there[""] || !known
		for _, place := range places {
			there[place] = true
		}
	}
	return there
}

func sorted(all formers) []string {
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
