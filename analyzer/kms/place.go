package kms

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Place is a resource, a nested block or an object in it: where arguments stand together.
type Place struct {
	Exists terraform.Truth // Undecided for what a dynamic block may make
	Reason string          // why it is
	Header hcl.Range       // of the resource or block; the zero range for an object
	Part   hcl.Range       // the whole block; the zero range for the resource itself, and for an object
	Object bool

	attr   func(string) terraform.Value
	blocks func(string) ([]terraform.Block, bool)
}

// placeOf is the resource itself.
func placeOf(r *terraform.Resource) Place {
	return Place{Exists: terraform.True, Header: r.Header(), attr: r.Attr, blocks: r.Blocks}
}

// Places lists the blocks or objects of a resource at a path, "launch_specification.root_block_device"; the resource
// itself for "". complete is false where there may be others.
func Places(r *terraform.Resource, path string) (places []Place, complete bool) {
	if path == "" {
		return []Place{placeOf(r)}, true
	}
	return placeOf(r).at(strings.Split(path, "."))
}

func (p Place) at(path []string) (places []Place, complete bool) {
	if len(path) == 0 {
		return []Place{p}, true
	}
	inside, complete := p.inside(path[0])
	for _, q := range inside {
		if p.Exists == terraform.Undecided {
			q.Exists, q.Reason = p.Exists, p.Reason
		}
		deeper, whole := q.at(path[1:])
		places, complete = append(places, deeper...), complete && whole
	}
	return places, complete
}

// inside lists what stands in a place under a name.
func (p Place) inside(name string) (places []Place, complete bool) {
	if v := p.attr(name); !v.Absent() || v.Range.Filename != "" {
		return objects(v)
	}
	if p.blocks == nil {
		return nil, true
	}
	blocks, complete := p.blocks(name)
	for _, b := range blocks {
		q := Place{Exists: b.Exists, Header: b.Header, Part: b.Full, attr: b.Attr, blocks: b.Blocks}
		if b.Exists == terraform.Undecided {
			complete, q.Reason = false, "a dynamic block may write it"
		}
		places = append(places, q)
	}
	return places, complete
}

// objects are the members of an argument that takes the place of blocks.
func objects(v terraform.Value) (places []Place, complete bool) {
	if v.Absent() {
		return nil, true
	}
	members, isList := v.Elements()
	if !isList {
		members = []terraform.Value{v}
	}
	complete = true
	for _, member := range members {
		fields, known := member.Fields()
		if !known {
			complete = false
			continue
		}
		places = append(places, Place{Exists: terraform.True, Object: true, attr: func(name string) terraform.Value {
			if field, written := fields[name]; written {
				return field
			}
			return terraform.NotWritten()
		}})
	}
	return places, complete
}

// Value is what an argument is set to, from the place on: "kms_key_id", "sse_kms_encrypted_objects.status". It is not
// known where the blocks around it are not, or where there are several.
func (p Place) Value(path string) terraform.Value {
	parts := strings.Split(path, ".")
	inside, complete := p.at(parts[:len(parts)-1])
	switch {
	case len(inside) == 0 && complete:
		return terraform.NotWritten()
	case len(inside) == 1 && complete:
		return inside[0].attr(parts[len(parts)-1])
	case len(inside) > 1:
		return terraform.Value{Range: p.Header, Reason: "it is written more than once"}
	}
	return terraform.Value{Range: p.Header, Reason: "a dynamic block may write it"}
}

// Shared splits the paths of arguments that belong together where their ways part: the blocks that they share, and
// the rest of each.
func Shared(a, b string) (around, restA, restB string) {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	n := 0
	for n < len(as)-1 && n < len(bs)-1 && as[n] == bs[n] {
		n++
	}
	return strings.Join(as[:n], "."), strings.Join(as[n:], "."), strings.Join(bs[n:], ".")
}
