package simulator

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

// Rename gives the repository another name. Nothing answers under the old one: GitHub would redirect, and whoever
// relied on it would break when the name is taken again.
func (r *Repository) Rename(name string) error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	if _, taken := r.sim.findRepository(r.owner.login, name); taken {
		return fmt.Errorf("rename %s: %s is taken", r.fullName(), name)
	}
	before := r.name
	r.name = name
	return r.sim.emitRepository(r, "renamed", object{"changes": object{"repository": object{"name": object{"from": before}}}})
}

// Transfer gives the repository to another organisation. The event goes to where it is now.
// Source: docs:webhooks/webhook-events-and-payloads#repository ("transferred").
func (r *Repository) Transfer(account string) error {
	s := r.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	before := r.owner
	if i := s.installationOf(r); i != nil {
		delete(i.repos, r.id)
	}
	r.owner = s.account(account, "Organization")
	return s.emitRepository(r, "transferred", object{"changes": object{"owner": object{"from": object{
		"organization": s.organizationJSON(before)}}}})
}

// SetPrivate makes the repository private or public.
func (r *Repository) SetPrivate(private bool) error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	if r.private == private {
		return nil
	}
	r.private = private
	action := "publicized"
	if private {
		action = "privatized"
	}
	return r.sim.emitRepository(r, action, nil)
}

// Archive makes the repository read-only: docs:repositories/archiving-a-github-repository/archiving-repositories.
func (r *Repository) Archive() error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	r.archived = true
	return r.sim.emitRepository(r, "archived", nil)
}

// Unarchive makes it writable again.
func (r *Repository) Unarchive() error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	r.archived = false
	return r.sim.emitRepository(r, "unarchived", nil)
}

// SetDefaultBranch makes another branch the default one.
func (r *Repository) SetDefaultBranch(name string) error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	if r.branchHead(name) == "" {
		return fmt.Errorf("make %q the default branch of %s: there is none", name, r.fullName())
	}
	before := r.defaultBranch
	r.defaultBranch = name
	return r.sim.emitRepository(r, "edited", object{"changes": object{"default_branch": object{"from": before}}})
}

// Delete removes the repository. Pull requests from it stay, with a head repository of null.
func (r *Repository) Delete() error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	err := r.sim.emitRepository(r, "deleted", nil)
	r.deleted = true
	r.objects.close()
	return errors.Join(err, os.RemoveAll(r.dir))
}

// emitRepository tells what happened to a repository. Its permission is metadata, which every App has.
func (s *Simulator) emitRepository(r *Repository, action string, extra object) error {
	i := s.deliverable(r, "repository", grant{"metadata", "read"})
	if i == nil {
		return nil
	}
	payload := s.about(r, r.owner)
	for k, v := range extra {
		payload[k] = v
	}
	return s.emit("repository", action, i, r, payload)
}

// languagesOf are those that GitHub's linguist counts by file names. Data such as JSON does not count, nor what is
// somebody else's or documentation: https://github.com/github-linguist/linguist/blob/main/docs/overrides.md.
var languagesOf = map[string]string{
	".tf": "HCL", ".tfvars": "HCL", ".hcl": "HCL", ".go": "Go", ".py": "Python", ".ts": "TypeScript", ".js": "JavaScript",
	".java": "Java", ".sh": "Shell", ".rb": "Ruby", ".html": "HTML", ".css": "CSS",
}

// languages counts the bytes of each language on the default branch. Order and sizes are GitHub's: the largest first.
func (e *execution) languages(r *Repository, args map[string]any) (any, error) {
	names, err := r.languageNames()
	if err != nil {
		return nil, err
	}
	var list []*record
	for _, name := range names {
		list = append(list, &record{"Language", map[string]any{"id": "LANG_" + name, "name": name}})
	}
	return connection("LanguageConnection", list)(args)
}

func (r *Repository) languageNames() ([]string, error) {
	head := r.branchHead(r.defaultBranch)
	if known, ok := r.history.languages[head]; ok || head == "" {
		return known, nil
	}
	out, err := r.sim.git(r.dir, nil, "ls-tree", "-r", "-z", "--name-only", head)
	if err != nil {
		return nil, err
	}
	names := languagesIn(strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00"))
	r.history.languages[head] = names
	return names, nil
}

// languagesIn lists the languages of files, the most frequent first.
func languagesIn(files iter.Seq[string]) []string {
	counts := map[string]int{}
	for name := range files {
		if language := languagesOf[path.Ext(name)]; language != "" && !vendored(name) {
			counts[language]++
		}
	}
	names := sortedKeys(counts)
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	return names
}

func vendored(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), func(dir string) bool {
		return dir == "node_modules" || dir == "vendor" || dir == "examples" || dir == "docs"
	})
}
