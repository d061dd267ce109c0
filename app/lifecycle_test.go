package app_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
)

// keyOf is a key without rotation of the given name.
func keyOf(name string) string { return strings.ReplaceAll(badKey, "backup", name) }

// rest waits until what was delivered has had all of its effects.
func (w *world) rest() {
	w.t.Helper()
	w.settle()
	w.idle()
}

// rows counts, in each table that has the column, the rows that hold a value there. Only tables with any are listed.
func (w *world) rows(column string, value int64, except ...string) map[string]int {
	w.t.Helper()
	st, err := store.OpenReads(w.t.Context(), w.db)
	w.must(err)
	defer func() { w.must(st.Close()) }()
	catalogue := "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = $1"
	if st.Dialect() == store.Postgres {
		catalogue = "SELECT table_name FROM information_schema.columns WHERE column_name = $1 AND table_schema = current_schema()"
	}
	rows, err := st.Reads().QueryContext(w.t.Context(), catalogue, column)
	w.must(err)
	var tables []string
	for rows.Next() {
		var name string
		w.must(rows.Scan(&name))
		tables = append(tables, name)
	}
	w.must(rows.Err())
	w.must(rows.Close())
	if len(tables) == 0 {
		w.t.Fatalf("no table has a column %s", column)
	}
	found := map[string]int{}
	for _, table := range tables {
		var n int
		w.must(st.Reads().QueryRowContext(w.t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $1", table, column), value).Scan(&n))
		if n > 0 && !slices.Contains(except, table) {
			found[table] = n
		}
	}
	return found
}

// forgotten fails where anything of a repository is left. What is kept of deliveries are numbers alone.
func (w *world) forgotten(repo *simulator.Repository) {
	w.t.Helper()
	if left := w.rows("repo_id", repo.ID(), "deliveries"); len(left) > 0 {
		w.t.Errorf("rows of %s are left: %v", repo.FullName(), left)
	}
	if left := w.rows("subject", repo.ID()); len(left) > 0 {
		w.t.Errorf("tasks of %s are left: %v", repo.FullName(), left)
	}
}

// silent fails where the issue names what it should not.
func (w *world) silent(repo *simulator.Repository, words ...string) {
	w.t.Helper()
	body := w.issue(repo).Body
	for _, word := range words {
		if strings.Contains(body, word) {
			w.t.Errorf("the issue says %q:\n%s", word, body)
		}
	}
}

// TestRepositoryLeaves: of a repository that is deleted, given away or taken out of the installation nothing is kept, and
// the issue no longer names it.
func TestRepositoryLeaves(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newGitHub(t)
			if database == "postgres" {
				w.db = storetest.Postgres(t, false).URL(t)
			}
			w.start()
			home := w.create(".github-private", nil)
			all := []*simulator.Repository{home}
			for _, name := range []string{"deleted", "removed", "given", "stays"} {
				all = append(all, w.create(name, map[string]string{"main.tf": keyOf(name), "m/main.tf": goodKey, "n.tf": "module \"m\" {\n  source = \"./m\"\n}\n"}))
			}
			id, err := w.sim.Install("octo", all...)
			w.must(err)
			w.rest()
			for _, repo := range all[1:] { // a review, so that its tables have rows, too
				w.repo = repo
				pull := w.open(map[string]string{"change.tf": keyOf("change")}, simulator.PullOptions{})
				w.check(pull, 1)
				if rows := w.rows("repo_id", repo.ID()); rows["postures"] == 0 || rows["posture_findings"] == 0 || rows["posture_parts"] == 0 || rows["pulls"] == 0 || rows["published"] == 0 || rows["blobs"] == 0 {
					t.Fatalf("the test has nothing to lose: %v", rows)
				}
			}
			w.rest()
			deleted, removed, given, stays := all[1], all[2], all[3], all[4]
			w.says(home, "aws_kms_key.deleted", "aws_kms_key.removed", "aws_kms_key.given", "aws_kms_key.stays")

			w.must(deleted.Delete())
			w.rest()
			w.forgotten(deleted)
			w.silent(home, "octo/deleted", "aws_kms_key.deleted")

			w.must(w.sim.RemoveRepositories(id, removed))
			w.rest()
			w.forgotten(removed)
			w.silent(home, "octo/removed", "aws_kms_key.removed")

			w.must(given.Transfer("elsewhere")) // where the App is not: no delivery comes
			w.rest()
			w.stop()
			w.aDayPasses()
			w.start()
			w.eventually("the night's comparison", func() bool { return len(w.rows("repo_id", given.ID(), "deliveries")) == 0 })
			w.rest()
			w.forgotten(given)
			w.silent(home, "octo/given", "elsewhere/given", "aws_kms_key.given")
			w.says(home, "aws_kms_key.stays")
			if rows := w.rows("repo_id", stays.ID()); rows["posture_findings"] == 0 || rows["pulls"] == 0 {
				t.Errorf("of the repository that stays there is only %v", rows)
			}

			w.must(w.sim.Uninstall(id))
			w.rest()
			w.forgotten(stays)
			if left := w.rows("installation_id", id); len(left) > 0 {
				t.Errorf("rows of the installation are left: %v", left)
			}
		})
	}
}

