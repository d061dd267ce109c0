package terraform

import (
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// given is a value that a var file sets.
type given struct {
	value cty.Value
	expr  hcl.Expression
	file  *File
}

// varFiles are the values that reach a root module's variables.
type varFiles struct {
	set       map[string]given   // what Terraform loads: automatically, or because it was named
	elsewhere map[string][]given // what other committed var files of the directory would set
}

// readVarFiles reads terraform.tfvars, *.auto.tfvars and their JSON forms in Terraform's order, then the named
// files, and apart from them every other var file in the directory or right below it: somebody may pass one on
// the command line, so a variable on which they differ is not decided.
// https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
func readVarFiles(fsys fs.FS, dir string, named []string) (varFiles, []finding.Diagnostic) {
	vars := varFiles{set: map[string]given{}, elsewhere: map[string][]given{}}
	var diags []finding.Diagnostic
	auto, other := findVarFiles(fsys, dir)
	for _, name := range append(auto, named...) {
		values, fileDiags := readVarFile(fsys, name)
		diags = append(diags, fileDiags...)
		for key, value := range values {
			vars.set[key] = value
		}
	}
	if len(named) > 0 {
		return vars, diags
	}
	for _, name := range other {
		values, fileDiags := readVarFile(fsys, name)
		diags = append(diags, fileDiags...)
		for key, value := range values {
			vars.elsewhere[key] = append(vars.elsewhere[key], value)
		}
	}
	return vars, diags
}

// VarFile is a var file that somebody names.
type VarFile struct {
	Path     string // relative to the repository's root
	Optional bool   // need not exist
}

// named lists the var files that somebody names for a directory, those of the command line last.
func (c *Configuration) named(dir string) []string {
	var names []string
	if c.options.VarFilesOf != nil {
		for _, file := range c.options.VarFilesOf(dir) {
			_, err := fs.Stat(c.fsys, file.Path)
			switch {
			case err == nil:
				names = append(names, file.Path)
			case !file.Optional:
				d := unreadable(file.Path, cause(err))
				d.Detail += "; it is named as a var file of " + dir
				c.Diagnostics = append(c.Diagnostics, d)
			}
		}
	}
	return append(names, c.options.VarFiles...)
}

func findVarFiles(fsys fs.FS, dir string) (auto, other []string) {
	entries, _ := fs.ReadDir(fsys, dir)
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			below, _ := fs.ReadDir(fsys, name)
			for _, inner := range below {
				if !inner.IsDir() && IsVarFile(inner.Name()) {
					other = append(other, path.Join(name, inner.Name()))
				}
			}
		case !IsVarFile(e.Name()):
		case autoLoaded(e.Name()):
			auto = append(auto, name)
		default:
			other = append(other, name)
		}
	}
	sort.Slice(auto, func(i, j int) bool { return loadOrder(auto[i]) < loadOrder(auto[j]) })
	sort.Strings(other)
	return auto, other
}

// loadOrder sorts terraform.tfvars before terraform.tfvars.json before all others by name.
func loadOrder(name string) string {
	switch path.Base(name) {
	case "terraform.tfvars":
		return "0"
	case "terraform.tfvars.json":
		return "1"
	default:
		return "2" + path.Base(name)
	}
}

func autoLoaded(name string) bool {
	return name == "terraform.tfvars" || name == "terraform.tfvars.json" ||
		strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json")
}

func readVarFile(fsys fs.FS, name string) (map[string]given, []finding.Diagnostic) {
	file, diags := readFile(fsys, name)
	if file == nil {
		return nil, diags
	}
	attrs, attrDiags := file.body.JustAttributes()
	diags = append(diags, diagnostics(attrDiags)...)
	values := map[string]given{}
	for key, attr := range attrs {
		value := cty.DynamicVal
		if evaluable(file, attr.Expr, nil, nil) {
			computed, valueDiags := attr.Expr.Value(nil)
			diags = append(diags, diagnostics(valueDiags)...)
			if !valueDiags.HasErrors() {
				value = computed
			}
		}
		values[key] = given{value: value, expr: attr.Expr, file: file}
	}
	return values, diags
}
