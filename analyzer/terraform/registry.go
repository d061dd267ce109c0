package terraform

import (
	"embed"
	"io/fs"
	"path"
	"regexp"
	"strings"
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
	`|(git::)?(https://|ssh://git@|git@)?github\.com[/:]terraform-aws-modules/terraform-aws-kms(\.git)?(//)?(\?.*)?)$`)

// knownPrefix makes directories of known modules that no repository can have: fs.ValidPath refuses it.
const knownPrefix = "//known/"

// knownSource is the directory that stands for a module source that we know, with its version argument.
func knownSource(source string, version Value) (dir string, ok bool) {
	if !kmsModule.MatchString(source) {
		return "", false
	}
	return knownPrefix + "kms/" + kmsVersion(source, version), true
}

// kmsFiles are the files of this program that stand for the versions of the module for keys.
var kmsFiles = map[string][]string{
	"version1":    {"main.tf", "policy.tf", "untyped.tf", "version1.tf"},
	"version2":    {"main.tf", "policy.tf", "untyped.tf", "version2.tf"},
	"version4":    {"main.tf", "policy.tf", "version4.tf"},
	"versionless": {"main.tf", "policy.tf", "versionless.tf"},
}

// revision is the tag, branch or commit in the source of a module from git.
var revision = regexp.MustCompile(`[?&]ref=([^&]*)`)

// releaseTag is the tag of a release of the module.
var releaseTag = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)

// kmsVersion chooses the newest version that the call allows, as terraform init does where nothing is installed yet.
// The version of a branch, or of another commit than that of a release, is not known.
func kmsVersion(source string, version Value) string {
	allowed := everyRelease()
	if at := revision.FindStringSubmatch(source); at != nil {
		switch {
		case releaseTag.MatchString(at[1]):
			allowed = constrained(at[1])
		case kmsReleases[at[1]] != "":
			allowed = constrained(kmsReleases[at[1]])
		default:
			return "versionless"
		}
	}
	if version.Unknown() {
		return "versionless"
	}
	if text, ok := version.Text(); ok {
		allowed = constrained(text)
	}
	switch {
	case allowed.empty():
		return "versionless"
	case allowed.to.compare(release{2, 0, 1}) <= 0:
		return "version1"
	case allowed.to.compare(release{4, 0, 0}) <= 0:
		return "version2"
	default:
		return "version4"
	}
}

// readKnown reads a known module, as readDirectory reads one of the repository.
func readKnown(dir string) *directory {
	d := &directory{path: dir, names: kmsFiles[path.Base(dir)], found: map[string]bool{}, texts: map[string][]byte{}, matters: true}
	for _, name := range d.names {
		text, err := fs.ReadFile(knownModules, "known/kms/"+name)
		if err != nil {
			return nil
		}
		d.texts[name] = text
	}
	return d
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