// TestTransfer: a repository that goes from one account to another leaves the issue of the one and stands in that of the
// other, with what is known of it, and without waiting for a night.
func TestTransfer(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	from := w.create(".github-private", nil)
	moving := w.create("infra", map[string]string{"main.tf": keyOf("moving")})
	to, err := w.sim.CreateRepository("acme", ".github-private", nil)
	w.must(err)
	w.install()
	_, err = w.sim.Install("acme")
	w.must(err)
	w.rest()
	w.says(from, "aws_kms_key.moving")
	w.silent(to, "aws_kms_key.moving")
	before := w.rows("repo_id", moving.ID())
	w.must(moving.Transfer("acme"))
	w.rest()
	w.says(to, "acme/infra", "aws_kms_key.moving")
	w.silent(from, "octo/infra", "acme/infra", "aws_kms_key.moving")
	after := w.rows("repo_id", moving.ID())
	if before["repositories"] != 1 || after["repositories"] != 1 || after["posture_findings"] != before["posture_findings"] {
		t.Errorf("rows before %v, after %v", before, after)
	}
	if _, err := moving.Commit("main", "Fix", map[string]string{"main.tf": strings.ReplaceAll(goodKey, "main", "moving")}); err != nil {
		t.Fatal(err)
	}
	w.rest()
	w.says(to, "| KMS101 rotation-disabled | high | 0 | 0 | 0 | 1 |") // fixed there
}

// TestArchived: what is archived is not scanned, and is scanned again when it no longer is.
func TestArchived(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github-private", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	w.says(home, "aws_kms_key.backup")
	w.must(infra.Archive())
	w.rest()
	w.silent(home, "aws_kms_key.backup")
	w.says(home, "| Archived: not scanned | 1 |")
	if rows := w.rows("repo_id", infra.ID()); rows["posture_findings"] > 0 || rows["posture_parts"] > 0 {
		t.Errorf("findings of an archived repository are kept: %v", rows)
	}
	w.must(infra.Unarchive())
	w.rest()
	w.says(home, "aws_kms_key.backup")
	w.must(infra.Rename("platform"))
	w.rest()
	w.says(home, "octo/platform", "aws_kms_key.backup")
	w.silent(home, "octo/infra")
	if _, err := infra.Commit("trunk", "Trunk", map[string]string{"trunk.tf": keyOf("trunk")}); err != nil {
		t.Fatal(err)
	}
	w.must(infra.SetDefaultBranch("trunk"))
	w.rest()
	w.says(home, "aws_kms_key.trunk")
}

// TestSuspended: nothing is asked of GitHub while an installation is suspended, and everything that changed meanwhile is
// found when it no longer is.
func TestSuspended(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github-private", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	id, err := w.onlyInstallation()
	w.must(err)
	w.must(w.sim.Suspend(id, true))
	w.rest()
	w.sim.ResetRequests()
	if _, err := infra.Commit("main", "Meanwhile", map[string]string{"more.tf": keyOf("meanwhile")}); err != nil {
		t.Fatal(err)
	}
	w.rest()
	w.stop()
	w.aDayPasses()
	w.start()
	w.rest()
	if asked, tokens := w.requests(); asked+tokens > 0 {
		t.Errorf("%d requests and %d tokens for a suspended installation: %v", asked, tokens, paths(w))
	}
	w.must(w.sim.Suspend(id, false))
	w.rest()
	w.says(home, "aws_kms_key.backup", "aws_kms_key.meanwhile")
}

func (w *world) onlyInstallation() (int64, error) {
	st, err := store.OpenReads(w.t.Context(), w.db)
	if err != nil {
		return 0, err
	}
	defer func() { w.must(st.Close()) }()
	all, err := st.Installations(w.t.Context())
	if err != nil || len(all) != 1 {
		return 0, fmt.Errorf("%d installations: %w", len(all), err)
	}
	return all[0].ID, nil
}

