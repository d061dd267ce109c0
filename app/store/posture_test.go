package store_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/store"
)

func testTasks(t *testing.T, url string) {
	s := open(t, url)
	raise := func(force bool, want store.Task) {
		t.Helper()
		inTx(t, s, func(tx *sql.Tx) error {
			got, err := s.RaiseTask(t.Context(), tx, store.Scan, 42, 7, force)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("RaiseTask (-want +got):\n%s", d)
			}
			return err
		})
	}
	want := store.Task{Kind: store.Scan, Subject: 42, InstallationID: 7, Generation: 1}
	raise(false, want)
	want.Generation, want.Forced = 2, 2
	raise(true, want)
	inTx(t, s, func(tx *sql.Tx) error { return s.SetTaskJob(t.Context(), tx, store.Scan, 42, 5) })
	if n, err := s.Pending(t.Context(), 7, store.Scan, store.Reconcile); n != 1 || err != nil {
		t.Errorf("Pending = %d, %v, want 1", n, err)
	}
	want.Generation, want.JobID = 3, 5
	raise(false, want)
	inTx(t, s, func(tx *sql.Tx) error {
		got, found, err := s.LockTask(t.Context(), tx, store.Scan, 42)
		if d := cmp.Diff(want, got); d != "" || !found {
			t.Errorf("LockTask: %v (-want +got):\n%s", found, d)
		}
		if err == nil {
			err = s.FinishTask(t.Context(), tx, store.Scan, 42, 3)
		}
		return err
	})
	want.Finished = 3
	if got, found, err := s.Task(t.Context(), store.Scan, 42); err != nil || !found || got != want {
		t.Errorf("Task = %+v, %v, %v, want %+v", got, found, err, want)
	}
	if n, err := s.Pending(t.Context(), 7, store.Scan); n != 0 || err != nil {
		t.Errorf("Pending = %d, %v after it was finished", n, err)
	}
	if _, found, err := s.Task(t.Context(), store.Summary, 42); found || err != nil {
		t.Errorf("a task of another kind: %v, %v", found, err)
	}
}

var infra = store.Facts{RepoID: 42, NodeID: "R_1", Owner: "acme", Name: "infra", Private: true, Branch: "main"}

// posture reads a row without the times that the store sets by itself.
func posture(t *testing.T, s *store.Store) store.Posture {
	t.Helper()
	p, found, err := s.Posture(t.Context(), infra.RepoID)
	if err != nil || !found {
		t.Fatalf("Posture: %v, %v", found, err)
	}
	return p
}

