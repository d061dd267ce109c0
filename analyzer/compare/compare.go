// Package compare owns what lies between two snapshots: which resources a change reaches, and which address at
// head stands for which at base.
package compare

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ID names a resource in a repository: addresses repeat between root modules.
type ID struct{ Root, Address string }

// Change is what lies between two snapshots.
type Change struct {
	affected map[ID]bool
	forward  map[ID]string // base -> address at head, where moved blocks changed it
	touched  int
}

// Snapshots compares two snapshots. Without a base, all of head is affected.
func Snapshots(base, head *kms.Snapshot) Change {
	c := Change{affected: map[ID]bool{}, forward: map[ID]string{}}
	for _, r := range judged(head) {
		if base == nil {
			c.mark(r)
			continue
		}
		before := head.Before(base, r)
		if before != nil && before.Address != r.Address {
			c.forward[idOf(before)] = r.Address
		}
		if before == nil || before.Address != r.Address || before.Digest() != r.Digest() {
			c.reach(head, r)
		}
		if before != nil && c.affected[idOf(r)] {
			c.reach(base, before)
		}
	}
	if base != nil {
		c.addRemoved(base, head)
	}
	return c
}

// judged lists the resources that rules can report on. What others change reaches these through references.
func judged(s *kms.Snapshot) []*terraform.Resource {
	return slices.DeleteFunc(s.Resources(), func(r *terraform.Resource) bool {
		return !kms.Concerns(r.Type)
	})
}

func (c *Change) addRemoved(base, head *kms.Snapshot) {
	for _, r := range judged(base) {
		id := idOf(r)
		if _, moved := c.forward[id]; moved || head.Resource(id.Root, id.Address) != nil {
			continue
		}
		c.reach(base, r)
	}
}

// reach marks a resource and the keys that it belongs to: a key policy or alias that changes is a change of
// its key.
func (c *Change) reach(s *kms.Snapshot, r *terraform.Resource) {
	c.mark(r)
	for _, address := range s.BelongsTo(r) {
		if key := s.Resource(r.Scope.Root, address); key != nil {
			c.mark(key)
		}
	}
}

func (c *Change) mark(r *terraform.Resource) {
	id := idOf(r)
	if to, moved := c.forward[id]; moved {
		id.Address = to
	}
	if !c.affected[id] {
		c.touched++
	}
	c.affected[id] = true
}

// Affected tells whether the change reaches a resource, by its address at head; a removed one by its address
// at base.
func (c Change) Affected(root, address string) bool { return c.affected[ID{root, address}] }

// AtHead gives the address at head of a resource of the base.
func (c Change) AtHead(root, address string) string {
	if to, moved := c.forward[ID{root, address}]; moved {
		return to
	}
	return address
}

// Touched counts the affected resources.
func (c Change) Touched() int { return c.touched }

func idOf(r *terraform.Resource) ID { return ID{r.Scope.Root, r.Address} }
