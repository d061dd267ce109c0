package terraform

import (
	"context"
	"io/fs"
	"path"
	"slices"
)

// Edited is what Load gives for one root module after an edit of the named files: fsys is the repository that c was
// loaded from, with their new texts. Only the directories of these files are read again. The two configurations must
// not be used at the same time. It fails only if ctx ends.
func (c *Configuration) Edited(ctx context.Context, fsys fs.FS, root string, files []string) (*Configuration, error) {
	edited := &Configuration{fsys: fsys, options: c.options, modules: c.reachable(root)}
	edited.options.Reuse = c
	for _, name := range files {
		dir := path.Dir(name)
		before := edited.modules[dir]
		if before == nil || !IsConfig(name) {
			continue // a var file is read with the root module
		}
		d := readDirectory(fsys, dir, nil)
		if d == nil {
			return Load(ctx, fsys, []string{root}, edited.options)
		}
		module, diags := d.parse(c)
		if !slices.Equal(module.localCallees(), before.localCallees()) {
			return Load(ctx, fsys, []string{root}, edited.options)
		}
		edited.modules[dir] = module
		edited.Diagnostics = append(edited.Diagnostics, diags...)
	}
	if edited.modules[root] == nil {
		return Load(ctx, fsys, []string{root}, edited.options)
	}
	edited.addRoot(root)
	return edited, nil
}

// reachable are the modules of a directory and of all that it calls.
func (c *Configuration) reachable(dir string) map[string]*Module {
	found := map[string]*Module{}
	for pending := []string{dir}; len(pending) > 0; pending = pending[1:] {
		module := c.modules[pending[0]]
		if module == nil || found[pending[0]] != nil {
			continue
		}
		found[pending[0]] = module
		pending = append(pending, module.localCallees()...)
	}
	return found
}