func testPostures(t *testing.T, url string) {
	s := open(t, url)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SaveInstallation(t.Context(), 7, "acme", []store.Repository{{ID: 42, Owner: "acme", Name: "infra", Private: true}}))
	must(s.SaveFacts(t.Context(), 7, []store.Facts{infra, {RepoID: 41, NodeID: "R_0", Owner: "acme", Name: "app"}}))
	want := store.Posture{Facts: infra, InstallationID: 7, State: "waiting"}
	if d := cmp.Diff(want, posture(t, s)); d != "" {
		t.Errorf("a new repository (-want +got):\n%s", d)
	}

	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	found := []store.PostureFinding{
		{Fingerprint: "f1", Rule: "KMS101", Name: "rotation-disabled", Severity: 3, Address: "aws_kms_key.a", File: "a.tf", StartLine: 1, EndLine: 3, Message: "m"},
		{Fingerprint: "f2", Rule: "KMS102", Name: "n", Severity: 1, Address: "b", File: "b.tf", StartLine: 1, EndLine: 1, Message: "m", Waived: true, Reason: "r", Until: at.AddDate(0, 1, 0)},
	}
	scanned := want
	scanned.Head, scanned.State, scanned.Commit, scanned.Tree, scanned.Judged = "c1", "scanned", "c1", "t1", "j"
	scanned.Terraform, scanned.Scanned, scanned.Expires, scanned.Result = true, at, at.AddDate(0, 1, 1), []byte(`{}`)
	parts := []store.Part{{Part: ".", Digest: "d", Content: []byte("1")}, {Part: "x", Digest: "d", Content: []byte("2")}}
	must(s.SaveScan(t.Context(), scanned, found, parts))
	scanned.FirstScanned = at
	if d := cmp.Diff(scanned, posture(t, s)); d != "" {
		t.Errorf("a scanned repository (-want +got):\n%s", d)
	}
	must(s.RecordDay(t.Context(), 7, at))

	// The next day one is fixed, one comes, and a part stays as it was.
	later := at.AddDate(0, 0, 1)
	scanned.Scanned, scanned.Commit = later, "c2"
	second := []store.PostureFinding{found[1], {Fingerprint: "f3", Rule: "KMS101", Name: "n", Severity: 4, Address: "c", File: "c.tf", Message: "m", Pull: 9}}
	must(s.SaveScan(t.Context(), scanned, second, []store.Part{{Part: ".", Digest: "d"}}))
	must(s.RecordDay(t.Context(), 7, later))
	must(s.RecordDay(t.Context(), 7, later)) // again, without counting twice
	all, err := s.FindingsOf(t.Context(), 42)
	must(err)
	type life struct {
		Seen, Fixed time.Time
		Pull        int
	}
	lives := map[string]life{}
	for _, f := range all {
		lives[f.Fingerprint] = life{f.FirstSeen, f.Fixed, f.Pull}
	}
	if d := cmp.Diff(map[string]life{"f1": {at, later, 0}, "f2": {at, time.Time{}, 0}, "f3": {later, time.Time{}, 9}}, lives); d != "" {
		t.Errorf("when findings came and went (-want +got):\n%s", d)
	}
	kept, err := s.Parts(t.Context(), 42)
	must(err)
	if d := cmp.Diff(parts[:1], kept); d != "" {
		t.Errorf("parts (-want +got):\n%s", d)
	}
	days, err := s.PostureDays(t.Context(), 7)
	must(err)
	midnight := at.Truncate(24 * time.Hour)
	wantDays := []store.PostureCounts{
		{Day: midnight, Repositories: 1},
		{Day: midnight, Private: true, Repositories: 1, Scanned: 1, High: 1, Waived: 1},
		{Day: midnight.AddDate(0, 0, 1), Repositories: 1},
		{Day: midnight.AddDate(0, 0, 1), Private: true, Repositories: 1, Scanned: 1, Critical: 1, Waived: 1, Came: 1, Went: 1},
	}
	if d := cmp.Diff(wantDays, days); d != "" {
		t.Errorf("days (-want +got):\n%s", d)
	}

	// It comes back: that is a new problem, which another pull request brought.
	again := later.AddDate(0, 0, 1)
	scanned.Scanned = again
	found[0].Pull = 11
	must(s.SaveScan(t.Context(), scanned, found[:1], nil))
	all, err = s.FindingsOf(t.Context(), 42)
	must(err)
	for _, f := range all {
		if f.Fingerprint == "f1" && (!f.FirstSeen.Equal(again) || f.Pull != 11 || !f.Fixed.IsZero()) {
			t.Errorf("a finding that came back: %+v", f)
		}
	}

	// Renamed and archived, it has nothing to show any more.
	renamed := infra
	renamed.Name, renamed.NodeID, renamed.Archived = "platform", "", true
	must(s.SaveFacts(t.Context(), 7, []store.Facts{renamed}))
	gone := posture(t, s)
	if gone.Name != "platform" || gone.NodeID != "R_1" || gone.Commit != "c2" {
		t.Errorf("renamed: %+v", gone)
	}
	gone.State, gone.Commit = "archived", ""
	must(s.SaveLooks(t.Context(), []store.Look{{Posture: gone, Gone: true}}))
	if all, err = s.FindingsOf(t.Context(), 42); err != nil || len(all) != 0 {
		t.Errorf("%d findings of an archived repository, %v", len(all), err)
	}
	if p := posture(t, s); p.State != "archived" || p.Result != nil || p.Judged != "" {
		t.Errorf("archived: %+v", p)
	}
	must(s.SaveScan(t.Context(), store.Posture{Facts: store.Facts{RepoID: 99}, Scanned: at}, found, parts)) // removed meanwhile
	postures, err := s.Postures(t.Context(), 7)
	must(err)
	if len(postures) != 2 || postures[0].Name != "app" {
		t.Errorf("%d postures", len(postures))
	}
}

