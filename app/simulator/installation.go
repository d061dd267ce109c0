package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// installation is the App on an account.
type installation struct {
	id          int64
	nodeID      string
	account     *user
	all         bool // every repository of the account
	repos       map[int64]bool
	permissions map[string]string
	suspended   bool
	deleted     bool
	created     time.Time
	updated     time.Time
}

func (i *installation) covers(r *Repository) bool {
	return !i.deleted && (i.repos[r.id] || i.all && r.owner == i.account)
}

// Install puts the App on an account: on the given repositories, or on all of the account's. It returns the
// installation's id.
func (s *Simulator) Install(account string, repos ...*Repository) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.account(account, "Organization")
	i := &installation{id: s.newID(), account: owner, all: len(repos) == 0, repos: map[int64]bool{},
		permissions: maps.Clone(s.opts.Permissions), created: s.clock(), updated: s.clock()}
	i.nodeID = s.nodeID("IN", i.id)
	for _, r := range repos {
		if r.owner != owner {
			return 0, fmt.Errorf("install on %s: %s belongs to somebody else", account, r.fullName())
		}
		i.repos[r.id] = true
	}
	s.installations = append(s.installations, i)
	return i.id, s.emitInstallation(i, "created", s.reposOf(i))
}

// Uninstall takes the App off the account. Its tokens die at once.
func (s *Simulator) Uninstall(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustInstallation(id)
	if err != nil {
		return err
	}
	repos := s.reposOf(i)
	i.deleted = true
	return s.emitInstallation(i, "deleted", repos)
}

// Suspend suspends or, with false, restores an installation.
func (s *Simulator) Suspend(id int64, suspended bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustInstallation(id)
	if err != nil {
		return err
	}
	if i.suspended == suspended {
		return nil
	}
	i.suspended, i.updated = suspended, s.clock()
	action := "unsuspend"
	if suspended {
		action = "suspend"
	}
	return s.emitInstallation(i, action, s.reposOf(i))
}

// Grant changes a permission of one installation, as when its owner has not yet accepted a new one; "" takes it away.
func (s *Simulator) Grant(id int64, permission, level string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustInstallation(id)
	if err != nil {
		return err
	}
	if level == "" {
		delete(i.permissions, permission)
	} else {
		i.permissions[permission] = level
	}
	return nil
}

// AddRepositories extends an installation on selected repositories.
func (s *Simulator) AddRepositories(id int64, repos ...*Repository) error {
	return s.changeSelection(id, true, repos)
}

// RemoveRepositories takes repositories out of an installation.
func (s *Simulator) RemoveRepositories(id int64, repos ...*Repository) error {
	return s.changeSelection(id, false, repos)
}

func (s *Simulator) changeSelection(id int64, add bool, repos []*Repository) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustInstallation(id)
	if err != nil {
		return err
	}
	if i.all {
		return fmt.Errorf("installation %d has all repositories", id)
	}
	for _, r := range repos {
		if add {
			i.repos[r.id] = true
		} else {
			delete(i.repos, r.id)
		}
	}
	i.updated = s.clock()
	return s.emitSelection(i, add, repos)
}

func (s *Simulator) mustInstallation(id int64) (*installation, error) {
	if i := s.findInstallation(id); i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("no installation %d", id)
}

func (s *Simulator) findInstallation(id int64) *installation {
	for _, i := range s.installations {
		if i.id == id && !i.deleted {
			return i
		}
	}
	return nil
}

// installationOf finds the installation that covers a repository, nil where the App is not installed.
func (s *Simulator) installationOf(r *Repository) *installation {
	for _, i := range s.installations {
		if i.covers(r) {
			return i
		}
	}
	return nil
}

func (s *Simulator) reposOf(i *installation) []*Repository {
	var list []*Repository
	for _, r := range s.repos {
		if !r.deleted && i.covers(r) {
			list = append(list, r)
		}
	}
	return list
}

func getApp(c *call) reply { return ok(c.sim.appJSON()) }

