package terraform

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// knownModules are widely used modules of a registry, as far as rules look at them, written down by us: nothing is
// ever downloaded. The names of their variables are those of the resources' arguments, so an edit of a resource's
// argument is an edit of the module call's.
//
//go:embed known
var knownModules embed.FS

// kmsModule matches the sources of the module for keys: from the registry, or from its repository.
// https://registry.terraform.io/modules/terraform-aws-modules/kms/aws
var kmsModule = regexp.MustCompile(`^((registry\.(terraform\.io|opentofu\.org)/)?terraform-aws-modules/kms/aws` +
	`|(git::)?(https://|ssh://git@|git@)?github\.com[/:]terraform-aws-modules/terraform-aws-kms(\.git)?(\?ref=.*)?)$`)

// knownPrefix makes directories of known modules that no repository can have: fs.ValidPath refuses it.
const knownPrefix = "//known/"

// knownSource is the directory that stands for a module source that we know.
func knownSource(source string) (dir string, ok bool) {
	if kmsModule.MatchString(source) {
		return knownPrefix + "kms", true
	}
	return "", false
}

// readKnown reads a known module, as readDirectory reads one of the repository.
func readKnown(dir string) *directory {
	name := "known/" + strings.TrimPrefix(dir, knownPrefix) + "/main.tf"
	text, err := fs.ReadFile(knownModules, name)
	if err != nil {
		return nil
	}
	return &directory{path: dir, names: []string{"main.tf"}, found: map[string]bool{}, texts: map[string][]byte{"main.tf": text}, matters: true}
}

// known tells that a scope is a use of a known module, whose files nobody but us has.
func (s *Scope) known() bool { return strings.HasPrefix(s.Module.Dir, knownPrefix) }

// stands is the block that stands for a resource in the user's files: its own, or the call of the known module.
func (r *Resource) stands() *block {
	if r.Scope.known() {
		return r.Scope.call
	}
	return r.block
}

// outside moves a value of a known module to the user's files: to the argument of the call that gives it, or to
// nowhere where the module decides it.
func (s *Scope) outside(name string, v Value) Value {
	if !s.known() {
		return v
	}
	v.Range = hcl.Range{}
	if s.Module.Files[v.Origin.Filename] != nil {
		v.Origin = hcl.Range{}
	}
	for _, body := range s.call.bodies {
		if expr := attribute(body, name); expr != nil {
			v.Range = expr.Range()
		}
	}
	return v
}
