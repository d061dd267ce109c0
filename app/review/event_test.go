package review_test

import (
	"log/slog"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/review"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// A merge queue waits for its check until it runs out of patience, so one that cannot be made is said to have failed,
// once no attempt follows.
func TestMergeGroupIsNotLeftWaiting(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	sim, err := simulator.New(simulator.Options{Dir: t.TempDir(), Log: log})
	must(err)
	t.Cleanup(sim.Close)
	repo, err := sim.CreateRepository("acme", "infra", map[string]string{"main.tf": "# empty\n"})
	must(err)
	install, err := sim.Install("acme")
	must(err)
	_, err = repo.Commit("change", "Change", map[string]string{"main.tf": "resource \"aws_kms_key\" \"main\" {}\n"})
	must(err)
	pull, err := repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change"})
	must(err)
	group, err := repo.QueueMerge(pull)
	must(err)
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), log)
	must(err)
	t.Cleanup(func() { _ = db.Close() })
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: log})
	must(err)
	sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("/compare/"), Status: 502, Times: 100})

	reviewer := review.NewReviewer(app, db, "test", log)
	event := webhook.Event{
		Kind: webhook.MergeGroup, InstallationID: install, BaseSHA: group.BaseSHA, HeadSHA: group.HeadSHA,
		Repo: webhook.RepoRef{ID: repo.ID(), Owner: "acme", Name: "infra", DefaultBranch: "main"},
	}
	if _, err := reviewer.HandleEvent(t.Context(), event, false); err == nil || len(repo.CheckRuns(group.HeadSHA)) != 0 {
		t.Errorf("an attempt that another follows: %v, %d check runs; want an error and none", err, len(repo.CheckRuns(group.HeadSHA)))
	}
	if _, err := reviewer.HandleEvent(t.Context(), event, true); err == nil {
		t.Error("the last attempt succeeded")
	}
	if runs := repo.CheckRuns(group.HeadSHA); len(runs) != 1 || runs[0].Conclusion != "timed_out" {
		t.Errorf("check runs after the last attempt: %+v, want one that timed out", runs)
	}
}
