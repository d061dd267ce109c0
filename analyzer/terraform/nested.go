package terraform

import (
	"github.com/hashicorp/hcl/v2"
)

// Block is a nested block, written or made by a dynamic block.
type Block struct {
	Header hcl.Range
	Full   hcl.Range // the header where the syntax does not tell (JSON)
	Exists Truth     // Undecided for one that may not be there
	Rest   bool      // it stands for all that a dynamic block may make, or none
	From   Value     // of a Rest: the for_each, or the part of it, that is not known
	body   hcl.Body
	scope  *Scope
	env    *environment
}

// Attr is the value of an argument of the nested block.
func (b Block) Attr(name string) Value {
	if expr := attribute(b.body, name); expr != nil {
		return b.scope.outside("", b.scope.evaluator(b.env).value(expr), b.Full)
	}
	return absentValue()
}

// Blocks lists the blocks of a type inside the nested block; see Resource.Blocks.
func (b Block) Blocks(name string) (blocks []Block, complete bool) {
	blocks, complete = b.scope.blocksOf(b.body, b.env, name)
	return b.scope.placed(blocks, b.Full), complete
}

// Blocks lists the nested blocks of a type, dynamic ones expanded as far as their for_each is known. complete is false
// where there may be more, or fewer: there are others only where one is a Rest, or a dynamic block is not understood.
func (r *Resource) Blocks(name string) (blocks []Block, complete bool) {
	blocks, complete = r.Scope.strongest(r.block, r.env, name)
	return r.Scope.placed(blocks, r.Header()), complete
}

func (s *Scope) strongest(b *block, env *environment, name string) (blocks []Block, complete bool) {
	for _, body := range b.bodies {
		blocks, complete = s.blocksOf(body, env, name)
		if len(blocks) > 0 || !complete {
			return blocks, complete // an override's blocks replace the original's
		}
	}
	return nil, true
}

func (s *Scope) blocksOf(body hcl.Body, env *environment, name string) (blocks []Block, complete bool) {
	complete = true
	schema := &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: name}, {Type: "dynamic", LabelNames: []string{"type"}}}}
	content, _, _ := body.PartialContent(schema)
	for _, b := range content.Blocks {
		if b.Type == name {
			blocks = append(blocks, Block{Header: b.DefRange, Full: fullRange(b), Exists: True, body: b.Body, scope: s, env: env})
			continue
		}
		if b.Labels[0] == name {
			made, all := s.dynamic(b, env)
			blocks = append(blocks, made...)
			complete = complete && all
		}
	}
	return blocks, complete
}

// dynamic expands a dynamic block. Where for_each is not known, one block with an unknown iterator stands for all.
// https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
func (s *Scope) dynamic(b *hcl.Block, env *environment) (blocks []Block, complete bool) {
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "for_each"}, {Name: "iterator"}, {Name: "labels"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "content"}},
	})
	iterator := b.Labels[0]
	if attr, exists := content.Attributes["iterator"]; exists {
		iterator = hcl.ExprAsKeyword(attr.Expr)
	}
	forEach, written := content.Attributes["for_each"]
	if !written || len(content.Blocks) != 1 {
		return nil, false
	}
	inner := content.Blocks[0]
	v := s.evaluator(env).value(forEach.Expr)
	items, known := v.allItems()
	if !known || len(items) > maxParts {
		unknown := unknownValue(forEach.Expr.Range(), "%s", orElse(v.Reason, "the for_each of a dynamic block is not known"))
		v.Reason, v.Range = unknown.Reason, unknown.Range
		items = []item{{unknown, v, Undecided, true}}
	}
	complete = true
	for _, it := range items {
		if it.exists == False {
			continue
		}
		bound := bind(iterator, map[string]Value{"key": it.key, "value": it.bound()}, forEach.Expr.Range())
		bound.outer = env
		blocks = append(blocks, Block{
			Header: inner.DefRange, Full: fullRange(inner), Exists: it.exists, Rest: it.rest, From: it.value, body: inner.Body, scope: s, env: bound,
		})
		complete = complete && it.exists == True
	}
	return blocks, complete
}
