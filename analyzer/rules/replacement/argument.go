package replacement

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// argument is what a resource says at a path, where that is one place.
type argument struct {
	value terraform.Value // not written: absent
	block bool            // the block around it is there; true for an argument of the resource itself
	part  hcl.Range       // that block; the zero range for the resource itself
}

// at finds the argument at a path of nested blocks. ok is false where there are several places, or where it is not known
// how many.
func at(r *terraform.Resource, path string) (arg argument, ok bool) {
	names := strings.Split(path, ".")
	attr, blocks := r.Attr, r.Blocks
	part := hcl.Range{}
	for _, name := range names[:len(names)-1] {
		if v := attr(name); v.Range.Filename != "" {
			return inObject(r, path)
		}
		inside, complete := blocks(name)
		switch {
		case !complete || len(inside) > 1:
			return argument{}, false
		case len(inside) == 0:
			return argument{}, true
		case inside[0].Exists != terraform.True:
			return argument{}, false
		}
		attr, blocks, part = inside[0].Attr, inside[0].Blocks, inside[0].Full
	}
	return argument{value: attr(names[len(names)-1]), block: true, part: part}, true
}

// inObject looks in an argument that is written where others have blocks.
func inObject(r *terraform.Resource, path string) (arg argument, ok bool) {
	values := kms.ValuesAt(r, path)
	if len(values) != 1 {
		return argument{}, false
	}
	return argument{value: values[0], block: true}, true
}

// absent tells that the argument certainly says nothing, be it for want of the block. The provider takes an empty text
// for none.
func (a argument) absent() bool {
	return !a.block || a.value.Absent() || a.is("")
}

// set tells that the argument certainly says something.
func (a argument) set() bool { return a.value.Set() == terraform.True && !a.absent() }

// is tells that the argument certainly has a value.
func (a argument) is(text string) bool { return a.value.IsString(text) == terraform.True }
