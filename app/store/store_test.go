package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
)

func open(t *testing.T, url string, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	suite := map[string]func(t *testing.T, url string){
		"deliveries":     testDeliveries,
		"pulls":          testPulls,
		"finish a pull":  testFinishPull,
		"installations":  testInstallations,
		"forget":         testForget,
		"published":      testPublished,
		"folded":         testFolded,
		"blobs":          testBlobs,
		"evict":          testEvict,
		"listings":       testListings,
		"calls":          testCalls,
		"sweep":          testSweep,
		"strays":         testStrays,
		"rollback":       testRollback,
		"open again":     testOpenAgain,
		"concurrent use": testConcurrent,
		"tasks":          testTasks,
		"postures":       testPostures,
		"summary issue":  testSummaryIssue,
		"transferred":    testTransferred,
		"quieted":        testQuieted,

		"state of an installation": testInstallationState,
	}
	storetest.Each(t, func(t *testing.T, databases storetest.Databases) {
		for name, test := range suite {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, databases.URL(t))
			})
		}
	})
}

func inTx(t *testing.T, s *store.Store, fn func(tx *sql.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func testDeliveries(t *testing.T, url string) {
	s := open(t, url)
	want := store.Delivery{GUID: "g1", Kind: "pull_dirty", Outcome: store.Queued, CommentID: 5}
	inTx(t, s, func(tx *sql.Tx) error {
		got, fresh, err := s.NewDelivery(t.Context(), tx, want)
		if diff := cmp.Diff(want, got); diff != "" || !fresh {
			t.Errorf("a new delivery: fresh %v (-want +got):\n%s", fresh, diff)
		}
		return err
	})
	want = store.Delivery{GUID: "g1", Kind: "pull_dirty", Outcome: store.Failed, RepoID: 42, Number: 3, Generation: 9, JobID: 8, CommentID: 5}
	inTx(t, s, func(tx *sql.Tx) error { return s.SetDelivery(t.Context(), tx, want) })
	inTx(t, s, func(tx *sql.Tx) error {
		got, fresh, err := s.NewDelivery(t.Context(), tx, store.Delivery{GUID: "g1", Kind: "other"})
		if diff := cmp.Diff(want, got); diff != "" || fresh {
			t.Errorf("a known delivery: fresh %v (-want +got):\n%s", fresh, diff)
		}
		return err
	})
	if outcome, found, err := s.DeliveryOutcome(t.Context(), "g1"); outcome != store.Failed || !found || err != nil {
		t.Errorf("DeliveryOutcome = %q, %v, %v", outcome, found, err)
	}
	if _, found, err := s.DeliveryOutcome(t.Context(), "g2"); found || err != nil {
		t.Errorf("a delivery that never came: %v, %v", found, err)
	}
}

var pull = store.Pull{RepoID: 42, Number: 3, InstallationID: 7, Owner: "acme", Name: "infra",
	DefaultBranch: "main", Private: true, BaseSHA: "base1", HeadSHA: "head1"}

func testPulls(t *testing.T, url string) {
	s := open(t, url)
	raise := func(p store.Pull, force bool, want store.Pull) {
		t.Helper()
		inTx(t, s, func(tx *sql.Tx) error {
			got, err := s.RaisePull(t.Context(), tx, p, force)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("RaisePull (-want +got):\n%s", diff)
			}
			return err
		})
	}
	want := pull
	want.Generation = 1
	raise(pull, false, want)
	want.Generation, want.Forced = 2, 2
	without := pull // as a recheck has it: no SHAs
	without.BaseSHA, without.HeadSHA, without.DefaultBranch = "", "", ""
	raise(without, true, want)
	renamed := pull
	renamed.Name, renamed.HeadSHA, renamed.Closed = "platform", "head2", true
	want.Generation, want.Name, want.HeadSHA, want.Closed = 3, "platform", "head2", true
	raise(renamed, false, want)
	inTx(t, s, func(tx *sql.Tx) error { return s.SetPullJob(t.Context(), tx, 42, 3, 77) })
	want.JobID = 77
	got, found, err := s.Pull(t.Context(), 42, 3)
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("Pull: %v, %v (-want +got):\n%s", found, err, diff)
	}
	if _, found, err := s.Pull(t.Context(), 42, 4); found || err != nil {
		t.Errorf("an unknown pull request: %v, %v", found, err)
	}
	other := open(t, storetest.SQLite(t))
	raiseForced := pull
	inTx(t, other, func(tx *sql.Tx) error {
		got, err := other.RaisePull(t.Context(), tx, raiseForced, true)
		if got.Forced != 1 {
			t.Errorf("forced is %d after the first delivery forced", got.Forced)
		}
		return err
	})
}

