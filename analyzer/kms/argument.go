package kms

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// argument is one place where a row's argument is written.
type argument struct {
	value  terraform.Value
	exists terraform.Truth // of the blocks around it
}

// arguments finds a row's argument in all the blocks of its path that a resource has.
func arguments(r *terraform.Resource, row *services.Row) []argument {
	return inBlock(r.Attr, r.Blocks, strings.Split(row.Path, "."), terraform.True)
}

// inBlock looks in a resource or a nested block, by its methods.
func inBlock(attr func(string) terraform.Value, blocks func(string) ([]terraform.Block, bool), path []string, exists terraform.Truth) []argument {
	v := attr(path[0])
	written := !v.Absent() || v.Range.Filename != ""
	if len(path) == 1 && written {
		return []argument{{v, exists}}
	}
	if len(path) == 1 {
		return nil
	}
	if written {
		return inValue(v, path[1:], exists)
	}
	var all []argument
	inside, _ := blocks(path[0])
	for _, b := range inside {
		all = append(all, inBlock(b.Attr, b.Blocks, path[1:], terraform.All(exists, b.Exists))...)
	}
	return all
}

// inValue looks in the objects of an argument that takes the place of blocks.
func inValue(v terraform.Value, path []string, exists terraform.Truth) []argument {
	var all []argument
	objects, isList := v.Elements()
	if !isList {
		objects = []terraform.Value{v}
	}
	for _, object := range objects {
		fields, _ := object.Fields()
		field, written := fields[path[0]]
		switch {
		case written && len(path) == 1:
			all = append(all, argument{field, exists})
		case written:
			all = append(all, inValue(field, path[1:], exists)...)
		}
	}
	return all
}
