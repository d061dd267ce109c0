package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
	"github.com/kms-review/kms-review/app/store"
)

// newGitHub starts GitHub without anything in it. The App, once it starts, writes summaries without waiting.
func newGitHub(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, sim: conformance.Start(t), db: newDatabase(t), waiting: `state="none"`}
	w.opts.SummarySettle, w.opts.SummaryEvery = time.Millisecond, time.Millisecond
	return w
}

// newOrganisation starts GitHub and the App.
func newOrganisation(t *testing.T) *world {
	t.Helper()
	w := newGitHub(t)
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
	// The list of repositories, a look at all, a look at each but the archived one with its settings and its tree, the files
	// of infra; the search for the issue, and the issue.
	// The tests write it as often as anything changes, so that its edits are not counted.
	edits := 0
	for _, r := range w.sim.Requests() {
		if r.Method == http.MethodPatch {
			edits++
		}
	}
	if asked, tokens := w.requests(); asked-edits > 11 || tokens > 2 {
		t.Errorf("%d requests besides %d edits, and %d tokens, want at most 11 and 2: %v", asked-edits, edits, tokens, paths(w))
	}
}

// TestOpenPullRequests: what was open before the App came gets its check run, and no comment on what was there.
func TestOpenPullRequests(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	w.repo = w.create("infra", map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("author", "write")
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.install()
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	if n := len(pull.Comments()); n != 0 {
		t.Errorf("%d comments on what was there before", n)
	}
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	w.idle()
	comments := pull.Comments()
	if len(comments) != 1 || comments[0].Path != "more.tf" {
		t.Errorf("comments after a push: %+v, want one on what came", comments)
	}
}

// TestPushToTheDefaultBranch: only what changed is read again, the pull request that brought a finding is named, and
// what is fixed goes.
func TestPushToTheDefaultBranch(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	private := w.create(".github-private", nil)
	w.repo = w.create("infra", map[string]string{"main.tf": goodKey, "a/main.tf": goodKey, "b/main.tf": goodKey})
	w.install()
	pull := w.open(map[string]string{"backup/main.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.idle()
	w.sim.ResetRequests()
	w.must(pull.Merge("maintainer"))
	w.settle()
	w.idle()
	w.says(private, "aws_kms_key.backup", "/octo/infra/pull/1")
	var scan []string
	for _, path := range paths(w) {
		if !strings.Contains(path, "/issues/") && !strings.Contains(path, "/check-runs") {
			scan = append(scan, path)
		}
	}
	// The look, the tree (its only new file is cached since the review), the pull request of the commit.
	if len(scan) > 4 {
		t.Errorf("a push cost %d requests: %v", len(scan), scan)
	}
	if _, err := w.repo.Commit("main", "Fix", map[string]string{"backup/main.tf": strings.ReplaceAll(goodKey, "main", "backup")}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.idle()
	w.says(private, "| KMS101 rotation-disabled | high | 0 | 0 | 0 | 1 |") // open in none, fixed once
}

// TestQuietNight: comparing everything when nothing has changed costs a request for 100 repositories, and the list of
// them, which GitHub does not count.
func TestQuietNight(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	private := w.create(".github-private", nil)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.create(name, map[string]string{"main.tf": badKey})
	}
	w.create("site", map[string]string{"main.go": "package main\n"})
	w.create("images", map[string]string{"image.pkr.hcl": "packer {}\n"}) // of Terraform's language, and not Terraform
	w.install()
	edits := w.issue(private).Edits
	w.sim.ResetRequests()
	w.stop()
	w.aDayPasses()
	w.start()
	w.eventually("the night's comparison", func() bool { asked, _ := w.requests(); return asked > 0 })
	w.idle()
	if asked, _ := w.requests(); asked > 2 {
		t.Errorf("a quiet night cost %d requests: %v", asked, paths(w))
	}
	if now := w.issue(private).Edits; now != edits {
		t.Errorf("the issue was edited though nothing changed")
	}
}

// aDayPasses makes the last comparison a day old. The App does not run.
func (w *world) aDayPasses() { w.older(1, "installations.reconciled_at") }

// daysPass makes all that is recorded older by that many days. The App does not run.
func (w *world) daysPass(days int) {
	w.older(days, "installations.reconciled_at", "summaries.written_at", "summaries.digest_at", "postures.first_scanned_at",
		"postures.scanned_at", "posture_findings.first_seen", "posture_findings.fixed_at")
	for _, step := range []int{-1_000_000, 1_000_000 - days} { // in two, so that no day meets another
		w.change("UPDATE posture_days SET day = day + $1", step)
	}
}

// older makes the times in columns older by days.
func (w *world) older(days int, columns ...string) {
	for _, column := range columns {
		table, column, _ := strings.Cut(column, ".")
		w.change(fmt.Sprintf("UPDATE %s SET %s = %s - $1 WHERE %s > 0", table, column, column, column), int64(days)*(24*time.Hour).Milliseconds())
	}
}

// change changes the database. The App does not run.
func (w *world) change(statement string, args ...any) {
	w.t.Helper()
	st, err := store.Open(w.t.Context(), w.db, slog.New(slog.DiscardHandler))
	w.must(err)
	_, err = st.DB().ExecContext(w.t.Context(), statement, args...)
	w.must(err)
	w.must(st.Close())
}

// TestRemoval: what is taken out of the installation is forgotten, and leaves the issue.
func TestRemoval(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	private := w.create(".github-private", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	other := w.create("other", map[string]string{"main.tf": strings.ReplaceAll(badKey, "backup", "other")})
	id, err := w.sim.Install("octo", private, infra, other)
	w.must(err)
	w.settle()
	w.idle()
	w.says(private, "octo/infra", "octo/other")
	w.must(w.sim.RemoveRepositories(id, infra))
	w.settle()
	w.idle()
	if body := w.says(private, "octo/other"); strings.Contains(body, "octo/infra") {
		t.Error("the issue names a repository that was removed")
	}
	w.must(other.Rename("platform"))
	w.settle()
	w.idle()
	w.says(private, "octo/platform", "aws_kms_key.other")
	w.must(other.Archive())
	w.settle()
	w.idle()
	if body := w.issue(private).Body; strings.Contains(body, "aws_kms_key.other") {
		t.Error("the issue names findings of an archived repository")
	}
	w.must(w.sim.Uninstall(id))
	w.settle()
	w.idle()
	w.stop()
	st, err := store.Open(t.Context(), w.db, slog.New(slog.DiscardHandler))
	w.must(err)
	defer func() { w.must(st.Close()) }()
	for _, table := range []string{"tasks WHERE installation_id > 0", "postures", "posture_findings", "posture_parts", "posture_days", "summaries", "installations", "repositories", "blobs"} {
		var n int
		w.must(st.Reads().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		if n != 0 {
			t.Errorf("%d rows of %s are left after the App was removed", n, table)
		}
	}
}

// TestUncounted: Terraform in JSON, OpenTofu and what lies among examples is scanned, though GitHub counts none of it among
// a repository's languages.
func TestUncounted(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	home := w.create(".github-private", nil)
	home.SetPermission("member", "write")
	site := w.create("site", map[string]string{"main.go": "package main\n"})
	w.create("json", map[string]string{"main.tf.json": `{"resource": {"aws_kms_key": {"in_json": {"description": "x"}}}}`})
	w.create("module", map[string]string{"README.md": "x\n", "examples/main.tf": keyOf("in_examples")})
	w.create("opentofu", map[string]string{"main.tofu": keyOf("in_tofu")})
	empty := w.create("growing", nil)
	w.install()
	w.says(home, "aws_kms_key.in_json", "aws_kms_key.in_tofu", "3 KMS keys", "| Scanned | 3 |", "| No Terraform on the default branch | 3 |")

	_, err := empty.Commit("main", "More", map[string]string{"deploy/main.tf.json": `{"resource": {"aws_kms_key": {"pushed": {"description": "x"}}}}`})
	w.must(err)
	w.rest()
	w.says(home, "aws_kms_key.pushed", "| Scanned | 4 |")

	w.stop() // so that the delivery is lost
	_, err = site.Commit("main", "More", map[string]string{"main.tf.json": `{"resource": {"aws_kms_key": {"unheard": {"description": "x"}}}}`})
	w.must(err)
	w.settle()
	w.start()
	w.idle()
	w.silent(home, "aws_kms_key.unheard")
	_, err = home.Issues()[0].Comment("member", "/kms-recheck")
	w.must(err)
	w.rest()
	w.says(home, "aws_kms_key.unheard")
}

// TestPublicTarget: an issue that everybody may read names public repositories only.
func TestPublicTarget(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	w.create(".github", map[string]string{".github/kms-review.yml": "summary:\n  repository: status\n"}, simulator.Public())
	status := w.create("status", nil, simulator.Public())
	w.create("secret-project", map[string]string{"main.tf": badKey})
	open := w.create("open", map[string]string{"main.tf": strings.ReplaceAll(badKey, "backup", "open")}, simulator.Public())
	w.install()
	if body := w.says(status, "octo/open", "aws_kms_key.open"); strings.Contains(body, "secret-project") || strings.Contains(body, "aws_kms_key.backup") {
		t.Errorf("a public issue names a private repository:\n%s", body)
	}
	w.must(open.SetPrivate(true))
	w.settle()
	w.idle()
	if body := w.issue(status).Body; strings.Contains(body, "octo/open") {
		t.Error("a public issue names a repository that is no longer public")
	}
}

// TestPeopleAndTheIssue: a person's close is respected until something critical comes; a box and a command ask for a scan;
// a deleted issue does not come back by itself.
func TestPeopleAndTheIssue(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	private := w.create(".github-private", nil)
	private.SetPermission("member", "write")
	private.SetPermission("reader", "read")
	infra := w.create("infra", map[string]string{"main.tf": goodKey})
	w.install()
	issue := private.Issues()[0]
	scans := func() int {
		n := 0
		for _, path := range paths(w) {
			if strings.Contains(path, "/repos/octo/infra/git/trees/") {
				n++
			}
		}
		return n
	}
	ticked := strings.Replace(issue.State().Body, "- [ ]", "- [x]", 1)
	if ticked == issue.State().Body {
		t.Fatalf("there is no box:\n%s", ticked)
	}
	for _, who := range []struct {
		name  string
		scans int
	}{{"reader", 0}, {"member", 1}} {
		w.sim.ResetRequests()
		w.must(issue.Edit(who.name, ticked))
		w.settle()
		w.idle()
		if n := scans(); n != who.scans || strings.Contains(issue.State().Body, "- [x]") {
			t.Errorf("the box, ticked by %s: %d scans, want %d; the tick must go", who.name, n, who.scans)
		}
		w.sim.ResetRequests()
		comment, err := issue.Comment(who.name, "/kms-recheck")
		w.must(err)
		w.settle()
		w.idle()
		answers := 0
		for _, c := range issue.Comments() {
			if c.ID == comment {
				answers = len(c.Reactions)
			}
		}
		if n := scans(); n != who.scans || answers != 2*who.scans {
			t.Errorf("/kms-recheck by %s: %d scans and %d reactions, want %d and %d", who.name, n, answers, who.scans, 2*who.scans)
		}
	}

	w.must(issue.Close("reader"))
	w.settle()
	w.idle()
	if _, err := infra.Commit("main", "Worse", map[string]string{"backup.tf": badKey}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.idle()
	if state := issue.State(); state.State != "closed" || strings.Contains(state.Body, "aws_kms_key.backup") {
		t.Error("an issue that a person has closed was written, and nothing critical has come")
	}
	if _, err := infra.Commit("main", "Open to all", map[string]string{"open.tf": openKey}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.idle()
	if state := issue.State(); state.State != "open" || !strings.Contains(state.Body, "aws_kms_key.open") {
		t.Errorf("the issue is %s after something critical has come", state.State)
	}
	w.must(issue.Delete("maintainer"))
	w.settle()
	if _, err := infra.Commit("main", "Other", map[string]string{"other.tf": strings.ReplaceAll(badKey, "backup", "other")}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.idle()
	if n := len(private.Issues()); n != 0 {
		t.Errorf("%d issues after a person has deleted it", n)
	}
}

// openKey is a key whose policy lets everybody use it.
const openKey = `resource "aws_kms_key" "open" {
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" },
      { Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*" },
    ]
  })
}
`
