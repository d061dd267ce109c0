package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// follow resolves a reference.
func (e evaluator) follow(traversal hcl.Traversal, r hcl.Range) Value {
	root := traversal.RootName()
	if bound, exists := e.env.lookup(root); exists {
		return e.steps(bound.at(r), traversal[1:], r)
	}
	if e.from != "" {
		return failure(r, "the template is given no `%s`", root)
	}
	if address, rest, ok := resource(traversal); ok {
		v := unknownValue(r, "`%s` is known only after apply", address)
		v.Reference = &Reference{Address: join(e.scope.Path, address), scope: e.scope}
		if index, keyed := traversal[len(traversal)-len(rest)-1].(hcl.TraverseIndex); keyed {
			v.Reference.Instance = instanceKey(index.Key)
		}
		return e.steps(v, rest, r)
	}
	name, rest := "", hcl.Traversal(nil)
	if len(traversal) > 1 {
		if step, ok := traversal[1].(hcl.TraverseAttr); ok {
			name, rest = step.Name, traversal[2:]
		}
	}
	var v Value
	switch {
	case name == "":
		return unknownValue(r, "`%s` is not understood here", root)
	case root == "var":
		v = e.scope.variable(name)
	case root == "local":
		v = e.scope.local(name)
	case root == "path":
		v = e.scope.path(name, r)
	case root == "module":
		if len(rest) == 0 {
			if all, ok := e.moduleInstances(name, r); ok {
				return all
			}
		}
		return e.moduleOutput(name, rest, r)
	default:
		v = unknownValue(r, "`%s.%s` is known only when Terraform runs", root, name)
		if root == "terraform" && name == "workspace" {
			v.name = named("terraform.workspace")
		}
		return e.steps(v, rest, r)
	}
	if len(rest) > 0 {
		return e.steps(v, rest, r)
	}
	v.Range = r
	v.Via = append([]string{root + "." + name}, v.Via...)
	return v
}

// resource splits a traversal into the address of a resource or data source and the rest. Instance keys right
// behind the address are dropped: one symbolic instance stands for all.
func resource(traversal hcl.Traversal) (address string, rest hcl.Traversal, ok bool) {
	names := []string{traversal.RootName()}
	want := 2
	if names[0] == "data" {
		want = 3
	} else if reserved[names[0]] || !strings.Contains(names[0], "_") {
		return "", nil, false // a resource type begins with its provider's name
	}
	rest = traversal[1:]
	for len(names) < want {
		if len(rest) == 0 {
			return "", nil, false
		}
		step, isAttr := rest[0].(hcl.TraverseAttr)
		if !isAttr {
			return "", nil, false
		}
		names, rest = append(names, step.Name), rest[1:]
	}
	if len(rest) > 0 {
		if _, isIndex := rest[0].(hcl.TraverseIndex); isIndex {
			rest = rest[1:]
		}
	}
	return strings.Join(names, "."), rest, true
}

// steps goes into a value.
func (e evaluator) steps(v Value, rest hcl.Traversal, r hcl.Range) Value {
	for _, step := range rest {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = v.member(cty.StringVal(step.Name), r)
		case hcl.TraverseIndex:
			v = v.member(step.Key, r)
		default:
			return unknownValue(r, "the reference is not understood")
		}
	}
	return v
}

// path is where a module lies, seen from the root module's directory, where Terraform runs.
// https://developer.hashicorp.com/terraform/language/expressions/references#filesystem-and-workspace-info
func (s *Scope) path(name string, r hcl.Range) Value {
	switch name {
	case "module":
		return Value{state: known, value: cty.StringVal(relative(s.workDir(), s.Module.Dir)), Range: r}
	case "root":
		return Value{state: known, value: cty.StringVal("."), Range: r}
	default:
		v := unknownValue(r, "`path.%s` is known only when Terraform runs", name)
		v.name = named("path." + name)
		return v
	}
}

// workDir is the directory of the root module in this snapshot, where Terraform runs.
func (s *Scope) workDir() string { return s.top().Module.Dir }

