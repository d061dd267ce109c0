package terraform

import (
	"github.com/hashicorp/hcl/v2"
)

// Resource is a resource or data source seen through one scope. Where count or for_each is known and the block
// looks at each or count, every instance is a Resource of its own; otherwise one symbolic instance stands for
// all. What certainly has no instance is not listed.
type Resource struct {
	Scope   *Scope
	Kind    string // "resource" or "data"
	Type    string
	Name    string
	Address string // "module.a.aws_kms_key.main", "data.aws_iam_policy_document.x"; no instance keys

	Instances []string // `[0]`, `["eu"]`, `module.a["eu"]` of those that this one stands for, where known and repeated
	Exists    Truth    // Undecided where count or for_each is unknown

	block *block
	env   *environment
	own   []string // keys of the instances, without those of the modules above

	arguments map[string]Value // that were asked for
	sum       string           // its digest, once somebody asks
}

// Resources lists what a scope declares of the wanted kinds and types, in the order of addresses; nil wants all. To
// find the instances of a resource takes evaluating its count or for_each, so want no more than is needed.
func (s *Scope) Resources(wanted func(kind, typ string) bool) []*Resource {
	var list []*Resource
	for _, address := range sortedKeys(s.Module.resources) {
		if b := s.Module.resources[address]; wanted == nil || wanted(b.kind, b.labels[0]) {
			list = append(list, s.declared(address)...)
		}
	}
	return list
}

// Declared counts the resources and data sources that a scope declares.
func (s *Scope) Declared() int { return len(s.Module.resources) }

// declared lists the instances of one block of the scope's module that are told apart.
func (s *Scope) declared(address string) []*Resource {
	if list, done := s.resources[address]; done {
		return list
	}
	if s.resources == nil {
		s.resources = map[string][]*Resource{}
	}
	b := s.Module.resources[address]
	if b == nil {
		return nil
	}
	s.resources[address] = nil // who asks while its count is evaluated gets none
	var list []*Resource
	for _, instance := range s.instances(b) {
		list = append(list, &Resource{
			Scope: s, Kind: b.kind, Type: b.labels[0], Name: b.labels[1], Address: join(s.Path, address),
			Instances: qualified(s.keys, instance.keys), Exists: instance.exists, block: b, env: instance.env, own: instance.keys,
		})
	}
	s.resources[address] = list
	return list
}

// File is the path of the file that declares the resource. What a known module of a registry makes is declared by
// the call, here and below.
func (r *Resource) File() string { return r.stands().file.Path }

// Header is the range of the block's first line up to the opening brace.
func (r *Resource) Header() hcl.Range { return r.stands().header }

// Range is the whole block; only its header in JSON syntax, which does not tell more.
func (r *Resource) Range() hcl.Range { return r.stands().full }

// Native tells that the block is written in HCL's native syntax, where edits are possible.
func (r *Resource) Native() bool { return !r.stands().file.json }

// Source is the text of the file that declares the resource.
func (r *Resource) Source() []byte { return r.stands().file.Bytes }

// Attr is the value of an argument of the block, overrides included. It is evaluated once: a dozen rules ask for the
// policy of a key.
func (r *Resource) Attr(name string) Value {
	v, done := r.arguments[name]
	if !done {
		v = r.argument(name)
		if r.arguments == nil {
			r.arguments = map[string]Value{}
		}
		r.arguments[name] = v
	}
	return v
}

// argument evaluates an argument. In the middle of another evaluation its value may be a part of what it will be, so it is
// not kept.
func (r *Resource) argument(name string) Value {
	for _, body := range r.block.bodies {
		if expr := attribute(body, name); expr != nil {
			return r.Scope.outside(name, r.Scope.evaluator(r.env).value(expr), hcl.Range{})
		}
	}
	return absentValue()
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
