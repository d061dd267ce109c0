package command_test

import (
	"log/slog"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/command"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type world struct {
	sim    *simulator.Simulator
	repo   *simulator.Repository
	client *gh.Client
	id     change.Repo
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sim, err := simulator.New(simulator.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() {
		sim.Close()
		if unknown := sim.Unknown(); len(unknown) > 0 {
			t.Errorf("requests that GitHub does not know: %q", unknown)
		}
	})
	repo, err := sim.CreateRepository("acme", "infra", map[string]string{"main.tf": "# a\n"})
	must(t, err)
	install, err := sim.Install("acme")
	must(t, err)
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	return &world{
		sim: sim, repo: repo, client: app.Installation(install, "acme", "infra"),
		id: change.Repo{ID: repo.ID(), Owner: "acme", Name: "infra"},
	}
}

func (w *world) pull(t *testing.T, branch, author string, fork bool) *simulator.Pull {
	t.Helper()
	_, err := w.repo.Commit(branch, "Change", map[string]string{"main.tf": "# " + branch + "\n"})
	must(t, err)
	p, err := w.repo.OpenPull(simulator.PullOptions{Title: "Change", Head: branch, Author: author, Fork: fork})
	must(t, err)
	return p
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, role := range []string{"admin", "maintain", "write", "triage", "read"} {
		w.repo.SetPermission(role+"-er", role)
	}
	w.repo.SetPermission("author", "read")
	own := w.pull(t, "own", "author", false)
	forked := w.pull(t, "forked", "outsider", true)
	tests := []struct {
		sender string
		pull   *simulator.Pull
		want   bool
	}{
		{"admin-er", own, true}, {"maintain-er", own, true}, {"write-er", own, true}, {"write-er", forked, true},
		{"triage-er", own, false}, {"read-er", own, false}, {"nobody", own, false}, {"", own, false}, {"other-app[bot]", own, false},
		{"author", own, true}, {"Author", own, true}, {"author", forked, false}, {"outsider", forked, false}, {"outsider", own, false},
	}
	for _, test := range tests {
		got, err := command.Allowed(t.Context(), w.client, w.id, test.pull.Number(), test.sender)
		if err != nil || got != test.want {
			t.Errorf("%q on pull request %d: %v, %v, want %v", test.sender, test.pull.Number(), got, err, test.want)
		}
	}
}

func TestAllowedForkGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pull(t, "forked", "outsider", true)
	fork, found := w.sim.Repository("outsider", "infra")
	if !found {
		t.Fatal("no fork")
	}
	must(t, fork.Delete())
	if got, err := command.Allowed(t.Context(), w.client, w.id, p.Number(), "outsider"); got || err != nil {
		t.Errorf("%v, %v: want no", got, err)
	}
}

func TestAllowedDoesNotGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pull(t, "own", "author", false)
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("/permission$"), Status: 500, Body: "{}"})
	if got, err := command.Allowed(t.Context(), w.client, w.id, p.Number(), "author"); got || err == nil {
		t.Errorf("%v, %v: want the error", got, err)
	}
}

func reactions(p *simulator.Pull) []string {
	var got []string
	for _, comment := range p.Conversation() {
		for _, r := range comment.Reactions {
			got = append(got, r.Content)
		}
	}
	return got
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pull(t, "own", "author", false)
	comment, err := p.Comment("author", "/kms-recheck")
	must(t, err)
	must(t, command.React(t.Context(), w.client, w.id, comment, command.Seen))
	must(t, command.React(t.Context(), w.client, w.id, comment, command.Seen)) // a repeated job
	must(t, command.Finish(t.Context(), w.client, w.id, comment, true))
	if d := cmp.Diff([]string{"eyes", "rocket"}, reactions(p)); d != "" {
		t.Errorf("reactions (-want +got):\n%s", d)
	}
	failed, err := p.Comment("author", "/kms-recheck")
	must(t, err)
	must(t, command.Finish(t.Context(), w.client, w.id, failed, false))
	if d := cmp.Diff([]string{"eyes", "rocket", "confused"}, reactions(p)); d != "" {
		t.Errorf("reactions (-want +got):\n%s", d)
	}
	if err := command.React(t.Context(), w.client, w.id, 999999, command.Seen); err != nil {
		t.Errorf("a deleted comment: %v, want nothing", err)
	}
}