// relative is the way from one directory of the repository to another.
func relative(from, to string) string {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	if from == "." {
		a = nil
	}
	if to == "." {
		b = nil
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return path.Join(strings.Repeat("../", len(a)), strings.Join(b, "/"), ".")
}

// moduleOutput reads an output of a local module: of the instance that is named, or of all if they agree.
func (e evaluator) moduleOutput(name string, rest hcl.Traversal, r hcl.Range) Value {
	children, key := e.scope.children["module."+name], ""
	if len(rest) > 0 {
		if index, isIndex := rest[0].(hcl.TraverseIndex); isIndex {
			key = instanceKey(index.Key)
			children, rest = keyed(children, key), rest[1:]
		}
	}
	if len(children) == 0 && e.scope.reads("module."+name) {
		return failure(r, "`module.%s` has no such instance", name)
	}
	if len(children) == 0 || len(rest) == 0 {
		v := unknownValue(r, "`module.%s` is not in this repository, or not read", name)
		if len(children) == 0 {
			e.scope.ask(name)
			v.name = named(join(e.scope.place(), "module."+name) + key)
		}
		return e.steps(v, rest, r)
	}
	step, ok := rest[0].(hcl.TraverseAttr)
	if !ok {
		return unknownValue(r, "`module.%s` has several instances", name)
	}
	outputs := make([]Value, len(children))
	for i, child := range children {
		outputs[i] = child.through(child.output(step.Name, r), key)
		if i > 0 && !outputs[0].plainlySame(outputs[i]) {
			return unknownValue(r, "`module.%s` has several instances", name)
		}
	}
	v := outputs[0]
	if len(rest) > 1 {
		return e.steps(v, rest[1:], r)
	}
	v.Range = r
	v.Via = append([]string{"module." + name + "." + step.Name}, v.Via...)
	return v
}

// moduleInstances is a module call as a whole: an object of outputs, or a list or an object of such.
func (e evaluator) moduleInstances(name string, r hcl.Range) (Value, bool) {
	children := e.scope.children["module."+name]
	call := e.scope.Module.calls["module."+name]
	if call == nil || !e.scope.reads("module."+name) {
		return Value{}, false
	}
	if len(children) == 0 {
		return call.noInstances(r), true
	}
	all := map[string]Value{}
	var keys []string
	for _, child := range children {
		if call.repeats() && len(child.keys) != 1 {
			return Value{}, false
		}
		outputs := map[string]Value{}
		for _, out := range sortedKeys(child.Module.outputs) {
			outputs[out] = child.through(child.output(out, r), "")
		}
		if !call.repeats() {
			return object(outputs, r), true
		}
		key := child.keys[0][strings.LastIndex(child.keys[0], "module."+name)+len("module."+name):]
		keys = append(keys, key)
		all[key] = object(outputs, r)
	}
	return byKey(all, keys, r)
}

// noInstances is a call without any: a list with count, an object with for_each.
func (b *block) noInstances(r hcl.Range) Value {
	if len(b.bodies) > 0 && attribute(b.bodies[0], "for_each") != nil {
		return object(nil, r)
	}
	return list(nil, r)
}

// byKey makes a list of instances with numbers, and an object of those with names.
func byKey(all map[string]Value, keys []string, r hcl.Range) (Value, bool) {
	fields := map[string]Value{}
	var elements []Value
	for _, key := range keys {
		if name, err := strconv.Unquote(strings.Trim(key, "[]")); err == nil {
			fields[name] = all[key]
		} else {
			elements = append(elements, all[key])
		}
	}
	if len(elements) > 0 {
		return list(elements, r), len(fields) == 0
	}
	return object(fields, r), len(fields) == len(keys)
}

// keyed chooses the scope of a module's instance. A scope that stands for several instances stands for this one.
func keyed(children []*Scope, key string) []*Scope {
	for _, child := range children {
		for _, name := range child.keys {
			if len(children) > 1 && strings.HasSuffix(name, key) {
				return []*Scope{child}
			}
		}
	}
	return children
}

func (s *Scope) output(name string, r hcl.Range) Value {
	out, exists := s.Module.outputs[name]
	if !exists {
		return unknownValue(r, "`%s` has no output `%s`", s.Path, name)
	}
	return s.memoised("output."+name, func() Value { return s.Evaluate(out.expr) })
}

func (s *Scope) memoised(key string, evaluate func() Value) Value {
	if v, seen := s.memo[key]; seen {
		if v == nil {
			return unknownValue(hcl.Range{}, "`%s` refers to itself", key)
		}
		return *v
	}
	l := s.language()
	if l.depth >= maxChain {
		return unknownValue(hcl.Range{}, "`%s` is at the end of too long a chain of references", key)
	}
	l.depth++
	s.memo[key] = nil
	v := evaluate()
	s.memo[key] = &v
	l.depth--
	return v
}

// undeclared is what a file declares that is not in the repository: other tools write such into root modules.
func (s *Scope) undeclared(name string) Value {
	v := unknownValue(hcl.Range{}, "`%s` is not declared", name)
	if s.parent == nil {
		v.name = named(name)
	}
	return v
}

func (s *Scope) local(name string) Value {
	l, exists := s.Module.locals[name]
	if !exists {
		return s.undeclared("local." + name)
	}
	return s.memoised("local."+name, func() Value { return s.Evaluate(l.expr) })
}

func (s *Scope) variable(name string) Value {
	declared, exists := s.Module.variables[name]
	if !exists {
		return s.undeclared("var." + name)
	}
	return s.memoised("var."+name, func() Value {
		v := s.argument(declared)
		if v.Absent() && !declared.nullable && declared.def != nil {
			v = s.fromDefault(declared)
		}
		return s.convert(declared, v)
	})
}

// argument is what reaches a variable, before conversion.
func (s *Scope) argument(declared *variable) Value {
	name := declared.name
	if s.parent != nil {
		for _, body := range s.call.bodies {
			if expr := attribute(body, name); expr != nil {
				return s.parent.evaluator(s.callEnv).value(expr)
			}
		}
		return s.fromDefault(declared)
	}
	var v Value
	if value, isSet := s.vars.set[name]; isSet {
		v = s.Evaluate(value.expr)
	} else {
		v = s.fromDefault(declared)
	}
	for _, other := range s.vars.elsewhere[name] {
		if !other.value.RawEquals(v.cty()) {
			v = unknownValue(v.Range, "a var file of the repository gives `var.%s` another value", name)
			v.name = s.elsewhere(name)
			return v
		}
	}
	if s.open {
		v = unknownValue(v.Range, "`var.%s` is set by whoever calls this module", name)
	}
	if v.Unknown() && v.shape == nil && v.name == nil {
		v.name = named("var." + name)
	}
	return v
}

// elsewhere names a variable by the values that var files give it: in a snapshot where they are others, it is not the
// same.
func (s *Scope) elsewhere(name string) *symbol {
	return &symbol{find: func() (string, bool) {
		h := sha256.New()
		for _, other := range s.vars.elsewhere[name] {
			text, err := jsonEncode(other.value)
			if err != nil {
				return "", false
			}
			h.Write([]byte(other.file.Path + "\x00" + text + "\x00"))
		}
		return "var." + name + "#" + hex.EncodeToString(h.Sum(nil)[:4]), true
	}}
}

func (s *Scope) fromDefault(declared *variable) Value {
	if declared.def == nil {
		return unknownValue(declared.declRange, "`var.%s` has no default", declared.name)
	}
	return s.Evaluate(declared.def)
}

// convert applies the variable's type. A structure with unknown parts keeps its parts: conversion changes the
// types of leaves, and Is compares across primitive types.
func (s *Scope) convert(declared *variable, v Value) Value {
	if declared.typ == nil || v.state == absent {
		return v
	}
	if !evaluable(s.file(declared.typ.Range()), declared.typ, nil, nil) {
		return unknownValue(v.Range, "the type of `var.%s` takes too long to evaluate", declared.name)
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(declared.typ)
	if diags.HasErrors() {
		return unknownValue(v.Range, "the type of `var.%s` is not understood", declared.name)
	}
	if v.state == unknown && v.shape == nil && v.value == cty.NilVal {
		v.value = cty.UnknownVal(typ.WithoutOptionalAttributesDeep())
		return v
	}
	value := v.cty()
	if defaults != nil {
		value = defaults.Apply(value)
	}
	value, err := functions.Convert(value, typ)
	if err != nil {
		return unknownValue(v.Range, "the value of `var.%s` does not have its type", declared.name)
	}
	converted := valueOf(value, v.Range)
	converted.Origin, converted.Via, converted.Reference, converted.name = v.Origin, v.Via, v.Reference, v.name
	if converted.Unknown() && v.Reason != "" {
		converted.Reason = v.Reason
	}
	if v.shape != nil {
		converted.shape = shaped(v, typ, defaults, 0).shape
	}
	return converted
}
