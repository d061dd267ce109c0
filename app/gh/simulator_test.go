package gh_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
)

// them.
func TestAgainstAStrictGitHub(t *testing.T) {
	t.Parallel()
	sim, err := simulator.New(simulator.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(sim.Close)
	infra, err := sim.CreateRepository("acme", "infra", map[string]string{"main.tf": "# a\n"})
	must(t, err)
	other, err := sim.CreateRepository("acme", ".github", map[string]string{"README.md": "x\n"})
	must(t, err)
	install, err := sim.Install("acme", infra, other)
	must(t, err)
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)

	self, _, err := app.JWTClient().Apps.Get(t.Context(), "")
	if err != nil || self.GetID() != id {
		t.Fatalf("App %v, %v: want %d", self, err, id)
	}
	client := app.Installation(install, "acme", "infra", ".github")
	must(t, getRepository(client))
	if _, _, err := app.Installation(install, "acme", "infra").REST.Repositories.Get(t.Context(), "acme", ".github"); !gh.NotFound(err) {
		t.Errorf("a token for infra alone reads .github: %v", err)
	}

	must(t, sim.RemoveRepositories(install, other))
	fresh, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	client = fresh.Installation(install, "acme", "infra", ".github")
	must(t, getRepository(client))
	if client.Covers(".github") {
		t.Error("a repository that left the installation still counts as covered")
	}

	must(t, sim.Suspend(install, true))
	client = app.Installation(install, "acme", "infra")
	err = getRepository(client)
	for range 2 { // a token in hand is refused first; then none is given
		if errors.Is(err, gh.ErrGone) {
			return
		}
		err = getRepository(client)
	}
	t.Errorf("suspended: %v, want gone", err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