func testFinishPull(t *testing.T, url string) {
	s := open(t, url)
	for generation := range int64(4) { // the first has generation 0: its permission is not decided yet
		inTx(t, s, func(tx *sql.Tx) error {
			_, err := s.RaisePull(t.Context(), tx, pull, false)
			if err != nil {
				return err
			}
			d := store.Delivery{GUID: fmt.Sprintf("g%d", generation), Kind: "recheck", CommentID: 100 + generation}
			if _, _, err := s.NewDelivery(t.Context(), tx, d); err != nil {
				return err
			}
			d.Outcome, d.RepoID, d.Number, d.Generation = store.Queued, 42, 3, generation
			return s.SetDelivery(t.Context(), tx, d)
		})
	}
	comments, err := s.PullComments(t.Context(), 42, 3, 2)
	if diff := cmp.Diff([]int64{101, 102}, comments); diff != "" || err != nil {
		t.Errorf("PullComments: %v (-want +got):\n%s", err, diff)
	}
	inTx(t, s, func(tx *sql.Tx) error { return s.FinishPull(t.Context(), tx, 42, 3, 2, store.Failed) })
	for guid, want := range map[string]store.Outcome{"g0": store.Queued, "g1": store.Failed, "g2": store.Failed, "g3": store.Queued} {
		if got, _, err := s.DeliveryOutcome(t.Context(), guid); got != want || err != nil {
			t.Errorf("%s is %q (%v), want %q", guid, got, err, want)
		}
	}
	if p, _, err := s.Pull(t.Context(), 42, 3); p.Finished != 2 || err != nil {
		t.Errorf("Finished is %d (%v)", p.Finished, err)
	}
}

func testInstallations(t *testing.T, url string) {
	s := open(t, url)
	has := func(name string, wantHas, wantKnown bool) {
		t.Helper()
		has, known, err := s.HasRepository(t.Context(), 7, name)
		if has != wantHas || known != wantKnown || err != nil {
			t.Errorf("HasRepository(%q) = %v, %v, %v, want %v, %v", name, has, known, err, wantHas, wantKnown)
		}
	}
	a, b := store.Repository{ID: 1, Owner: "acme", Name: "infra"}, store.Repository{ID: 2, Owner: "acme", Name: ".github", Private: true}
	has(".github", false, false)
	if err := s.AddRepositories(t.Context(), 7, []store.Repository{a}); err != nil {
		t.Fatal(err)
	}
	has("infra", true, true)
	has(".github", false, false) // the list is not whole
	if err := s.SaveInstallation(t.Context(), 7, "acme", []store.Repository{b}); err != nil {
		t.Fatal(err)
	}
	has(".GITHUB", true, true)
	has("infra", false, true)
	a.Name = "platform" // renamed
	if err := s.AddRepositories(t.Context(), 7, []store.Repository{a, b}); err != nil {
		t.Fatal(err)
	}
	list, known, err := s.Repositories(t.Context(), 7)
	if diff := cmp.Diff([]store.Repository{b, a}, list); diff != "" || !known || err != nil {
		t.Errorf("Repositories: %v, %v (-want +got):\n%s", known, err, diff)
	}
	if err := s.RemoveRepositories(t.Context(), 7, []int64{2}); err != nil {
		t.Fatal(err)
	}
	has(".github", false, true)
}

