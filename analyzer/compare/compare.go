// Package compare owns what lies between two snapshots: which resources a change reaches, and which address at
// head stands for which at base.
package compare

import (
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ID names a resource in a repository: addresses repeat between root modules.
type ID struct{ Root, Address string }

// Change is what lies between two snapshots.
type Change struct {
	affected map[ID]bool
	changed  map[ID]bool   // of the affected, those whose own digest differs
	forward  map[ID]string // base -> address at head, where moved blocks changed it
	touched  int
}

// Snapshots compares two snapshots. Without a base, all of head is affected.
func Snapshots(base, head *kms.Snapshot) Change {
	c := Change{affected: map[ID]bool{}, changed: map[ID]bool{}, forward: map[ID]string{}}
	if base == nil {
		for _, r := range head.Resources() {
			if head.Concerns(r) {
				c.mark(r)
			}
		}
		return c
	}
	previous := map[*terraform.Resource]*terraform.Resource{}
	for _, r := range head.Resources() {
		before := head.Before(base, r)
		previous[r] = before
		if before != nil && before.Address != r.Address {
			c.forward[idOf(before)] = r.Address
		}
	}
	for _, r := range head.Resources() {
		c.compare(side{base, previous[r]}, side{head, r})
	}
	for _, r := range base.Resources() {
		id := idOf(r)
		if _, moved := c.forward[id]; !moved && head.Resource(id.Root, id.Address) == nil {
			c.compare(side{base, r}, side{head, nil})
		}
	}
	c.followAliases(base)
	c.followAliases(head)
	return c
}

// side is a resource in one of the snapshots; nil where that has none.
type side struct {
	in *kms.Snapshot
	r  *terraform.Resource
}

// concerned tells that rules can report on the resource. What other resources change reaches it through references.
func (s side) concerned() bool { return s.r != nil && s.in.Concerns(s.r) }

// compare marks what a resource reaches by its change, if it did change: itself, the keys that it is a part of (a key
// policy or alias that changes is a change of its key), what is judged by it, and the keys that it begins or ceases to
// encrypt with. A key is none of the business of a consumer that goes on as before.
func (c *Change) compare(before, after side) {
	if !before.concerned() && !after.concerned() {
		return
	}
	if before.r != nil && after.r != nil && before.r.Address == after.r.Address && before.r.Digest() == after.r.Digest() {
		return
	}
	pointed := map[ID]int{}
	for _, s := range []side{before, after} {
		if s.r == nil {
			continue
		}
		c.changed[c.at(idOf(s.r))] = true
		c.mark(s.r)
		for _, address := range s.in.BelongsTo(s.r) {
			c.markID(c.at(ID{s.r.Scope.Root, address}))
		}
		for _, address := range s.in.Decides(s.r) {
			c.markID(c.at(ID{s.r.Scope.Root, address}))
		}
		for _, address := range s.in.PointsAt(s.r) {
			pointed[c.at(ID{s.r.Scope.Root, address})]++
		}
	}
	for id, sides := range pointed {
		if sides == 1 {
			c.markID(id)
		}
	}
}

// followAliases marks the services whose key, or whose alias of it, has changed. Those that refer to it have changed
// with it; those that write an alias's name have not.
func (c *Change) followAliases(s *kms.Snapshot) {
	for _, use := range s.Uses() {
		if use.Via != nil && (c.changed[c.at(idOf(use.Via))] || c.changed[c.at(idOf(use.Key.Resource))]) {
			c.mark(use.Consumer)
		}
	}
}

func (c *Change) mark(r *terraform.Resource) { c.markID(c.at(idOf(r))) }

// at is the identity at head.
func (c *Change) at(id ID) ID {
	if to, moved := c.forward[id]; moved {
		id.Address = to
	}
	return id
}

func (c *Change) markID(id ID) {
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
