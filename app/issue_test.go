package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

var issuesRoute = regexp.MustCompile(`/issues$`)

// set commits the account's settings.
func (w *world) set(repo *simulator.Repository, text string) {
	w.t.Helper()
	_, err := repo.Commit("main", "Settings", map[string]string{".github/kms-review.yml": text})
	w.must(err)
	w.rest()
}

// TestTheIssueMoves: where the settings name another repository, the issue is opened there. The old one is closed, says
// nothing of the repositories any more, and where its readers may know of the new place, leads there. It is taken up again
// when the settings change back.
func TestTheIssueMoves(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github", nil)
	ops := w.create("ops", nil)
	status := w.create("status", nil, simulator.Public())
	w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	w.says(home, "octo/infra")

	left := func(repo *simulator.Repository, to string) {
		t.Helper()
		state := w.issue(repo)
		if state.State != "closed" || strings.Contains(state.Body, "infra") || strings.Contains(state.Body, "aws_kms_key") {
			t.Errorf("the issue of %s is %s and says\n%s", repo.FullName(), state.State, state.Body)
		}
		if named := strings.Contains(state.Body, "/issues"); named != (to != "") || !strings.Contains(state.Body, to) {
			t.Errorf("the issue of %s must lead to %q, and says\n%s", repo.FullName(), to, state.Body)
		}
	}
	w.set(home, "summary:\n  repository: ops\n")
	left(home, "/octo/ops/issues")
	w.says(ops, "octo/infra")

	w.set(home, "summary:\n  repository: status\n")
	left(ops, "/octo/status/issues")
	w.silent(status, "infra", "aws_kms_key")

	w.set(home, "summary:\n  repository: ops\n")
	left(status, "")
	if strings.Contains(w.issue(status).Body, "ops") {
		t.Error("a public issue names a private repository")
	}
	if state := w.issue(ops); state.State != "open" || !strings.Contains(state.Body, "octo/infra") {
		t.Errorf("back in ops, the issue is %s and says\n%s", state.State, state.Body)
	}
	w.set(home, "summary:\n  repository: no-where\n")
	w.says(ops, "octo/infra")
	left(home, "/octo/ops/issues")

	issue := ops.Issues()[0]
	w.must(issue.Close("maintainer"))
	w.rest()
	w.must(ops.Rename("operations"))
	w.rest()
	w.set(home, "summary:\n  repository: operations\n")
	if state := w.issue(ops); state.State != "closed" {
		t.Error("an issue that a person closed was opened again because its repository has another name")
	}
}

// TestOneIssue: whatever was lost, there is one issue, and nobody else's is taken for it.
func TestOneIssue(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github-private", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	// The answer to the opening is lost.
	w.sim.Fail(simulator.Fault{Method: http.MethodPost, PathPattern: issuesRoute, Status: http.StatusBadGateway, After: true})
	_, err := w.sim.Install("octo")
	w.must(err)
	w.eventually("the issue", func() bool {
		all := home.Issues()
		return len(all) > 0 && strings.Contains(all[0].State().Body, "aws_kms_key.backup")
	})
	w.rest()
	ours := w.issue(home)

	// What people and other Apps copy from it is theirs.
	copies := map[string]*simulator.Issue{}
	for _, by := range []string{"maintainer", "parrot[bot]"} {
		copies[by], err = home.OpenIssue(by, "Copy", ours.Body)
		w.must(err)
	}
	again := func(name string) {
		t.Helper()
		w.stop()
		w.change("DELETE FROM summaries") // as in a new database
		w.start()
		_, err := infra.Commit("main", "Change", map[string]string{name + ".tf": keyOf(name)})
		w.must(err)
		w.rest()
	}
	again("first")
	all := home.Issues()
	if len(all) != 3 || !strings.Contains(all[0].State().Body, "aws_kms_key.first") {
		t.Fatalf("%d issues, of which the first says\n%s", len(all), all[0].State().Body)
	}
	// GitHub does not show it for a moment, so that a second one is opened.
	w.sim.Fail(simulator.Fault{Method: http.MethodGet, PathPattern: issuesRoute, Status: http.StatusOK, Body: "[]",
		Headers: map[string]string{"Content-Type": "application/json; charset=utf-8"}})
	again("second")
	if n := len(home.Issues()); n != 4 {
		t.Fatalf("%d issues, want the second one here", n)
	}
	again("third")
	all = home.Issues()
	if first, second := all[0].State(), all[3].State(); len(all) != 4 || second.State != "closed" || first.State != "open" ||
		!strings.Contains(first.Body, "aws_kms_key.third") {
		t.Errorf("of %d issues the first is %s and the second %s", len(all), first.State, second.State)
	}
	for by, issue := range copies {
		if state := issue.State(); state.State != "open" || state.Edits > 0 {
			t.Errorf("the issue of %s is %s after %d edits", by, state.State, state.Edits)
		}
	}

	// A person's close counts, also when all else is forgotten.
	w.must(all[0].Close("maintainer"))
	w.rest()
	before := all[0].State()
	again("fourth")
	if now := all[0].State(); now.State != "closed" || now.Edits != before.Edits || len(home.Issues()) != 4 {
		t.Errorf("an issue that a person closed is %s after %d more edits, and there are %d", now.State, now.Edits-before.Edits, len(home.Issues()))
	}
	_, err = infra.Commit("main", "Open to all", map[string]string{"open.tf": openKey})
	w.must(err)
	w.rest()
	if now := all[0].State(); now.State != "open" || !strings.Contains(now.Body, "aws_kms_key.open") {
		t.Errorf("after something critical it is %s", now.State)
	}
}
