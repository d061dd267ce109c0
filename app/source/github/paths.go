package github

import (
	"path"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

const settingsPath = ".github/kms-review.yml"

// kind says how a file can concern Terraform, by its path alone.
type kind int

const (
	other    kind = iota
	config        // configuration, values of variables, the lock file: read wherever it lies
	attached      // may be read by a configuration beside or above it, through file() or templatefile()
)

// hinted are words in a path that make a JSON or template file likely to belong to infrastructure. Every web
// project changes package.json all day; taking each for a policy would cost a query for each push.
var hinted = regexp.MustCompile(`(?i)(polic|template|terraform|tofu|infra|iam|kms|(^|/)modules/|statement)`)

// helm's templates carry the same extension and are not Terraform's.
var helm = regexp.MustCompile(`(?i)(^|/)(charts?|helm)/`)

func kindOf(name string) kind {
	base := path.Base(name)
	switch {
	case strings.Contains("/"+name, "/.terraform/"):
		return other // what terraform init downloads; committed by mistake
	case isConfig(base):
		return config
	case strings.HasSuffix(base, ".tftpl"):
		return attached
	case !hinted.MatchString(name) || helm.MatchString(name):
		return other
	}
	switch path.Ext(base) {
	case ".json", ".tpl", ".tmpl":
		return attached
	}
	return other
}

// isConfig tells what belongs to a configuration wherever it lies, by its name without a directory.
func isConfig(base string) bool {
	return terraform.IsConfig(base) || terraform.IsVarFile(base) || base == terraform.LockFile
}

// ancestors is how many directories above an attached file (or a file of variable values) are searched for the
// configuration that reads it: modules/kms/policies/admin/key.json is as deep as people go.
const ancestors = 3

// seeds are the directories in which a changed file is looked for: its own, and for one that others read, those
// above it.
func seeds(name string) []string {
	kind := kindOf(name)
	if kind == other {
		return nil
	}
	dirs := []string{path.Dir(name)}
	if kind == attached || terraform.IsVarFile(name) {
		for range ancestors {
			above := path.Dir(dirs[len(dirs)-1])
			if above == dirs[len(dirs)-1] {
				break
			}
			dirs = append(dirs, above)
		}
	}
	return dirs
}
