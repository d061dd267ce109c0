package terraform

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/hashicorp/hcl/v2"
)

// LockFile is the name of the file in which terraform init notes the versions of providers, in a root module's
// directory. https://developer.hashicorp.com/terraform/language/files/dependency-lock
const LockFile = ".terraform.lock.hcl"

// awsProvider is the provider whose versions matter here.
const awsProvider = "hashicorp/aws"

// ProviderVersion is what is known of the version of hashicorp/aws that a root module runs with.
type ProviderVersion struct {
	// Pin is the place that says most about it: the version in the lock file, or the constraint with the lowest upper
	// bound; empty where nothing limits the version from above.
	Pin hcl.Range

	known  span
	locked string
}

// locked is an entry of a lock file.
type locked struct {
	version string
	pin     hcl.Range
}

// Below tells whether the version is below major.minor.0.
func (v ProviderVersion) Below(major, minor int) Truth {
	at := release{major, minor, 0}
	switch {
	case v.known == span{}:
		return Undecided
	case v.known.to.compare(at) <= 0:
		return True
	case v.known.from.compare(at) >= 0:
		return False
	default:
		return Undecided
	}
}

// Words says the version for a reader: "5.31.0", "at least 4.0.0 and below 5.0.0".
func (v ProviderVersion) Words() string {
	switch {
	case v.locked != "":
		return v.locked
	case v.known == span{} || v.known == everyRelease():
		return "not known"
	case v.known.to == endless:
		return "at least " + v.known.from.String()
	case v.known.from == release{}:
		return "below " + v.known.to.String()
	default:
		return fmt.Sprintf("at least %s and below %s", v.known.from, v.known.to)
	}
}

// ProviderVersion says which version of hashicorp/aws the root module of a scope runs with: what its lock file pins,
// else what the required_providers of all its modules leave over. A lock file that does not fulfil these is one that
// nobody can run with, so it does not count.
func (s *Scope) ProviderVersion() ProviderVersion {
	if s.Module.source("aws") != awsProvider {
		return ProviderVersion{}
	}
	top := s.top()
	if top.version == nil {
		v := top.readVersion()
		top.version = &v
	}
	return *top.version
}

func (s *Scope) readVersion() ProviderVersion {
	v := ProviderVersion{known: everyRelease()}
	for _, scope := range s.Scopes() {
		for _, written := range scope.Module.awsConstraints() {
			text, ok := written.Text()
			if !ok {
				continue
			}
			one := constrained(text)
			if one.to.compare(v.known.to) < 0 {
				v.Pin = written.Range
			}
			v.known = v.known.both(one)
		}
	}
	if v.known.empty() {
		return ProviderVersion{}
	}
	entry := readLock(s.config.fsys, s.Module.Dir)
	if pinned := constrained(entry.version); entry.version != "" && pinned.from.next() == pinned.to && v.known.has(pinned.from) {
		v = ProviderVersion{Pin: entry.pin, known: pinned, locked: entry.version}
	}
	return v
}

// awsConstraints are the constraints on hashicorp/aws that a module writes.
func (m *Module) awsConstraints() []Value {
	var all []Value
	for _, name := range sortedKeys(m.required) {
		if m.required[name].source == awsProvider {
			all = append(all, m.required[name].constraint)
		}
	}
	b := m.providers[providerName{local: m.localName(awsProvider)}]
	if b == nil {
		return all
	}
	for _, body := range b.bodies {
		if expr := attribute(body, "version"); expr != nil { // as before Terraform 0.13
			all = append(all, constant(b.file, expr))
		}
	}
	return all
}

// readLock finds the entry for hashicorp/aws in a directory's lock file. Where it has one for each of the two public
// registries and they differ, none counts.
func readLock(fsys fs.FS, dir string) locked {
	text, err := readBounded(fsys, path.Join(dir, LockFile))
	if err != nil {
		return locked{}
	}
	file, _ := parseFile(path.Join(dir, LockFile), text)
	if file == nil {
		return locked{} // a file of Terraform's own, which it mends by itself
	}
	content, _, _ := file.body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"source"}}}})
	var found locked
	for _, b := range content.Blocks {
		expr := attribute(b.Body, "version")
		if providerSource(b.Labels[0]) != awsProvider || expr == nil {
			continue
		}
		version, _ := constant(file, expr).Text()
		if found.version != "" && found.version != version {
			return locked{}
		}
		found = locked{version: version, pin: expr.Range()}
	}
	return found
}
