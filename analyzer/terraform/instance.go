package terraform

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// maxInstances bounds how many instances of a block are told apart.
const maxInstances = 100

// instance is one instance of a block, or one that stands for several.
type instance struct {
	exists Truth
	keys   []string // of those that it stands for; none without repetition, or where they are not known
	env    *environment
}

// instances lists the instances of a resource or module block; none if it certainly has none.
func (s *Scope) instances(b *block) []instance {
	all, told := s.repetition(b)
	if len(all) < 2 || told && s.looksAtInstance(b) {
		return all
	}
	together := instance{exists: True}
	for _, one := range all {
		together.keys = append(together.keys, one.keys...)
	}
	return []instance{together}
}

// repetition reads count and for_each. told is false where there are too many instances to tell them apart.
func (s *Scope) repetition(b *block) (all []instance, told bool) {
	for _, body := range b.bodies {
		if expr := attribute(body, "count"); expr != nil {
			return s.counted(expr)
		}
		if expr := attribute(body, "for_each"); expr != nil {
			return s.eachOf(expr)
		}
	}
	return []instance{{exists: True}}, true
}

func (s *Scope) counted(expr hcl.Expression) (all []instance, told bool) {
	n, ok := s.Evaluate(expr).Int()
	if !ok {
		return []instance{{exists: Undecided}}, false
	}
	for i := range min(n, maxInstances) {
		index := Value{state: known, value: cty.NumberIntVal(i), Range: expr.Range()}
		all = append(all, instance{
			exists: True, keys: []string{fmt.Sprintf("[%d]", i)},
			env: bind("count", map[string]Value{"index": index}, expr.Range()),
		})
	}
	return all, n <= maxInstances
}

func (s *Scope) eachOf(expr hcl.Expression) (all []instance, told bool) {
	v := s.Evaluate(expr)
	items, ok := v.items()
	if !ok {
		return []instance{{exists: Undecided}}, false
	}
	for i, it := range items {
		if _, isMap := v.Fields(); !isMap {
			it.key = it.value // of a set
		}
		if _, isText := it.key.Text(); !isText {
			return []instance{{exists: Undecided}}, false
		}
		if i == maxInstances {
			return all, false
		}
		all = append(all, instance{
			exists: True, keys: []string{instanceKey(it.key.value)},
			env: bind("each", map[string]Value{"key": it.key, "value": it.value}, expr.Range()),
		})
	}
	return all, true
}

func bind(name string, fields map[string]Value, r hcl.Range) *environment {
	return &environment{names: map[string]Value{name: object(fields, r)}}
}

// howMany counts the instances of a resource of this scope, where count or for_each is known.
func (s *Scope) howMany(address string) (n int, known bool) {
	b := s.Module.resources[strings.TrimPrefix(strings.TrimPrefix(address, s.Path), ".")]
	if b == nil {
		return 0, false
	}
	if s.counting == nil {
		s.counting = map[*block]bool{}
	}
	if s.counting[b] {
		return 0, false // its count depends on itself
	}
	s.counting[b] = true
	defer delete(s.counting, b)
	all, _ := s.repetition(b)
	if len(all) == 1 && all[0].exists == Undecided {
		return 0, false
	}
	return len(all), true
}

// looksAtInstance tells whether a block says each or count anywhere but in its own repetition.
func (s *Scope) looksAtInstance(b *block) bool {
	for _, body := range b.bodies {
		for _, expr := range expressions(body) {
			for _, traversal := range expr.Variables() {
				if root := traversal.RootName(); root == "each" || root == "count" {
					return true
				}
			}
		}
	}
	return false
}

// qualified puts the instances of the modules above before the instances of a block.
func qualified(above, keys []string) []string {
	if len(above) == 0 || len(keys) == 0 {
		return append(append([]string(nil), above...), keys...)
	}
	var all []string
	for _, module := range above {
		for _, key := range keys {
			if len(all) < maxInstances {
				all = append(all, module+key)
			}
		}
	}
	return all
}
