package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// refusals counts the requests that GitHub refused because a budget was used up.
func (w *world) refusals() (n int) {
	for _, r := range w.sim.Requests() {
		if r.Status == http.StatusForbidden || strings.Contains(string(r.Answer), "RATE_LIMITED") {
			n++
		}
	}
	return n
}

// reviewed lists the heads that got a check run, in the order in which they did.
func (w *world) reviewed() (heads []string) {
	w.t.Helper()
	for _, r := range w.sim.Requests() {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.Path, "/check-runs") {
			continue
		}
		var run struct {
			Head string `json:"head_sha"`
		}
		w.must(json.Unmarshal(r.Body, &run))
		heads = append(heads, run.Head)
	}
	return heads
}

// TestBudget: a first scan and the reviews of what was open before leave a part of the hour's budget to those who wait: a
// pull request that is opened or pushed to is answered while they pause. They go on in the next hour, and nothing is asked
// for that GitHub would refuse.
func TestBudget(t *testing.T) {
	t.Parallel()
	w := newGitHub(t)
	w.waiting = `state="scheduled"` // jobs that wait for the next budget
	home := w.create(".github-private", nil)
	const repositories, pulls = 20, 40
	for i := range repositories {
		w.create(fmt.Sprintf("infra-%02d", i), map[string]string{"main.tf": keyOf(fmt.Sprintf("k%d", i))})
	}
	w.repo = w.create("busy", map[string]string{"main.tf": goodKey})
	var open []*simulator.Pull
	for i := range pulls {
		branch := fmt.Sprintf("change-%d", i)
		_, err := w.repo.Commit(branch, "Change", map[string]string{fmt.Sprintf("change%d.tf", i): keyOf(branch)})
		w.must(err)
		pull, err := w.repo.OpenPull(simulator.PullOptions{Title: branch, Head: branch})
		w.must(err)
		open = append(open, pull)
	}
	const window = 20 * time.Second
	w.sim.SetBudget(110, window) // what is on its way when the pause begins still comes: up to 20 requests
	began := time.Now()
	w.start()
	_, err := w.sim.Install("octo")
	w.must(err)
	w.settle()
	w.idle()
	done := func() (n int) {
		for _, pull := range open {
			if len(pull.CheckRuns()) > 0 {
				n++
			}
		}
		return n
	}
	scanned := func() bool {
		all := home.Issues()
		return len(all) == 1 && strings.Contains(all[0].State().Body, fmt.Sprintf("| Scanned | %d |", repositories+1))
	}
	if scanned() || done() == pulls {
		t.Fatal("there was no need to pause: the test shows nothing")
	}
	var paused *simulator.Pull
	for _, pull := range open {
		if len(pull.CheckRuns()) == 0 {
			paused = pull
		}
	}
	asked := time.Now()
	w.push(paused, map[string]string{"pushed.tf": keyOf("pushed")})
	w.check(paused, 1)
	fresh := w.open(map[string]string{"fresh.tf": keyOf("fresh")}, simulator.PullOptions{})
	w.check(fresh, 1)
	if took := time.Since(asked); time.Since(began) > window {
		t.Fatalf("two answers took %s, which is beyond the time for which the rest pauses", took)
	}
	w.patientlyFor(window, "the issue says what was not scanned", func() bool {
		all := home.Issues()
		return len(all) == 1 && strings.Contains(all[0].State().Body, "were not scanned")
	})
	w.patientlyFor(4*window, "everything is scanned", scanned)
	w.patientlyFor(4*window, "everything is reviewed", func() bool { return done() == pulls })
	if n := w.refusals(); n > 0 {
		t.Errorf("GitHub refused %d requests", n)
	}
}

func (w *world) patientlyFor(limit time.Duration, what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("did not happen: %s", what)
		}
	}
}

// TestManyOpenPullRequests: all that are open get their check run, more than GitHub shows at once, the newest first.
func TestManyOpenPullRequests(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	w.create(".github-private", nil)
	w.repo = w.create("busy", map[string]string{"main.tf": goodKey})
	old := w.create("old", map[string]string{"main.tf": goodKey})
	var heads []string
	for i := range 45 {
		branch := fmt.Sprintf("change-%d", i)
		head, err := w.repo.Commit(branch, "Change", map[string]string{"notes.md": branch})
		w.must(err)
		_, err = w.repo.OpenPull(simulator.PullOptions{Title: branch, Head: branch})
		w.must(err)
		heads = append(heads, head)
	}
	_, err := old.Commit("change", "Change", map[string]string{"more.tf": badKey})
	w.must(err)
	archived, err := old.OpenPull(simulator.PullOptions{Title: "Too late", Head: "change"})
	w.must(err)
	w.must(old.Archive())
	w.install()
	got := w.reviewed()
	if want := slices.Sorted(slices.Values(heads)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Fatalf("%d of %d pull requests were reviewed", len(got), len(heads))
	}
	for _, head := range got[:10] {
		if at := slices.Index(heads, head); at < 15 {
			t.Errorf("the pull request number %d was among the first to be reviewed", at+1)
		}
	}
	if n := len(archived.CheckRuns()); n > 0 {
		t.Errorf("%d check runs in an archived repository", n)
	}
}
