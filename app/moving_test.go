package app_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

var (
	compareRoute = regexp.MustCompile(`/compare/`)
	graphqlRoute = regexp.MustCompile(`^/graphql$`)
)

// TestPushDuringReview: the review of the older head ends without a word, the newer one is reviewed.
func TestPushDuringReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.Fault{PathPattern: compareRoute, Delay: 500 * time.Millisecond})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	older := pull.HeadSHA()
	w.settle()
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	w.quiet()
	if n := len(pull.Comments()); n != 2 {
		t.Errorf("%d comments, want one for each finding", n)
	}
	for _, run := range w.repo.CheckRuns(older) {
		if run.Status != "completed" {
			t.Errorf("check run %d of the older head is %s", run.ID, run.Status)
		}
	}
}

// TestLateDelivery: GitHub promises no order. The delivery of an older push, which had no Terraform in it, comes while
// the newer push is under review: the newer one is reviewed all the same.
func TestLateDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.HoldDeliveries(true)
	pull := w.open(map[string]string{"notes.md": "first\n"}, simulator.PullOptions{})
	opened := w.last("pull_request")
	w.push(pull, map[string]string{"backup.tf": badKey})
	w.sim.Fail(simulator.Fault{PathPattern: graphqlRoute, Delay: time.Second})
	w.deliver(w.last("pull_request"))
	w.eventually("the newer head is under review", func() bool { return w.asked(compareRoute) })
	w.deliver(opened)
	w.sim.HoldDeliveries(false)
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
}

func TestForcePush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	start := w.repo.Head("main")
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	w.push(pull, map[string]string{"notes.md": "no Terraform any more\n"}, simulator.From(start))
	if run := w.check(pull, 1); run.Conclusion != "neutral" {
		t.Errorf("concluded %q, want neutral", run.Conclusion)
	}
	w.eventually("the comment is folded away", func() bool { return strings.EqualFold(pull.Comments()[0].Minimized, "resolved") })
	w.push(pull, map[string]string{"backup.tf": badKey}, simulator.From(start))
	w.check(pull, 1)
	w.eventually("the finding is said again", func() bool { return len(pull.Comments()) == 2 && pull.Comments()[1].Minimized == "" })
}

// TestRetarget: against another base the same head is another change.
func TestRetarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	_, err := w.repo.Commit("release", "Release", map[string]string{"backup.tf": badKey})
	w.must(err)
	_, err = w.repo.Commit("change", "Change", map[string]string{"main.tf": goodKey + "\n"}, simulator.From(w.repo.Head("release")))
	w.must(err)
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change", Base: "release"})
	w.must(err)
	if run := w.check(pull, 1); run.Conclusion != "success" && run.Conclusion != "neutral" {
		t.Errorf("against release: %q, want no failure", run.Conclusion)
	}
	w.must(pull.Retarget("main", "author"))
	if run := w.check(pull, 2); run.Conclusion != "failure" {
		t.Errorf("against main: %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	w.must(pull.SetTitle("Another title", "author"))
	w.quiet()
	if n := len(pull.CheckRuns()); n != 2 {
		t.Errorf("%d check runs after a new title, want 2", n)
	}
}

// TestMergeGroup: what the queue is about to merge is really judged, and nobody is spoken to.
func TestMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	group, err := w.repo.QueueMerge(pull)
	w.must(err)
	w.eventually("a check run of the group", func() bool {
		runs := w.repo.CheckRuns(group.HeadSHA)
		return len(runs) == 1 && runs[0].Status == "completed"
	})
	if run := w.repo.CheckRuns(group.HeadSHA)[0]; run.Conclusion != "failure" || len(run.Annotations) == 0 {
		t.Errorf("the group concluded %q with %d annotations, want failure with some", run.Conclusion, len(run.Annotations))
	}
	w.must(w.repo.Rerequest(w.repo.CheckRuns(group.HeadSHA)[0].ID, "maintainer"))
	w.eventually("a second check run of the group", func() bool { return len(w.repo.CheckRuns(group.HeadSHA)) == 2 })
	if n := len(pull.Comments()); n != 1 {
		t.Errorf("%d comments, want the one of the pull request", n)
	}
}

// TestSharedHead: two pull requests with one head have one check run, with the worse conclusion, until the one that
// brings the problem is closed.
func TestSharedHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	_, err := w.repo.Commit("release", "Release", map[string]string{"backup.tf": badKey})
	w.must(err)
	_, err = w.repo.Commit("change", "Change", map[string]string{"main.tf": goodKey + "\n"}, simulator.From(w.repo.Head("release")))
	w.must(err)
	bad, err := w.repo.OpenPull(simulator.PullOptions{Title: "To main", Head: "change"})
	w.must(err)
	w.check(bad, 1)
	good, err := w.repo.OpenPull(simulator.PullOptions{Title: "To release", Head: "change", Base: "release"})
	w.must(err)
	if run := w.check(good, 2); run.Conclusion != "failure" || !strings.Contains(run.Summary, "pull request 1") {
		t.Errorf("shared check run concluded %q, want failure that names pull request 1:\n%s", run.Conclusion, run.Summary)
	}
	w.must(bad.Close("author"))
	if run := w.check(good, 3); run.Conclusion == "failure" || strings.Contains(run.Summary, "pull request 1") {
		t.Errorf("after the other was closed: %q, want no failure:\n%s", run.Conclusion, run.Summary)
	}
}

// TestClosedDuringReview: nothing is said on a pull request that is over.
func TestClosedDuringReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.Fault{PathPattern: compareRoute, Delay: 500 * time.Millisecond})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.settle()
	w.must(pull.Close("author"))
	w.quiet()
	if runs, comments := len(pull.CheckRuns()), len(pull.Comments()); runs != 0 || comments != 0 {
		t.Errorf("%d check runs and %d comments on a closed pull request", runs, comments)
	}
	w.must(pull.Reopen("author"))
	w.check(pull, 1)
}

// TestForkIsGone: the head's repository is null, its commits are still there.
func TestForkIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.HoldDeliveries(true)
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{Fork: true, Author: "contributor"})
	fork, ok := w.sim.Repository("contributor", "infra")
	if !ok {
		t.Fatal("there is no fork")
	}
	w.must(fork.Delete())
	w.must(pull.SetTitle("A payload without a head repository", "contributor"))
	w.must(pull.Close("contributor"))
	w.must(pull.Reopen("contributor"))
	w.sim.HoldDeliveries(false)
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
}