// TestNoLongerPublic: an issue that everybody may read loses the name of a repository at once when that is made private,
// however seldom the issue is written otherwise; and an issue that everybody comes to see loses all private ones.
func TestNoLongerPublic(t *testing.T) {
	t.Parallel()
	w := newGitHub(t)
	w.opts.SummaryEvery = time.Hour
	w.start()
	w.create(".github", map[string]string{".github/kms-review.yml": "summary:\n  repository: status\n"}, simulator.Public())
	status := w.create("status", nil, simulator.Public())
	open := w.create("open", map[string]string{"main.tf": keyOf("open")}, simulator.Public())
	other := w.create("other", map[string]string{"main.tf": keyOf("other")}, simulator.Public())
	w.waiting = `state="scheduled"` // the next writing, minutes away
	_, err := w.sim.Install("octo")
	w.must(err)
	w.rest()
	w.eventually("the issue names both", func() bool {
		all := status.Issues()
		return len(all) == 1 && strings.Contains(all[0].State().Body, "aws_kms_key.open") && strings.Contains(all[0].State().Body, "aws_kms_key.other")
	})
	w.must(open.SetPrivate(true))
	w.eventually("the issue no longer names the private one", func() bool {
		body := w.issue(status).Body
		return !strings.Contains(body, "octo/open") && !strings.Contains(body, "aws_kms_key.open")
	})
	w.says(status, "octo/other", "leaves out 1 private repository")
	w.must(status.SetPrivate(true))
	w.eventually("the issue in a private repository names it again", func() bool { return strings.Contains(w.issue(status).Body, "octo/open") })
	w.must(status.SetPrivate(false))
	w.eventually("the issue that is public again does not", func() bool { return !strings.Contains(w.issue(status).Body, "octo/open") })
	w.must(other.Delete())
	w.eventually("the issue no longer names what was deleted", func() bool { return !strings.Contains(w.issue(status).Body, "octo/other") })
}

// TestTargetIsMadePublic: where the issue stands by default nobody but the account's people may read it. It does not go on
// naming private repositories when that changes.
func TestTargetIsMadePublic(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github", nil)
	w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	w.says(home, "octo/infra", "aws_kms_key.backup")
	w.must(home.SetPrivate(false))
	w.rest()
	if state := w.issue(home); strings.Contains(state.Body, "infra") || strings.Contains(state.Body, "aws_kms_key") || state.State != "closed" {
		t.Errorf("a public issue that nobody asked for is %s and says\n%s", state.State, state.Body)
	}
	w.must(home.SetPrivate(true))
	w.rest()
	if state := w.issue(home); state.State != "open" || !strings.Contains(state.Body, "octo/infra") {
		t.Errorf("back in a private repository the issue is %s and says\n%s", state.State, state.Body)
	}
}

// TestLostDeliveries: the App was removed, installed, suspended and renamed while nobody was there to be told. What is
// gone is forgotten and what is new is looked at, as soon as somebody is.
func TestLostDeliveries(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	in := func(account, name string, files map[string]string) *simulator.Repository {
		repo, err := w.sim.CreateRepository(account, name, files)
		w.must(err)
		return repo
	}
	home := map[string]*simulator.Repository{}
	ids := map[string]int64{}
	for _, account := range []string{"gone", "new", "paused", "stays"} {
		home[account] = in(account, ".github-private", nil)
		in(account, "infra", map[string]string{"main.tf": keyOf(account)})
		if account != "new" {
			var err error
			ids[account], err = w.sim.Install(account)
			w.must(err)
		}
	}
	for i := range 100 { // a page, so that the second one counts
		_, err := w.sim.Install(fmt.Sprintf("crowd-%d", i))
		w.must(err)
		w.settle()
	}
	last, err := w.sim.Install("last")
	w.must(err)
	w.rest()
	w.stop()
	w.must(w.sim.Uninstall(ids["gone"]))
	_, err = w.sim.Install("new")
	w.must(err)
	w.must(w.sim.Suspend(ids["paused"], true))
	w.settle() // nobody answers
	w.sim.ResetRequests()
	w.start()
	w.eventually("the new account's issue", func() bool {
		all := home["new"].Issues()
		return len(all) == 1 && strings.Contains(all[0].State().Body, "aws_kms_key.new")
	})
	w.idle()
	if left := w.rows("installation_id", ids["gone"]); len(left) > 0 {
		t.Errorf("of an account that removed the App there is %v", left)
	}
	for _, id := range []int64{ids["paused"], ids["stays"]} {
		if left := w.rows("installation_id", id); left["postures"] != 2 {
			t.Errorf("of another account there is only %v", left)
		}
	}
	if left := w.rows("id", last); left["installations"] != 1 {
		t.Errorf("an account of the list's second page was forgotten: %v", left)
	}
	w.stop()
	w.must(w.sim.Suspend(ids["paused"], false))
	w.settle()
	w.start()
	w.rest()
	w.says(home["paused"], "aws_kms_key.paused")
}

// TestIncompleteList: what GitHub's list of installations lacks is not forgotten while GitHub knows it.
func TestIncompleteList(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	w.create(".github-private", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	w.stop()
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile(`^/app/installations$`), Status: 200, Body: "[]",
		Headers: map[string]string{"Content-Type": "application/json; charset=utf-8"}})
	w.sim.ResetRequests()
	w.start()
	w.eventually("the list was asked for", func() bool { return w.asked(regexp.MustCompile(`^/app/installations`)) })
	w.idle()
	if left := w.rows("repo_id", infra.ID()); left["postures"] != 1 || left["posture_findings"] == 0 {
		t.Errorf("of a repository of an installation that exists there is %v", left)
	}
}
