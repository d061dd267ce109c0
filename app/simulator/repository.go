package simulator

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"time"
)

// Repository is a repository on the simulated GitHub, with a bare git repository below Options.Dir.
type Repository struct {
	sim           *Simulator
	id            int64
	nodeID        string
	owner         *user
	name          string
	private       bool
	archived      bool
	defaultBranch string
	dir           string
	parent        *Repository // of a fork
	deleted       bool
	created       time.Time
	permissions   map[string]string // lower case login -> role
	withoutIssues bool
	deletedIssues int

	pulls     []*Pull
	issues    []*Issue
	comments  []*issueComment
	suites    []*checkSuite
	checkRuns []*checkRun
	objects   *objectReader
	history   history
}

// RepositoryOption changes how a repository is created.
type RepositoryOption func(*Repository)

// Public makes a repository public; the default is private.
func Public() RepositoryOption { return func(r *Repository) { r.private = false } }

// DefaultBranch names the default branch, instead of "main".
func DefaultBranch(name string) RepositoryOption {
	return func(r *Repository) { r.defaultBranch = name }
}

// OwnedByUser makes the owner a person instead of an organisation, if the account is new.
func OwnedByUser() RepositoryOption {
	return func(r *Repository) { r.owner = r.sim.person(r.owner.login) }
}

// CreateRepository creates a repository with one commit on its default branch. No event is sent: an App learns of
// a repository when it is installed there.
func (s *Simulator) CreateRepository(owner, name string, files map[string]string, opts ...RepositoryOption) (*Repository, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.findRepository(owner, name); taken {
		return nil, fmt.Errorf("create repository %s/%s: the name is taken", owner, name)
	}
	r := s.newRepository(&user{login: owner}, name)
	for _, o := range opts {
		o(r)
	}
	if r.owner.id == 0 {
		r.owner = s.account(owner, "Organization")
	}
	if _, err := s.git(r.dir, nil, "init", "--quiet", "--bare", "--template=", "--initial-branch="+r.defaultBranch, r.dir); err != nil {
		return nil, fmt.Errorf("create repository %s/%s: %w", owner, name, err)
	}
	plan := newPlan(files, []CommitOption{By("maintainer")})
	s.person("maintainer")
	head, err := r.writeCommit("refs/heads/"+r.defaultBranch, "Initial commit", "", plan)
	if err != nil {
		return nil, fmt.Errorf("create repository %s/%s: %w", owner, name, err)
	}
	r.history.languages[head] = languagesIn(maps.Keys(files))
	r.permissions["maintainer"] = "admin"
	s.repos = append(s.repos, r)
	return r, nil
}

func (s *Simulator) newRepository(owner *user, name string) *Repository {
	r := &Repository{
		sim: s, id: s.newID(), owner: owner, name: name, private: true, defaultBranch: "main", created: s.clock(),
		permissions: map[string]string{}, history: newHistory(),
	}
	r.nodeID = s.nodeID("R", r.id)
	r.dir = filepath.Join(s.opts.Dir, fmt.Sprintf("repository-%d.git", r.id))
	r.objects = &objectReader{repo: r}
	s.nodes[r.nodeID] = r
	return r
}

// Fork copies the repository to another account.
func (r *Repository) Fork(owner string) (*Repository, error) {
	s := r.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.fork(owner)
}

func (r *Repository) fork(owner string) (*Repository, error) {
	s := r.sim
	if existing, ok := s.findRepository(owner, r.name); ok {
		return existing, nil
	}
	f := s.newRepository(s.person(owner), r.name)
	f.private, f.defaultBranch, f.parent = r.private, r.defaultBranch, r
	if _, err := s.git(f.dir, nil, "clone", "--quiet", "--bare", "--template=", r.dir, f.dir); err != nil {
		return nil, fmt.Errorf("fork %s to %s: %w", r.fullName(), owner, err)
	}
	f.permissions[strings.ToLower(owner)] = "admin"
	s.repos = append(s.repos, f)
	return f, nil
}

// ID is the repository's number, which survives a rename.
func (r *Repository) ID() int64 { return r.id }

// FullName is "owner/name".
func (r *Repository) FullName() string {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return r.fullName()
}

// Dir is the bare git repository.
func (r *Repository) Dir() string { return r.dir }

// Head is the commit of a branch, "" where there is no such branch.
func (r *Repository) Head(branch string) string {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return r.branchHead(branch)
}

// File reads a file at a revision.
func (r *Repository) File(revision, path string) (string, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	_, kind, content, err := r.objects.read(revision + ":" + path)
	if err == nil && kind != "blob" {
		err = errMissing
	}
	if err != nil {
		return "", fmt.Errorf("read %s at %s: %w", path, revision, err)
	}
	return string(content), nil
}

// SetPermission gives a person a role: "admin", "maintain", "write", "triage", "read", or "none".
func (r *Repository) SetPermission(login, role string) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	r.sim.person(login)
	r.permissions[strings.ToLower(login)] = role
}

// role is what a person may do. Everybody may read a public repository.
func (r *Repository) role(login string) string {
	if role, ok := r.permissions[strings.ToLower(login)]; ok {
		return role
	}
	if !r.private {
		return "read"
	}
	return "none"
}

// mayWrite tells whether a person may push.
func (r *Repository) mayWrite(login string) bool {
	switch r.role(login) {
	case "admin", "maintain", "write":
		return true
	}
	return false
}

func (r *Repository) fullName() string { return r.owner.login + "/" + r.name }

func (s *Simulator) findRepository(owner, name string) (*Repository, bool) {
	for _, r := range s.repos {
		if !r.deleted && strings.EqualFold(r.owner.login, owner) && strings.EqualFold(r.name, name) {
			return r, true
		}
	}
	return nil, false
}
