package terraform

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
)

const (
	maxCallDepth = 16     // of module calls; Terraform configurations seen in public have at most 6
	maxScopes    = 10_000 // of one configuration, so that modules that call each other twice end
)

// Options are what a person can say about a configuration besides its files.
type Options struct {
	VarFiles []string // named on the command line; hold for every root module
}

// Configuration is one snapshot of a repository.
type Configuration struct {
	Roots       []*Scope // sorted by directory
	Diagnostics []finding.Diagnostic

	fsys    fs.FS
	options Options
	modules map[string]*Module // by directory; nil for a directory without configuration
	scopes  int
}

// Scope is one use of a module: as a root, or through a call.
type Scope struct {
	Root   string // directory of the root module
	Path   string // "" or "module.a.module.b"
	Module *Module

	parent    *Scope
	call      *block       // in the parent's module
	callEnv   *environment // each or count of the call
	keys      []string     // `module.a["eu"]`: the instances of the calls above that this scope stands for
	children  map[string][]*Scope
	vars      varFiles // of a root
	open      bool     // whoever calls this module may set its variables, and we see no caller
	memo      map[string]*Value
	resources []*Resource
	handed    map[string]bool // of a root: what its unread module calls are given
}

// Load reads the modules of the given directories and, through local calls, of all that they use. A directory
// that another one calls is seen through that call, not as a root of its own.
//
// It fails only if ctx ends; what cannot be read is in Diagnostics.
func Load(ctx context.Context, fsys fs.FS, dirs []string, options Options) (*Configuration, error) {
	c := &Configuration{fsys: fsys, options: options, modules: map[string]*Module{}}
	called := map[string]bool{}
	pending := append([]string(nil), dirs...)
	sort.Strings(pending)
	for len(pending) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("load modules: %w", err)
		}
		dir := pending[0]
		pending = pending[1:]
		if _, seen := c.modules[dir]; seen {
			continue
		}
		module, diags := loadModule(fsys, dir)
		c.Diagnostics = append(c.Diagnostics, diags...)
		c.modules[dir] = module
		for _, callee := range module.localCallees() {
			called[callee] = true
			pending = append(pending, callee)
		}
	}
	for _, dir := range c.directories() {
		if c.modules[dir] != nil && !called[dir] {
			c.addRoot(dir)
		}
	}
	return c, ctx.Err()
}

func (c *Configuration) directories() []string {
	var dirs []string
	for dir := range c.modules {
		dirs = append(dirs, dir)
	}
	sort.Strings(dirs)
	return dirs
}

func (c *Configuration) addRoot(dir string) {
	vars, diags := readVarFiles(c.fsys, dir, c.options.VarFiles)
	c.Diagnostics = append(c.Diagnostics, diags...)
	module := c.modules[dir]
	root := &Scope{Root: dir, Module: module, vars: vars, memo: map[string]*Value{}}
	root.open = !module.rootSigns && len(vars.set) == 0 && nested(dir)
	c.expand(root, []string{dir})
	c.Roots = append(c.Roots, root)
}

// nested follows the standard module structure, where modules/ holds what other configurations call.
// https://developer.hashicorp.com/terraform/language/modules/develop/structure
func nested(dir string) bool {
	for _, part := range strings.Split(dir, "/") {
		if part == "modules" {
			return true
		}
	}
	return false
}

// expand makes the scopes of the local calls. stack holds the directories above, so that a module that calls
// itself ends.
func (c *Configuration) expand(s *Scope, stack []string) {
	s.children = map[string][]*Scope{}
	for _, address := range sortedKeys(s.Module.calls) {
		call := s.Module.calls[address]
		dir, isLocal := call.localSource(s.Module.Dir)
		module := c.modules[dir]
		if !isLocal || module == nil || len(stack) >= maxCallDepth || contains(stack, dir) {
			continue
		}
		for _, instance := range s.instances(call) {
			if c.scopes++; c.scopes > maxScopes {
				return
			}
			child := &Scope{
				Root: s.Root, Path: join(s.Path, address), Module: module, parent: s, call: call,
				callEnv: instance.env, keys: calls(s.keys, address, instance.keys), memo: map[string]*Value{},
			}
			c.expand(child, append(stack[:len(stack):len(stack)], dir))
			s.children[address] = append(s.children[address], child)
		}
	}
}

// calls names the instances of a module call.
func calls(above []string, address string, keys []string) []string {
	if len(keys) == 0 && len(above) == 0 {
		return nil
	}
	if len(keys) == 0 {
		keys = []string{""}
	}
	if len(above) == 0 {
		above = []string{""}
	}
	var all []string
	for _, module := range above {
		for _, key := range keys {
			all = append(all, join(module, address+key))
		}
	}
	return all
}

// localCallees are the directories that a module calls with a literal local source.
func (m *Module) localCallees() []string {
	if m == nil {
		return nil
	}
	var dirs []string
	for _, name := range sortedKeys(m.calls) {
		if dir, ok := m.calls[name].localSource(m.Dir); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// localSource is the directory that a module call points at, if it is in the repository.
func (b *block) localSource(from string) (dir string, ok bool) {
	for _, body := range b.bodies {
		expr := attribute(body, "source")
		if expr == nil {
			continue
		}
		source, isText := constant(b.file, expr).Text()
		if !isText || !(strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")) {
			return "", false
		}
		dir = path.Join(from, source)
		return dir, fs.ValidPath(dir)
	}
	return "", false
}

// Scopes lists a scope and all below it, in the order of their paths.
func (s *Scope) Scopes() []*Scope {
	all := []*Scope{s}
	for _, name := range sortedKeys(s.children) {
		for _, child := range s.children[name] {
			all = append(all, child.Scopes()...)
		}
	}
	return all
}

// Scopes lists all scopes of a configuration.
func (c *Configuration) Scopes() []*Scope {
	var all []*Scope
	for _, root := range c.Roots {
		all = append(all, root.Scopes()...)
	}
	return all
}

// Modules counts the directories with configuration, Files their files.
func (c *Configuration) Modules() (modules, files int) {
	for _, m := range c.modules {
		if m != nil {
			modules++
			files += len(m.Files)
		}
	}
	return modules, files
}

// Broken tells that a file of a directory could not be read or parsed, so absence there proves nothing.
func (c *Configuration) Broken(dir string) bool {
	m := c.modules[dir]
	return m != nil && m.broken
}

// Source is the text of a file that was read, nil if it was not.
func (c *Configuration) Source(file string) []byte {
	if m := c.modules[path.Dir(file)]; m != nil {
		if f := m.Files[file]; f != nil {
			return f.Bytes
		}
	}
	for _, root := range c.Roots {
		for _, value := range root.vars.set {
			if value.file.Path == file {
				return value.file.Bytes
			}
		}
	}
	return nil
}

func join(scope, address string) string {
	if scope == "" {
		return address
	}
	return scope + "." + address
}

func contains(list []string, wanted string) bool {
	for _, s := range list {
		if s == wanted {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// file finds the parsed file that a range lies in.
func (s *Scope) file(r hcl.Range) *File {
	for at := s; at != nil; at = at.parent {
		if f := at.Module.Files[r.Filename]; f != nil {
			return f
		}
		for _, value := range at.vars.set {
			if value.file.Path == r.Filename {
				return value.file
			}
		}
	}
	return nil
}
