package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store/storetest"
)

var (
	reviewRoute = regexp.MustCompile(`/pulls/\d+/reviews$`)
	checkRoute  = regexp.MustCompile(`/check-runs$`)
)

// TestAnswersThatAreLost: a review that GitHub has taken and answered with 502 is not posted a second time.
func TestAnswersThatAreLost(t *testing.T) {
	t.Parallel()
	for name, route := range map[string]*regexp.Regexp{"review": reviewRoute, "check run": checkRoute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"main.tf": goodKey})
			w.sim.Fail(simulator.Fault{Method: http.MethodPost, PathPattern: route, Status: 502, After: true, Body: "<html>"})
			pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
			w.eventually("the second attempt", func() bool {
				return slices.ContainsFunc(w.sim.Requests(), func(r simulator.Request) bool {
					return r.Method == http.MethodPost && checkRoute.MatchString(r.Path) && !r.Fault
				})
			})
			w.quiet()
			if comments := pull.Comments(); len(comments) != 1 || comments[0].Minimized != "" {
				t.Errorf("%d comments, want the one: %+v", len(comments), comments)
			}
		})
	}
}

// TestSecondaryLimit: the job waits for as long as GitHub says, then goes on where it was.
func TestSecondaryLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.SecondaryLimit(http.MethodPost, checkRoute, "2"))
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.eventually("the limit is met", func() bool { return w.asked(checkRoute) })
	w.sim.ResetRequests()
	limited := time.Now()
	w.check(pull, 1)
	if early := 1500 * time.Millisecond; time.Since(limited) < early {
		t.Errorf("went on after %v, GitHub said 2 s", time.Since(limited))
	}
	if n := len(pull.Comments()); n != 1 {
		t.Errorf("%d comments, want 1", n)
	}
}

// TestSlowReview: a review that takes long shows that it is under way, and is one check run in the end.
func TestSlowReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.Fault{PathPattern: graphqlRoute, Delay: 3100 * time.Millisecond})
	w.sim.Fail(simulator.Fault{PathPattern: reviewRoute, Delay: 300 * time.Millisecond})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.eventually("the check run is in progress", func() bool {
		runs := pull.CheckRuns()
		return len(runs) == 1 && runs[0].Status == "in_progress"
	})
	if run := w.check(pull, 1); run.Conclusion != "failure" || len(run.Annotations) == 0 {
		t.Errorf("concluded %q with %d annotations, want failure with some", run.Conclusion, len(run.Annotations))
	}
	if n := len(pull.CheckRuns()); n != 1 {
		t.Errorf("%d check runs, want the one", n)
	}
}

// TestSlowReviewIsOvertaken: the check run of a head that nobody reviews to its end does not spin for ever.
func TestSlowReviewIsOvertaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.Fault{PathPattern: graphqlRoute, Delay: 3100 * time.Millisecond})
	w.sim.Fail(simulator.Fault{PathPattern: reviewRoute, Delay: 5 * time.Second})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	older := pull.HeadSHA()
	w.eventually("the check run is in progress", func() bool { return len(pull.CheckRuns()) == 1 })
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	runs := w.repo.CheckRuns(older)
	if len(runs) != 1 || runs[0].Status != "completed" || runs[0].Conclusion != "cancelled" {
		t.Errorf("the check run of the older head: %+v, want one that is cancelled", runs)
	}
}

// TestRestart: a review that a stopping process cannot end in time goes back to the queue, and the next process does
// it, once.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.stop()
	w.opts.Grace = 100 * time.Millisecond
	w.start()
	w.sim.Fail(simulator.Fault{PathPattern: graphqlRoute, Delay: 20 * time.Second})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.settle()
	w.eventually("the review has begun", func() bool { return w.asked(compareRoute) })
	w.stop()
	w.start()
	w.check(pull, 1)
	w.quiet()
	if runs, comments := len(pull.CheckRuns()), len(pull.Comments()); runs != 1 || comments != 1 {
		t.Errorf("%d check runs and %d comments after a restart, want 1 and 1", runs, comments)
	}
}

// TestReplicas: two processes on one database. The push comes to the one while the other reviews the older head; the
// other learns of it, and everything is said once.
func TestReplicas(t *testing.T) {
	t.Parallel()
	databases := storetest.Postgres(t, false)
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.stop()
	w.db = databases.URL(t)
	w.start()
	first := w.app
	w.start()
	w.sim.SetWebhookURL("http://" + first.Addr().String() + "/webhook")
	w.sim.Fail(simulator.Fault{PathPattern: graphqlRoute, Delay: 10 * time.Second})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.settle()
	w.eventually("the review has begun", func() bool { return w.asked(compareRoute) })
	w.sim.SetWebhookURL("http://" + w.app.Addr().String() + "/webhook")
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	w.quiet()
	if runs, comments := len(pull.CheckRuns()), len(pull.Comments()); runs != 1 || comments != 2 {
		t.Errorf("%d check runs and %d comments, want 1 and 2", runs, comments)
	}
}
