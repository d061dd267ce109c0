package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store/storetest"
)

var commentsRoute = regexp.MustCompile(`/issues/[0-9]+/comments$`)

// said lists what the App wrote under the issue.
func said(issue *simulator.Issue) (all []string) {
	for _, c := range issue.Comments() {
		if c.Author == "kms-review[bot]" {
			all = append(all, c.Body)
		}
	}
	return all
}

// night lets days pass while the App does not run, and waits for the comparison that is due then.
func (w *world) night(days int) {
	w.t.Helper()
	w.stop()
	w.daysPass(days)
	w.sim.ResetRequests()
	w.start()
	w.eventually("the night's comparison", func() bool { asked, _ := w.requests(); return asked > 0 })
	w.idle()
}

// TestWeeklyDigest: it is said once a week where the settings ask for it, and not where nothing has changed.
func TestWeeklyDigest(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	settings := w.create(".github", nil)
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	issue := settings.Issues()[0]
	commit := func(repo *simulator.Repository, files map[string]string) {
		t.Helper()
		_, err := repo.Commit("main", "Change", files)
		w.must(err)
		w.rest()
	}
	commit(infra, map[string]string{"more.tf": keyOf("more")})
	w.night(8)
	if all := said(issue); len(all) != 0 {
		t.Fatalf("without being asked for, it is said: %q", all)
	}

	commit(settings, map[string]string{".github/kms-review.yml": "summary:\n  digest: weekly\n"})
	commit(infra, map[string]string{"third.tf": keyOf("third")})
	if all := said(issue); len(all) != 0 {
		t.Fatalf("in the first week there is nothing to compare with: %q", all)
	}
	w.night(3)
	if all := said(issue); len(all) != 0 {
		t.Fatalf("after three days: %q", all)
	}
	commit(infra, map[string]string{"more.tf": strings.ReplaceAll(goodKey, "main", "more")})
	w.night(5)
	all := said(issue)
	from, until := time.Now().UTC().AddDate(0, 0, -8).Format("2 January"), time.Now().UTC().AddDate(0, 0, -1).Format("2 January")
	// third.tf has two findings. What was not rotated is, and a key without a policy of its own stays.
	want := "From " + from + " to " + until + ": 2 new, 1 fixed. Open now: 0 critical, 2 high, 0 medium, 3 low, in 1 scanned of 2 repositories."
	if len(all) != 1 || all[0] != want {
		t.Fatalf("after a week:\n%q, want\n%q", all, want)
	}
	commit(infra, map[string]string{"fourth.tf": keyOf("fourth")})
	for range 2 {
		w.stop()
		w.start()
		w.rest()
	}
	w.night(1)
	if all := said(issue); len(all) != 1 {
		t.Fatalf("within the week it is said again: %q", all)
	}
	w.night(7)
	if all := said(issue); len(all) != 2 {
		t.Fatalf("after another week: %q", all)
	}
	w.night(7)
	if all := said(issue); len(all) != 2 {
		t.Errorf("after a week in which nothing changed: %q", all)
	}
	w.must(issue.Close("maintainer"))
	w.rest()
	commit(infra, map[string]string{"fifth.tf": keyOf("fifth")})
	w.night(8)
	if all := said(issue); len(all) != 2 {
		t.Errorf("under an issue that a person has closed: %q", all)
	}
}

// TestDigestIsSaidOnce: several processes, and an answer of GitHub's that is lost.
func TestDigestIsSaidOnce(t *testing.T) {
	t.Parallel()
	w := newGitHub(t)
	w.db = storetest.Postgres(t, false).URL(t)
	w.start()
	settings := w.create(".github", map[string]string{".github/kms-review.yml": "summary:\n  digest: weekly\n"})
	settings.SetPermission("member", "write")
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	issue := settings.Issues()[0]
	for week, fault := range []simulator.Fault{
		{Method: http.MethodPost, PathPattern: commentsRoute, Status: http.StatusBadGateway, After: true}, // said, and the answer is lost
		{Method: http.MethodPost, PathPattern: commentsRoute, Delay: 200 * time.Millisecond},
	} {
		name := string(rune('a' + week))
		_, err := infra.Commit("main", "Change", map[string]string{name + ".tf": keyOf(name)})
		w.must(err)
		w.rest()
		w.stop()
		w.daysPass(8)
		w.sim.Fail(fault)
		w.sim.ResetRequests()
		w.start()
		first := w.stop
		w.start()
		w.eventually("the digest", func() bool { return len(said(issue)) > week })
		for range 3 { // and the issue is written again, by both
			_, err := issue.Comment("member", "/kms-recheck")
			w.must(err)
			w.settle()
		}
		w.idle()
		first()
		if all := said(issue); len(all) != week+1 {
			t.Fatalf("in week %d it was said: %q", week, all)
		}
	}
}

// TestDigestThatIsRefused: what GitHub certainly did not take is said later.
func TestDigestThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	settings := w.create(".github", map[string]string{".github/kms-review.yml": "summary:\n  digest: weekly\n"})
	infra := w.create("infra", map[string]string{"main.tf": badKey})
	w.install()
	_, err := infra.Commit("main", "Change", map[string]string{"more.tf": keyOf("more")})
	w.must(err)
	w.rest()
	w.sim.Fail(simulator.SecondaryLimit(http.MethodPost, commentsRoute, "1"))
	w.waiting = `state="none"`
	w.night(8)
	if all := said(settings.Issues()[0]); len(all) != 1 {
		t.Errorf("after GitHub had taken no more for a second: %q", all)
	}
}