func testSummaryIssue(t *testing.T, url string) {
	s := open(t, url)
	if _, found, err := s.SummaryIssue(t.Context(), 7); found || err != nil {
		t.Errorf("before there is one: %v, %v", found, err)
	}
	want := store.SummaryIssue{InstallationID: 7, RepoID: 42, Number: 3, Digest: "d", Closed: true, Critical: []string{"a"},
		Comments: []int64{1, 2}, Written: time.UnixMilli(5).UTC(), Digested: time.UnixMilli(6).UTC()}
	for range 2 { // again without effect
		err := s.ChangeSummary(t.Context(), 7, func(i *store.SummaryIssue) { *i = want })
		if err != nil {
			t.Fatal(err)
		}
	}
	got, found, err := s.SummaryAt(t.Context(), 42, 3)
	if d := cmp.Diff(want, got); d != "" || !found || err != nil {
		t.Errorf("SummaryAt: %v, %v (-want +got):\n%s", found, err, d)
	}
	if _, found, err := s.SummaryAt(t.Context(), 42, 4); found || err != nil {
		t.Errorf("another issue: %v, %v", found, err)
	}
}

// What one installation loses, another one may have got.
func testTransferred(t *testing.T, url string) {
	s := open(t, url)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SaveInstallation(t.Context(), 7, "acme", []store.Repository{{ID: 42, Owner: "acme", Name: "infra"}}))
	must(s.SaveInstallation(t.Context(), 8, "globex", nil))
	must(s.SaveFacts(t.Context(), 7, []store.Facts{infra}))
	moved := infra
	moved.Owner = "globex"
	must(s.SaveFacts(t.Context(), 8, []store.Facts{moved}))
	must(s.RemoveRepositories(t.Context(), 7, []int64{42}))
	if p := posture(t, s); p.InstallationID != 8 || p.Owner != "globex" {
		t.Errorf("after the delivery of the old owner: %+v", p)
	}
	must(s.DeleteInstallation(t.Context(), 8))
	if _, found, err := s.Posture(t.Context(), 42); found || err != nil {
		t.Errorf("after the new owner removed the App: %v, %v", found, err)
	}
}

func testInstallationState(t *testing.T, url string) {
	s := open(t, url)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SaveInstallation(t.Context(), 7, "acme", nil))
	at := time.UnixMilli(1000).UTC()
	must(s.Suspend(t.Context(), 7, true))
	must(s.SaveReconciled(t.Context(), 7, at))
	must(s.SaveSettings(t.Context(), 7, "fail_on: high\n"))
	must(s.SaveInstallation(t.Context(), 7, "acme", nil)) // as each comparison does: what is known stays
	want := store.Installation{ID: 7, Account: "acme", Suspended: true, Reconciled: at, Settings: "fail_on: high\n"}
	got, found, err := s.Installation(t.Context(), 7)
	if d := cmp.Diff(want, got); d != "" || !found || err != nil {
		t.Errorf("Installation: %v, %v (-want +got):\n%s", found, err, d)
	}
	all, err := s.Installations(t.Context())
	if d := cmp.Diff([]store.Installation{want}, all); d != "" || err != nil {
		t.Errorf("Installations: %v (-want +got):\n%s", err, d)
	}
}

func testQuieted(t *testing.T, url string) {
	s := open(t, url)
	for range 2 {
		if err := s.Quiet(t.Context(), 42, 3, []string{"b", "a"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Quieted(t.Context(), 42, 3)
	if d := cmp.Diff(map[string]bool{"a": true, "b": true}, got); d != "" || err != nil {
		t.Errorf("Quieted: %v (-want +got):\n%s", err, d)
	}
	if got, err := s.Quieted(t.Context(), 42, 4); len(got) != 0 || err != nil {
		t.Errorf("of another pull request: %v, %v", got, err)
	}
}
