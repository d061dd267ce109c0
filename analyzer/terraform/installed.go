package terraform

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
)

// manifest is where `terraform init` notes the modules that it has installed. It exists on laptops and in CI, never in
// a repository that somebody else pushed.
const manifest = ".terraform/modules/modules.json"

// readInstalled gives the directories of installed modules by their place in the tree of calls: "a.b" is module b
// that module a calls. Nothing outside of the repository is in it.
func readInstalled(fsys fs.FS, root string) map[string]string {
	text, err := readBounded(fsys, path.Join(root, manifest))
	if err != nil {
		return nil
	}
	var content struct {
		Modules []struct{ Key, Dir string }
	}
	if json.Unmarshal(text, &content) != nil {
		return nil // a file of Terraform's own, which it mends by itself
	}
	installed := map[string]string{}
	for _, m := range content.Modules {
		if dir := path.Join(root, m.Dir); m.Key != "" && fs.ValidPath(dir) {
			installed[m.Key] = dir
		}
	}
	return installed
}

// Installed tells a file of an installed module, which nobody who reads a finding can change.
func Installed(file string) bool { return strings.Contains("/"+file, "/.terraform/") }

// installed is the directory of a call that is not local, if `terraform init` has been run.
func (s *Scope) installedDir(address string) (dir string, ok bool) {
	key := strings.ReplaceAll(join(s.Path, address), "module.", "")
	dir, ok = s.top().installed[key]
	return dir, ok
}

// installedModule reads a module where it is installed; nil if it is not there.
func (c *Configuration) installedModule(dir string) *Module {
	if module, seen := c.modules[dir]; seen {
		return module
	}
	d := readDirectory(c.fsys, dir, nil)
	if d == nil {
		return nil
	}
	module, _ := d.parse(c.options.Reuse) // what is wrong in there is not the user's to mend
	c.modules[dir] = module
	return module
}
