package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// newOrganisation starts GitHub without anything in it, and the App, which writes summaries without waiting.
func newOrganisation(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, sim: conformance.Start(t), db: newDatabase(t), waiting: `state="none"`}
	w.opts.SummarySettle, w.opts.SummaryEvery = time.Millisecond, time.Millisecond
	w.start()
	return w
}

func (w *world) create(name string, files map[string]string, opts ...simulator.RepositoryOption) *simulator.Repository {
	w.t.Helper()
	repo, err := w.sim.CreateRepository("octo", name, files, opts...)
	w.must(err)
	return repo
}

func (w *world) install() {
	w.t.Helper()
	_, err := w.sim.Install("octo")
	w.must(err)
	w.settle()
	w.idle()
}

// issue is the only issue of a repository.
func (w *world) issue(repo *simulator.Repository) simulator.IssueState {
	w.t.Helper()
	all := repo.Issues()
	if len(all) != 1 {
		w.t.Fatalf("%s has %d issues, want 1", repo.FullName(), len(all))
	}
	return all[0].State()
}

func (w *world) says(repo *simulator.Repository, words ...string) string {
	w.t.Helper()
	body := w.issue(repo).Body
	for _, word := range words {
		if !strings.Contains(body, word) {
			w.t.Errorf("the issue does not say %q:\n%s", word, body)
		}
	}
	return body
}

// TestInstallation: after installation, with no further step, every repository is looked at and one issue tells how it
// stands.
func TestInstallation(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	private := w.create(".github-private", map[string]string{"README.md": "x\n"})
	w.create("infra", map[string]string{"main.tf": goodKey, "backup/main.tf": badKey})
	w.create("site", map[string]string{"main.go": "package main\n"})
	old := w.create("old", map[string]string{"main.tf": badKey})
	w.must(old.Archive())
	w.install()
	w.says(private, "aws_kms_key.backup", "KMS101", "octo/infra", "rchived")
	// The list of repositories, a look at all, a look at infra with its settings, its tree, its files; the search for the
	// issue, and the issue.
	if asked, tokens := w.requests(); asked > 7 || tokens > 2 {
		t.Errorf("%d requests and %d tokens, want at most 7 and 2: %v", asked, tokens, paths(w))
	}
}
