package settings

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// VarFiles says with which var files Terraform runs in the directories that a pattern matches.
type VarFiles struct {
	Dirs  string   // glob with **, relative to the repository's root; "." is the root
	Files []string // relative to the directory, with a leading slash to the repository's root; the last one wins
}

// VarFilesOf lists the var files of a directory in the order in which they are given to Terraform. Where a pattern
// chose the directory, they are optional: not each directory that it matches needs to have them.
func (s Settings) VarFilesOf(dir string) []terraform.VarFile {
	var files []terraform.VarFile
	for _, entry := range s.VarFiles {
		if !entry.matches(dir) {
			continue
		}
		for _, file := range entry.Files {
			if name := in(dir, file); fs.ValidPath(name) {
				files = append(files, terraform.VarFile{Path: name, Optional: isPattern(entry.Dirs)})
			}
		}
	}
	return files
}

// UsersOf lists the directories that have a file among their var files, as far as the settings alone tell. more says
// that a pattern may match others.
func (s Settings) UsersOf(file string) (dirs []string, more bool) {
	for _, entry := range s.VarFiles {
		for _, name := range entry.Files {
			dir, outside := entry.Dirs, strings.HasPrefix(name, "/") || strings.HasPrefix(name, "../")
			switch {
			case !isPattern(dir):
			case outside:
				more = more || strings.HasSuffix("/"+file, "/"+inner(name))
				continue
			default:
				dir = strings.TrimSuffix("/"+file, "/"+name)
				dir = path.Clean("./" + strings.TrimPrefix(dir, "/"))
			}
			if entry.matches(dir) && in(dir, name) == file {
				dirs = append(dirs, dir)
			}
		}
	}
	return slices.Compact(dirs), more
}

// inner is the part of a path behind what leads out of a directory.
func inner(name string) string {
	for strings.HasPrefix(name, "../") {
		name = name[len("../"):]
	}
	return strings.TrimPrefix(name, "/")
}

func in(dir, file string) string {
	if strings.HasPrefix(file, "/") {
		return strings.TrimPrefix(file, "/")
	}
	return path.Join(dir, file)
}

func isPattern(dirs string) bool { return strings.ContainsAny(dirs, `*?[{\`) }

// matches takes "." for the root alone: "*" is any directory in it.
func (v VarFiles) matches(dir string) bool {
	if dir == "." {
		return v.Dirs == "." || v.Dirs == "**"
	}
	ok, err := doublestar.Match(v.Dirs, dir)
	return err == nil && ok
}

// varFiles is the mapping of directories to var files, in its order.
type varFiles []VarFiles

// maxVarFiles bounds the entries, and the files of each: every directory that is read is held against all of them.
const maxVarFiles = 200

// UnmarshalYAML reads directories and their var files.
func (v *varFiles) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return refuse(node, "var_files: %s is no mapping of directories to lists of files", written(node))
	}
	all := &yaml.TypeError{}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		entry, err := varFilesOf(node.Content[i], node.Content[i+1])
		switch {
		case err != nil:
			all.Errors = append(all.Errors, messages(err)...)
		case seen[entry.Dirs]:
			all.Errors = append(all.Errors, messages(refuse(node.Content[i], "var_files: %s is named twice", written(node.Content[i])))...)
		}
		seen[entry.Dirs] = true
		*v = append(*v, entry)
	}
	if len(*v) > maxVarFiles {
		all.Errors = append(all.Errors, messages(refuse(node, "var_files: more than %d entries", maxVarFiles))...)
	}
	if len(all.Errors) > 0 {
		return all
	}
	return nil
}

func varFilesOf(key, value *yaml.Node) (VarFiles, error) {
	dirs := path.Clean(key.Value)
	if key.Kind != yaml.ScalarNode || key.Value == "" || !doublestar.ValidatePattern(dirs) || !fs.ValidPath(dirs) {
		return VarFiles{}, refuse(key, "var_files: %s is no directory of the repository", written(key))
	}
	entry := VarFiles{Dirs: dirs}
	if value.Kind != yaml.SequenceNode {
		return entry, refuse(value, "var_files: %s: %s is no list of files", dirs, written(value))
	}
	if n := len(value.Content); n == 0 || n > maxVarFiles {
		return entry, refuse(value, "var_files: %s: the list has %d files, and takes 1 to %d", dirs, n, maxVarFiles)
	}
	for _, node := range value.Content {
		name := path.Clean(node.Value)
		if node.Kind != yaml.ScalarNode || !strings.HasSuffix(name, ".tfvars") && !strings.HasSuffix(name, ".tfvars.json") {
			return entry, refuse(node, "var_files: %s: %s is no var file: its name ends with .tfvars or .tfvars.json", dirs, written(node))
		}
		if !isPattern(dirs) && !fs.ValidPath(in(dirs, name)) {
			return entry, refuse(node, "var_files: %s: %s is outside of the repository", dirs, written(node))
		}
		entry.Files = append(entry.Files, name)
	}
	return entry, nil
}
