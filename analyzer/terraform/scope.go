package terraform

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
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

	// VarFilesOf names the var files that Terraform is run with in a directory, the last one winning, besides those that
	// it loads by itself; nil: not known for any.
	VarFilesOf func(dir string) []VarFile

	// Matters tells by a file's text whether it can be of any interest; nil: every file is. Directories that
	// neither have nor call anything of interest are not parsed: in a large repository that is most of the work.
	Matters func(text []byte) bool
	Always  []string // directories that are parsed even so: what is wrong in a changed file is said

	// Reuse is another snapshot of the repository, whose parsed files serve again where their texts are the same.
	// The two must not be used at the same time.
	Reuse *Configuration

	// Renamed gives root directories the names that they have at head, so that a renamed directory is the same
	// root module.
	Renamed map[string]string
}

// Configuration is one snapshot of a repository.
type Configuration struct {
	Roots       []*Scope // sorted by directory
	Diagnostics []finding.Diagnostic

	fsys    fs.FS
	options Options
	modules map[string]*Module // by directory, of those that matter
	asked   map[*block]bool    // calls of modules that are not read, and of which something asked for an output
	scopes  int
	read    int // configuration files, parsed or not
	dirs    int // directories that hold them
}

// Scope is one use of a module: as a root, or through a call.
type Scope struct {
	Root   string // directory of the root module, as it is called at head
	Path   string // "" or "module.a.module.b"
	Module *Module

	config    *Configuration
	parent    *Scope
	call      *block       // in the parent's module
	callEnv   *environment // each or count of the call
	keys      []string     // `module.a["eu"]`: the instances of the calls above that this scope stands for
	children  map[string][]*Scope
	vars      varFiles          // of a root
	version   *ProviderVersion  // of a root, once somebody asks
	lang      *language         // of a root
	installed map[string]string // of a root: directories of modules that terraform init has installed
	exists    Truth             // whether the calls above certainly make an instance
	moving    []moving          // of a root, once somebody asks
	open      bool              // whoever calls this module may set its variables, and we see no caller
	memo      map[string]*Value
	resources map[string][]*Resource // by address in the module
	providers map[providerName]Provider
	counting  map[*block]bool // whose instances are being counted
	handed    map[string]bool // of a root: what its unread module calls are given
}

// Load reads the modules of the given directories and, through local calls, of all that they use. A directory
// that another one calls is seen through that call, not as a root of its own.
//
// It fails only if ctx ends; what cannot be read is in Diagnostics.
func Load(ctx context.Context, fsys fs.FS, dirs []string, options Options) (*Configuration, error) {
	c := &Configuration{fsys: fsys, options: options, modules: map[string]*Module{}}
	read, err := c.readAll(ctx, dirs, map[string]*directory{})
	if err != nil {
		return nil, err
	}
	called := map[string]bool{}
	for pending := sortedKeys(read); len(pending) > 0; {
		var missed []string
		for _, dir := range pending {
			missed = append(missed, c.parse(read[dir], called)...)
		}
		before := len(read)
		if read, err = c.readAll(ctx, missed, read); err != nil {
			return nil, err
		}
		pending = nil
		if len(read) > before {
			pending = missed
		}
	}
	for _, dir := range sortedKeys(c.modules) {
		if !called[dir] {
			c.addRoot(dir)
		}
	}
	return c, nil
}

// readAll reads directories and what they seem to call, and finds out which of them matter.
func (c *Configuration) readAll(ctx context.Context, dirs []string, read map[string]*directory) (map[string]*directory, error) {
	callers := map[string][]string{}
	pending := slices.Sorted(slices.Values(dirs))
	for len(pending) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("load modules: %w", err)
		}
		dir := pending[0]
		pending = pending[1:]
		if _, seen := read[dir]; seen {
			continue
		}
		if strings.HasPrefix(dir, knownPrefix) {
			read[dir] = readKnown(dir)
			continue
		}
		d := readDirectory(c.fsys, dir, c.options.Matters)
		read[dir] = d
		if d == nil {
			continue
		}
		c.dirs++
		c.read += len(d.texts)
		for _, callee := range d.callees {
			callers[callee] = append(callers[callee], dir)
			pending = append(pending, callee)
		}
	}
	c.consider(read)
	spread(read, func(dir string) []string { return callers[dir] })
	spread(read, func(dir string) []string { return read[dir].callees })
	return read, nil
}