// testForget sees that nothing of a removed repository stays, in any table that has its id.
func testForget(t *testing.T, url string) {
	s := open(t, url)
	fill := func(repoID int64) {
		t.Helper()
		p := pull
		p.RepoID = repoID
		inTx(t, s, func(tx *sql.Tx) error { _, err := s.RaisePull(t.Context(), tx, p, false); return err })
		for _, err := range []error{
			s.AddRepositories(t.Context(), 7, []store.Repository{{ID: repoID, Owner: "acme", Name: fmt.Sprint("r", repoID)}}),
			s.SavePublished(t.Context(), store.Published{RepoID: repoID, HeadSHA: "head1", Number: 3}),
			s.SaveFolded(t.Context(), repoID, []string{"n1"}),
			s.PutBlobs(t.Context(), repoID, map[string][]byte{"sha": []byte("x")}),
			s.PutListing(t.Context(), repoID, "commit", "", nil),
			saveCalls(t, s, repoID, "", store.CallMap{Commit: "c1"}, []store.CallingFile{{Path: "a/main.tf", SHA: "1"}}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	tables := []string{"pulls", "repositories", "published", "folded", "blobs", "listings", "call_maps", "calls"}
	count := func(repoID int64) (left []string) {
		t.Helper()
		for _, table := range tables {
			var n int
			if err := s.Reads().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" WHERE repo_id = $1", repoID).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				left = append(left, table)
			}
		}
		return left
	}
	if err := s.SaveInstallation(t.Context(), 7, "acme", nil); err != nil {
		t.Fatal(err)
	}
	fill(1)
	fill(2)
	if err := s.RemoveRepositories(t.Context(), 7, []int64{1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{nil, tables}, [][]string{count(1), count(2)}); diff != "" {
		t.Errorf("after removing repository 1 (-want +got):\n%s", diff)
	}
	if err := s.DeleteInstallation(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if left := count(2); left != nil {
		t.Errorf("after uninstalling, %v still know repository 2", left)
	}
	if _, known, err := s.Repositories(t.Context(), 7); known || err != nil {
		t.Errorf("a deleted installation is known (%v)", err)
	}
}

func testPublished(t *testing.T, url string) {
	s := open(t, url)
	first := store.Published{RepoID: 42, Number: 3, HeadSHA: "head1", CheckRunID: 1, Digest: "d", Conclusion: "success",
		Title: strings.Repeat("é", 60000), BaseSHA: "base1"}
	second := store.Published{RepoID: 42, Number: 2, HeadSHA: "head1", CheckRunID: 1, Conclusion: "failure", Comments: 2}
	for _, p := range []store.Published{first, second, {RepoID: 42, Number: 3, HeadSHA: "head0", Conclusion: "neutral"}} {
		if err := s.SavePublished(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	first.Conclusion, first.CheckRunID = "failure", 2
	if err := s.SavePublished(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	got, err := s.Published(t.Context(), 42, "head1")
	if diff := cmp.Diff([]store.Published{second, first}, got); diff != "" || err != nil {
		t.Errorf("Published: %v (-want +got):\n%s", err, diff)
	}
	for number, want := range map[int]bool{2: true, 3: false, 4: false} {
		if has, err := s.HasComments(t.Context(), 42, number); has != want || err != nil {
			t.Errorf("HasComments(%d) = %v, %v", number, has, err)
		}
	}
}

func testFolded(t *testing.T, url string) {
	s := open(t, url)
	var many []string
	for i := range 1200 {
		many = append(many, fmt.Sprint("n", i))
	}
	for range 2 {
		if err := s.SaveFolded(t.Context(), 42, []string{"n3", "n1100"}); err != nil {
			t.Fatal(err)
		}
	}
	for repoID, want := range map[int64]map[string]bool{42: {"n3": true, "n1100": true}, 43: {}} {
		got, err := s.Folded(t.Context(), repoID, many)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("folded in repository %d: %v (-want +got):\n%s", repoID, err, diff)
		}
	}
}

func testBlobs(t *testing.T, url string) {
	s := open(t, url)
	blobs := map[string][]byte{"empty": {}, "nil": nil, "binary": {0, 255, 0}, "huge": make([]byte, 9<<20)}
	shas := []string{"missing"}
	for i := range 450 { // more than one query
		blobs[fmt.Sprint("sha", i)] = []byte(fmt.Sprint("content ", i))
	}
	for sha := range blobs {
		shas = append(shas, sha)
	}
	for range 2 { // the second time changes nothing
		if err := s.PutBlobs(t.Context(), 42, blobs); err != nil {
			t.Fatal(err)
		}
	}
	delete(blobs, "huge") // not worth a thousand others
	blobs["nil"] = []byte{}
	got, err := s.Blobs(t.Context(), 42, shas)
	if diff := cmp.Diff(blobs, got); diff != "" || err != nil {
		t.Errorf("Blobs: %v (-want +got):\n%s", err, diff)
	}
	if got, err := s.Blobs(t.Context(), 43, shas); len(got) > 0 || err != nil {
		t.Errorf("another repository sees %d blobs (%v)", len(got), err)
	}
	if got, err := s.Blobs(t.Context(), 42, nil); len(got) > 0 || err != nil {
		t.Errorf("no blobs asked, %d found (%v)", len(got), err)
	}
}

func testEvict(t *testing.T, url string) {
	s := open(t, url, store.CacheLimit(10_000))
	put := func(sha string) {
		t.Helper()
		if err := s.PutBlobs(t.Context(), 42, map[string][]byte{sha: bytes.Repeat([]byte("x"), 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	age := func(sha string, hours int) {
		t.Helper()
		then := time.Now().Add(-time.Duration(hours) * time.Hour).UnixMilli()
		if _, err := s.DB().ExecContext(t.Context(), "UPDATE blobs SET used_at = $1 WHERE sha = $2", then, sha); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		put(fmt.Sprint("old", i))
		age(fmt.Sprint("old", i), 24-i)
	}
	if _, err := s.Blobs(t.Context(), 42, []string{"old0"}); err != nil { // used now, so no longer the oldest
		t.Fatal(err)
	}
	for i := range 3 {
		put(fmt.Sprint("new", i))
		age(fmt.Sprint("new", i), 1)
	}
	var shas []string
	for i := range 10 {
		shas = append(shas, fmt.Sprint("old", i), fmt.Sprint("new", i))
	}
	left, err := s.Blobs(t.Context(), 42, shas)
	if err != nil {
		t.Fatal(err)
	}
	for sha, want := range map[string]bool{"old0": true, "old1": false, "old2": false, "old3": false, "old9": true, "new2": true} {
		if _, found := left[sha]; found != want {
			t.Errorf("%s is cached: %v, want %v", sha, found, want)
		}
	}
	if len(left) > 10 {
		t.Errorf("%d blobs of 1000 bytes are left below a limit of 10000", len(left))
	}
}

func testListings(t *testing.T, url string) {
	s := open(t, url)
	want := []store.Entry{{Name: "main.tf", SHA: "a", Mode: 0o100644, Size: 12}, {Name: "modules", SHA: "b", Mode: 0o040000}}
	if _, found, err := s.Listing(t.Context(), 42, "commit", ""); found || err != nil {
		t.Errorf("an unknown listing: %v, %v", found, err)
	}
	if err := s.PutListing(t.Context(), 42, "commit", "", want); err != nil {
		t.Fatal(err)
	}
	if err := s.PutListing(t.Context(), 42, "commit", "gone", nil); err != nil {
		t.Fatal(err)
	}
	got, found, err := s.Listing(t.Context(), 42, "commit", "")
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("Listing: %v, %v (-want +got):\n%s", found, err, diff)
	}
	if got, found, err := s.Listing(t.Context(), 42, "commit", "gone"); len(got) > 0 || !found || err != nil {
		t.Errorf("an empty listing: %v, %v, %v", got, found, err)
	}
}

func testSweep(t *testing.T, url string) {
	s := open(t, url)
	for _, guid := range []string{"old", "new"} {
		inTx(t, s, func(tx *sql.Tx) error {
			_, _, err := s.NewDelivery(t.Context(), tx, store.Delivery{GUID: guid})
			return err
		})
	}
	for number, p := range []store.Pull{pull, pull} {
		p.Number = number
		inTx(t, s, func(tx *sql.Tx) error { _, err := s.RaisePull(t.Context(), tx, p, false); return err })
	}
	for repoID := range int64(2) {
		if err := saveCalls(t, s, repoID, "", store.CallMap{Commit: "c1"}, []store.CallingFile{{Path: "a/main.tf", SHA: "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		"UPDATE call_maps SET updated_at = $1 WHERE repo_id = 0",
		"UPDATE deliveries SET received_at = $1 WHERE guid = 'old'",
		"UPDATE pulls SET updated_at = $1 WHERE number = 0",
	} {
		if _, err := s.DB().ExecContext(t.Context(), statement, time.Now().AddDate(-1, 0, 0).UnixMilli()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for guid, want := range map[string]bool{"old": false, "new": true} {
		if _, found, err := s.DeliveryOutcome(t.Context(), guid); found != want || err != nil {
			t.Errorf("delivery %s is there: %v (%v)", guid, found, err)
		}
	}
	for number, want := range map[int]bool{0: false, 1: true} {
		if _, found, err := s.Pull(t.Context(), 42, number); found != want || err != nil {
			t.Errorf("pull request %d is there: %v (%v)", number, found, err)
		}
	}
	for repoID, want := range []int{0, 1} {
		if files, err := s.CallingFiles(t.Context(), int64(repoID)); len(files) != want || err != nil {
			t.Errorf("repository %d has the calls of %d files, want %d (%v)", repoID, len(files), want, err)
		}
	}
}

// testStrays: what was read of a repository while it was removed does not stay.
func testStrays(t *testing.T, url string) {
	s := open(t, url)
	const kept, gone, reading = 1, 2, 3
	if err := s.AddRepositories(t.Context(), 7, []store.Repository{{ID: kept, Owner: "o", Name: "kept"}}); err != nil {
		t.Fatal(err)
	}
	for _, repoID := range []int64{kept, gone, reading} {
		err := errors.Join(s.PutBlobs(t.Context(), repoID, map[string][]byte{"a": []byte("text")}),
			s.PutListing(t.Context(), repoID, "c", ".", nil), saveCalls(t, s, repoID, "", store.CallMap{Commit: "c1"}, nil))
		if err != nil {
			t.Fatal(err)
		}
	}
	for table, used := range map[string]string{"blobs": "used_at", "listings": "used_at", "call_maps": "updated_at"} {
		_, err := s.DB().ExecContext(t.Context(), "UPDATE "+table+" SET "+used+" = $1 WHERE repo_id <> $2", time.Now().Add(-2*time.Hour).UnixMilli(), reading)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"blobs", "listings", "call_maps"} {
		for repoID, want := range map[int64]int{kept: 1, gone: 0, reading: 1} {
			var n int
			err := s.Reads().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" WHERE repo_id = $1", repoID).Scan(&n)
			if n != want || err != nil {
				t.Errorf("%s has %d rows of repository %d, want %d (%v)", table, n, repoID, want, err)
			}
		}
	}
}

func testRollback(t *testing.T, url string) {
	s := open(t, url)
	wrong := fmt.Errorf("second thoughts")
	err := s.InTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := s.RaisePull(t.Context(), tx, pull, false); err != nil {
			return err
		}
		return wrong
	})
	if !errors.Is(err, wrong) {
		t.Errorf("InTx = %v", err)
	}
	if _, found, err := s.Pull(t.Context(), 42, 3); found || err != nil {
		t.Errorf("a rolled back row is there: %v, %v", found, err)
	}
}

func testOpenAgain(t *testing.T, url string) {
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SavePublished(t.Context(), store.Published{RepoID: 1, HeadSHA: "h", Number: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, url)
	if got, err := again.Published(t.Context(), 1, "h"); len(got) != 1 || err != nil {
		t.Errorf("after closing and opening: %v, %v", got, err)
	}
	if err := again.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// testConcurrent lets readers and writers work together; SQLite must not answer "database is locked".
func testConcurrent(t *testing.T, url string) {
	s := open(t, url)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 20 {
				sha := fmt.Sprintf("%d-%d", worker, i)
				if err := s.PutBlobs(t.Context(), 42, map[string][]byte{sha: []byte(sha), "shared": []byte("x")}); err != nil {
					t.Error(err)
				}
				if got, err := s.Blobs(t.Context(), 42, []string{sha, "shared"}); len(got) != 2 || err != nil {
					t.Errorf("%s: %v, %v", sha, got, err)
				}
				if err := s.InTx(t.Context(), func(tx *sql.Tx) error {
					_, err := s.RaisePull(t.Context(), tx, pull, false)
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if p, _, err := s.Pull(t.Context(), 42, 3); p.Generation != 160 || err != nil {
		t.Errorf("160 raises made generation %d (%v)", p.Generation, err)
	}
}

// TestReplicasMigrateTogether starts several replicas on a new database at once.
func TestReplicasMigrateTogether(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t, false).URL(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	noDatabase := t.TempDir() + "/text.db"
	if err := os.WriteFile(noDatabase, bytes.Repeat([]byte("this is text\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"":                             "must be sqlite:PATH or postgres://",
		"mysql://u:s3cr3t@h/d":         "must be sqlite:PATH or postgres://",
		"sqlite:":                      "must be sqlite:PATH",
		"sqlite::memory:":              "must be a file",
		"sqlite:/no/such/directory/db": "does the directory exist",
		"sqlite:a?b":                   "not supported",
		"sqlite:" + noDatabase:         "is it a SQLite file?",
		"postgres://u:s3cr3t@127.0.0.1:1/d?connect_timeout=2": "connect to PostgreSQL",
		"postgres://u:s3cr3t@127.0.0.1:port/d":                "percent-encoded",
		"postgres://u:s3cr3t%zz@h/d":                          "percent-encoded",
	} {
		_, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error tells the password: %v", url, err)
		}
	}
}

func TestSQLiteServesOneProcess(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	first, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "another kms-review") {
		t.Errorf("the second Open says %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, url)
	info, err := os.Stat(strings.TrimPrefix(url, "sqlite:"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database's mode is %v (%v): others can read source code in it", info.Mode(), err)
	}
}