func listInstallations(c *call) reply {
	list := []object{}
	for _, i := range c.sim.installations {
		if !i.deleted {
			list = append(list, c.sim.installationJSON(i))
		}
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

func getInstallation(c *call) reply {
	if i := c.sim.findInstallation(c.id("id")); i != nil {
		return ok(c.sim.installationJSON(i))
	}
	return notFound()
}

// getRepositoryInstallation finds the installation of a repository for the App itself.
func getRepositoryInstallation(c *call) reply {
	if r, found := c.sim.findRepository(c.req.PathValue("owner"), c.req.PathValue("repo")); found {
		if i := c.sim.installationOf(r); i != nil {
			return ok(c.sim.installationJSON(i))
		}
	}
	return notFound()
}

func listInstallationRepositories(c *call) reply {
	list := []object{}
	for _, r := range c.sim.reposOf(c.token.installation) {
		if c.token.covers(r) {
			list = append(list, c.sim.repositoryJSON(r))
		}
	}
	total := len(list)
	list, header := page(c, list)
	return reply{status: http.StatusOK, header: header, body: object{
		"total_count": total, "repositories": list, "repository_selection": selection(c.token.installation)}}
}

func selection(i *installation) string {
	if i.all {
		return "all"
	}
	return "selected"
}

// createToken mints an installation token, narrowed as asked. What the installation itself may not do is 422.
// Source: docs:rest/apps/apps#create-an-installation-access-token-for-an-app (repositories: up to 500).
func createToken(c *call) reply {
	i := c.sim.findInstallation(c.id("id"))
	if i == nil {
		return notFound()
	}
	if i.suspended {
		return failure(http.StatusForbidden, "This installation has been suspended")
	}
	var in struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if len(strings.TrimSpace(string(c.body))) > 0 {
		if refused := c.decode(&in); refused != nil {
			return *refused
		}
	}
	t := &token{installation: i, permissions: maps.Clone(i.permissions), expires: c.sim.clock().Add(tokenLifetime)}
	if refused := narrowPermissions(t, in.Permissions); refused != nil {
		return *refused
	}
	repos, refused := narrowRepositories(c.sim, i, in.Repositories, in.RepositoryIDs)
	if refused != nil {
		return *refused
	}
	body := object{"expires_at": stamp(t.expires), "permissions": t.permissions, "repository_selection": selection(i)}
	if repos != nil {
		t.repos = map[int64]bool{}
		list := []object{}
		for _, r := range repos {
			t.repos[r.id] = true
			list = append(list, c.sim.repositoryJSON(r))
		}
		body["repositories"], body["repository_selection"] = list, "selected"
	}
	text := c.sim.newToken()
	c.sim.tokens[text] = t
	body["token"] = text
	return created(body)
}

func narrowPermissions(t *token, wanted map[string]string) *reply {
	if len(wanted) == 0 {
		return nil
	}
	permissions := map[string]string{"metadata": "read"} // mandatory, and there without being asked for
	for name, level := range wanted {
		if levels[level] == 0 || !t.may(grant{name, level}) {
			return refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
		permissions[name] = level
	}
	t.permissions = permissions
	return nil
}

func narrowRepositories(s *Simulator, i *installation, names []string, ids []int64) ([]*Repository, *reply) {
	if len(names) == 0 && len(ids) == 0 {
		return nil, nil
	}
	const refusal = "There is at least one repository that does not exist or is not accessible to the parent installation."
	if len(names) > 500 || len(ids) > 500 {
		return nil, refuse(http.StatusUnprocessableEntity, "Too many repositories requested")
	}
	var repos []*Repository
	for _, name := range names {
		r, found := s.findRepository(i.account.login, name)
		if !found || !i.covers(r) {
			return nil, refuse(http.StatusUnprocessableEntity, refusal)
		}
		repos = append(repos, r)
	}
	for _, id := range ids {
		r := s.repositoryByID(id)
		if r == nil || !i.covers(r) {
			return nil, refuse(http.StatusUnprocessableEntity, refusal)
		}
		repos = append(repos, r)
	}
	return repos, nil
}

func (s *Simulator) repositoryByID(id int64) *Repository {
	for _, r := range s.repos {
		if r.id == id && !r.deleted {
			return r
		}
	}
	return nil
}
