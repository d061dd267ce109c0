package terraform

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Resource is a resource or data source seen through one scope. One symbolic instance stands for all that
// count or for_each make; a resource that certainly has no instance is not listed.
type Resource struct {
	Scope   *Scope
	Kind    string // "resource" or "data"
	Type    string
	Name    string
	Address string // "module.a.aws_kms_key.main", "data.aws_iam_policy_document.x"

	Instances []string // `[0]`, `["eu"]` where known and repeated
	Exists    Truth    // Undecided where count or for_each is unknown

	block *block
}

// Resources lists what a scope declares, in the order of addresses.
func (s *Scope) Resources() []*Resource {
	if s.resources != nil {
		return s.resources
	}
	s.resources = []*Resource{}
	for _, address := range sortedKeys(s.Module.resources) {
		b := s.Module.resources[address]
		repeated := s.repetition(b)
		if repeated.exists == False {
			continue
		}
		s.resources = append(s.resources, &Resource{
			Scope: s, Kind: b.kind, Type: b.labels[0], Name: b.labels[1], Address: join(s.Path, address),
			Instances: repeated.keys, Exists: repeated.exists, block: b,
		})
	}
	return s.resources
}

type repetition struct {
	exists Truth
	keys   []string
}

// maxInstances bounds how many instance keys are written out.
const maxInstances = 100

// repetition reads count and for_each of a block.
func (s *Scope) repetition(b *block) repetition {
	for _, body := range b.bodies {
		if expr := attribute(body, "count"); expr != nil {
			n, ok := s.Evaluate(expr).Int()
			if !ok {
				return repetition{exists: Undecided}
			}
			return repetition{exists: truth(n > 0), keys: countKeys(n)}
		}
		if expr := attribute(body, "for_each"); expr != nil {
			return s.forEach(expr)
		}
	}
	return repetition{exists: True}
}

func countKeys(n int64) []string {
	var keys []string
	for i := int64(0); i < min(n, maxInstances); i++ {
		keys = append(keys, fmt.Sprintf("[%d]", i))
	}
	return keys
}

func (s *Scope) forEach(expr hcl.Expression) repetition {
	v := s.Evaluate(expr)
	if v.state != known || !v.value.CanIterateElements() {
		return repetition{exists: Undecided}
	}
	var keys []string
	for it := v.value.ElementIterator(); it.Next() && len(keys) < maxInstances; {
		key, _ := it.Element()
		keys = append(keys, instanceKey(key))
	}
	return repetition{exists: truth(len(keys) > 0), keys: keys}
}

// File is the path of the file that declares the resource.
func (r *Resource) File() string { return r.block.file.Path }

// Header is the range of the block's first line up to the opening brace.
func (r *Resource) Header() hcl.Range { return r.block.header }

// Range is the whole block; only its header in JSON syntax, which does not tell more.
func (r *Resource) Range() hcl.Range { return r.block.full }

// Native tells that the block is written in HCL's native syntax, where edits are possible.
func (r *Resource) Native() bool { return !r.block.file.json }

// Source is the text of the file that declares the resource.
func (r *Resource) Source() []byte { return r.block.file.Bytes }

// Syntax is the parsed body of the block itself, without overrides; nil in JSON syntax.
func (r *Resource) Syntax() *hclsyntax.Body {
	body, _ := r.block.bodies[len(r.block.bodies)-1].(*hclsyntax.Body)
	return body
}

// Attr is the value of an argument of the block, overrides included.
func (r *Resource) Attr(name string) Value {
	for _, body := range r.block.bodies {
		if expr := attribute(body, name); expr != nil {
			return r.Scope.Evaluate(expr)
		}
	}
	return absentValue()
}

// Block is a nested block.
type Block struct {
	Header hcl.Range
	body   hcl.Body
	scope  *Scope
}

// Attr is the value of an argument of the nested block.
func (b Block) Attr(name string) Value {
	if expr := attribute(b.body, name); expr != nil {
		return b.scope.Evaluate(expr)
	}
	return absentValue()
}

// Blocks lists the nested blocks of a type. complete is false where a dynamic block may add more.
func (r *Resource) Blocks(name string) (blocks []Block, complete bool) {
	complete = true
	schema := &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: name}, {Type: "dynamic", LabelNames: []string{"type"}}}}
	for _, body := range r.block.bodies {
		content, _, _ := body.PartialContent(schema)
		for _, b := range content.Blocks {
			switch {
			case b.Type == name:
				blocks = append(blocks, Block{Header: b.DefRange, body: b.Body, scope: r.Scope})
			case b.Labels[0] == name:
				complete = false
			}
		}
		if len(blocks) > 0 {
			return blocks, complete // an override's blocks replace the original's
		}
	}
	return blocks, complete
}

// Ignores tells whether lifecycle.ignore_changes holds Terraform back from changing an argument.
func (r *Resource) Ignores(name string) bool {
	blocks, _ := r.Blocks("lifecycle")
	for _, b := range blocks {
		expr := attribute(b.body, "ignore_changes")
		if expr == nil {
			continue
		}
		if hcl.ExprAsKeyword(expr) == "all" {
			return true
		}
		elements, _ := hcl.ExprList(expr)
		for _, element := range elements {
			if traversal, diags := hcl.AbsTraversalForExpr(element); !diags.HasErrors() && traversal.RootName() == name {
				return true
			}
		}
	}
	return false
}