// consider marks what is parsed whatever is in it: where Always says so, and everything if nothing is of interest,
// for then the reader waits to hear that the files are read, or what is wrong with them.
func (c *Configuration) consider(read map[string]*directory) {
	none := true
	for dir, d := range read {
		if d != nil {
			d.matters = d.matters || slices.Contains(c.options.Always, dir)
			none = none && !d.matters
		}
	}
	for _, d := range read {
		if d != nil && none {
			d.matters = true
		}
	}
}

// spread lets directories matter because of others: whoever calls one that matters, and whatever that one calls,
// since values come from there.
func spread(read map[string]*directory, next func(dir string) []string) {
	var matter []string
	for dir, d := range read {
		if d != nil && d.matters {
			matter = append(matter, dir)
		}
	}
	for len(matter) > 0 {
		dir := matter[0]
		matter = matter[1:]
		for _, other := range next(dir) {
			if d := read[other]; d != nil && !d.matters {
				d.matters = true
				matter = append(matter, other)
			}
		}
	}
}

// parse adds a directory's module, if it matters, and gives the callees that a look at the text had missed.
func (c *Configuration) parse(d *directory, called map[string]bool) (missed []string) {
	if d == nil || !d.matters || c.modules[d.path] != nil {
		return nil
	}
	module, diags := d.parse(c.options.Reuse)
	c.Diagnostics = append(c.Diagnostics, diags...)
	c.modules[d.path] = module
	c.read -= len(d.texts) - len(module.Files) // those that do not parse
	d.texts = nil                              // the files hold what is needed
	for _, callee := range module.localCallees() {
		called[callee] = called[callee] || callee != d.path
		if !slices.Contains(d.callees, callee) {
			missed = append(missed, callee)
		}
	}
	return missed
}

func (c *Configuration) addRoot(dir string) {
	vars, diags := readVarFiles(c.fsys, dir, c.named(dir))
	c.Diagnostics = append(c.Diagnostics, diags...)
	module := c.modules[dir]
	root := &Scope{Root: orElse(c.options.Renamed[dir], dir), config: c, Module: module, vars: vars, exists: True, memo: map[string]*Value{}}
	root.installed = readInstalled(c.fsys, dir)
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
		if module == nil {
			if dir, isLocal = s.installedDir(address); isLocal {
				module = c.installedModule(dir)
			}
		}
		if !isLocal || module == nil || len(stack) >= maxCallDepth || contains(stack, dir) {
			continue
		}
		s.children[address] = []*Scope{} // what was read may have no instance
		for _, instance := range s.instances(call) {
			if c.scopes++; c.scopes > maxScopes {
				return
			}
			child := &Scope{
				Root: s.Root, Path: join(s.Path, address), config: c, Module: module, parent: s, call: call,
				callEnv: instance.env, exists: All(s.exists, instance.exists), keys: calls(s.keys, address, instance.keys), memo: map[string]*Value{},
			}
			c.expand(child, append(stack[:len(stack):len(stack)], dir))
			s.children[address] = append(s.children[address], child)
		}
	}
}

// reads tells whether the module behind a call was read, be it that the call has no instance.
func (s *Scope) reads(address string) bool { return s.children[address] != nil }

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
	var dirs []string
	for _, name := range sortedKeys(m.calls) {
		if dir, ok := m.calls[name].localSource(m.Dir); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// localSource is the directory that a module call points at, if it is in the repository or one that we know.
func (b *block) localSource(from string) (dir string, ok bool) {
	for _, body := range b.bodies {
		expr := attribute(body, "source")
		if expr == nil {
			continue
		}
		source, isText := constant(b.file, expr).Text()
		if !isText {
			return "", false
		}
		if dir, ok := knownSource(source, b.constant("version")); ok {
			return dir, true
		}
		if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
			return "", false
		}
		dir = path.Join(from, source)
		return dir, fs.ValidPath(dir)
	}
	return "", false
}

// constant is the value of an argument that may refer to nothing.
func (b *block) constant(name string) Value {
	for _, body := range b.bodies {
		if expr := attribute(body, name); expr != nil {
			return constant(b.file, expr)
		}
	}
	return absentValue()
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

// Modules counts the directories with configuration, Files their files, parsed or not.
func (c *Configuration) Modules() (modules, files int) { return c.dirs, c.read }

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
		if root.lang != nil && root.lang.templates[file] != nil {
			return root.lang.templates[file].Bytes
		}
	}
	return nil
}

// Broken tells that a file of a directory could not be read or parsed, so absence there proves nothing.
func (c *Configuration) Broken(dir string) bool {
	m := c.modules[dir]
	return m != nil && m.broken
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
	if lang := s.top().lang; lang != nil {
		return lang.templates[r.Filename]
	}
	return nil
}
