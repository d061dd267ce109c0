package kms

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// arguments are the values that a resource gives a row's argument, in all the blocks of its path.
func arguments(r *terraform.Resource, row *services.Row) []terraform.Value {
	return inBlock(r.Attr, r.Blocks, strings.Split(row.Path, "."))
}

// inBlock looks in a resource or a nested block, by its methods.
func inBlock(attr func(string) terraform.Value, blocks func(string) ([]terraform.Block, bool), path []string) []terraform.Value {
	v := attr(path[0])
	written := !v.Absent() || v.Range.Filename != ""
	switch {
	case written && len(path) == 1:
		return []terraform.Value{v}
	case written:
		return inValue(v, path[1:])
	}
	var all []terraform.Value
	if len(path) > 1 {
		inside, _ := blocks(path[0])
		for _, b := range inside {
			all = append(all, inBlock(b.Attr, b.Blocks, path[1:])...)
		}
	}
	return all
}

// inValue looks in the objects of an argument that takes the place of blocks.
func inValue(v terraform.Value, path []string) []terraform.Value {
	var all []terraform.Value
	objects, isList := v.Elements()
	if !isList {
		objects = []terraform.Value{v}
	}
	for _, object := range objects {
		fields, _ := object.Fields()
		field, written := fields[path[0]]
		switch {
		case written && len(path) == 1:
			all = append(all, field)
		case written:
			all = append(all, inValue(field, path[1:])...)
		}
	}
	return all
}

// ValuesAt lists the values at a path of nested blocks and an argument, "root_block_device.kms_key_id", in the order of
// the blocks; those that are not written are left out, except for a path without blocks.
func ValuesAt(r *terraform.Resource, path string) []terraform.Value {
	return inBlock(r.Attr, r.Blocks, strings.Split(path, "."))
}

// Unset tells whether no key is named at a path of a resource: the argument, or a block around it, is not written.
func Unset(r *terraform.Resource, row *services.Row) terraform.Truth {
	verdict := terraform.True
	for _, v := range arguments(r, row) {
		verdict = terraform.All(verdict, v.IsAbsent())
	}
	if !complete(r.Blocks, strings.Split(row.Path, ".")) {
		verdict = terraform.All(verdict, terraform.Undecided)
	}
	return verdict
}

// complete tells that all blocks of a path are known.
func complete(blocks func(string) ([]terraform.Block, bool), path []string) bool {
	if len(path) < 2 {
		return true
	}
	inside, whole := blocks(path[0])
	for _, b := range inside {
		whole = whole && b.Exists == terraform.True && complete(b.Blocks, path[1:])
	}
	return whole
}
