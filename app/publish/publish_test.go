package publish_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/publish"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store"
)

const (
	postedReview = "POST reviews 200"
	createdCheck = "POST check-runs 201"
	updatedCheck = "PATCH check-run 200"
	folded       = "POST graphql 200"
)

var (
	none   publish.Options
	forced = publish.Options{Force: true}
)

func TestRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(12, 20), none, postedReview, createdCheck)
	if reviews := w.pull.Reviews(); len(reviews) != 1 || reviews[0].State != "COMMENTED" || len(reviews[0].Comments) != 2 {
		t.Fatalf("reviews: %+v", reviews)
	}
	w.expect(w.review(12, 20), none)                 // the same again: nothing
	w.expect(w.review(12, 20), forced, createdCheck) // Re-run: an answer, and no second comment
	if runs := w.pull.CheckRuns(); len(runs) != 2 || runs[1].Conclusion != "failure" || runs[1].ExternalID != fmt.Sprint(w.pull.Number()) {
		t.Fatalf("check runs: %+v", runs)
	}
	w.push("changed", "other.tf")
	w.expect(w.review(12, 20), none, createdCheck) // a push that changes nothing of it
	w.push("changed", "another.tf")
	w.expect(w.review(20, 25), none, postedReview, createdCheck, folded) // one fixed, one new
	if got := w.shown(); got != "12 resolved, 20, 25" {
		t.Errorf("comments: %s", got)
	}
	w.push("changed", "last.tf")
	w.expect(w.review(), none, createdCheck, folded)
	if got := w.shown(); got != "12 resolved, 20 resolved, 25 resolved" {
		t.Errorf("comments: %s", got)
	}
	w.expect(w.review(), none)
}

// A comment that a person hides is not said again; one that the App hid comes back with its finding, also on a head
// that was reviewed before.
func TestHiddenComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(12), none, postedReview, createdCheck)
	first := w.pull.HeadSHA()
	w.push("changed", "other.tf")
	w.expect(w.review(), none, createdCheck, folded)
	must(t, w.pull.Rewind(first, "author"))
	w.expect(w.review(12), none, postedReview)
	if got := w.shown(); got != "12 resolved, 12" {
		t.Errorf("comments after going back: %s", got)
	}
	w.expect(w.review(12), none)

	comments := w.pull.Comments()
	must(t, w.pull.Minimize(comments[len(comments)-1].ID, "reviewer", "resolved"))
	w.push("changed", "another.tf")
	w.expect(w.review(12), none, createdCheck)
}

// push writes main.tf and a further file, so that each push is one.
func (w *world) push(changed, further string) {
	w.t.Helper()
	_, err := w.pull.Push("more", map[string]string{"main.tf": text(changed), further: "# " + further + "\n"})
	must(w.t, err)
}

func TestCleanPullRequestHasNoReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(), none, createdCheck)
	if run := w.pull.CheckRuns()[0]; run.Conclusion != "success" || run.Status != "completed" || run.Name != render.CheckName {
		t.Errorf("check run: %+v", run)
	}
}

func TestNothingIsWrittenToAMovedHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	review := w.review(12)
	w.push("changed", "other.tf")
	writes, err := w.publish(review, none)
	if !errors.Is(err, gh.ErrGone) || len(writes) > 0 {
		t.Errorf("error %v after %q; want gone and nothing", err, writes)
	}
}

func TestMergeGroupGetsACheckRunOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	review := w.review(12)
	pull := w.state(w.pull)
	pull.Number = 0
	must(t, w.publisher.Publish(t.Context(), w.client, pull, change.Conversation{}, review, none))
	if runs := w.pull.CheckRuns(); len(runs) != 1 || runs[0].ExternalID != "" || len(w.pull.Comments()) != 0 {
		t.Errorf("check runs %+v, comments %s", runs, w.shown())
	}
}

func TestAnnotationsComeInBatches(t *testing.T) {
	t.Parallel()
	for _, n := range []int{50, 51, 120} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			review := w.review()
			for i := range n {
				review.Check.Annotations = append(review.Check.Annotations, render.Annotation{
					Path: "main.tf", StartLine: 12, EndLine: 12, Level: "warning", Title: "KMS101", Message: fmt.Sprintf("number %d", i),
				})
			}
			want := []string{createdCheck}
			for sent := 50; sent < n; sent += 50 {
				want = append(want, updatedCheck)
			}
			w.expect(review, none, want...)
			got := w.pull.CheckRuns()[0].Annotations
			if len(got) != n {
				t.Fatalf("%d annotations, want %d", len(got), n)
			}
			for i, a := range got {
				if a.Message != fmt.Sprintf("number %d", i) {
					t.Fatalf("annotation %d says %q", i, a.Message)
				}
			}
		})
	}
}

func TestRefusedLines(t *testing.T) {
	t.Parallel()
	lines := []int{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29}
	for name, c := range map[string]struct {
		bad    []int // indexes whose line becomes one outside of the diff
		placed int
	}{
		"first": {[]int{0}, 19},
		"last":  {[]int{19}, 19},
		"two":   {[]int{0, 1}, 18},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			review := w.review(lines...)
			for _, i := range c.bad {
				review.Comments[i].Line = 39
			}
			writes, err := w.publish(review, none)
			must(t, err)
			if len(writes) > 13 || writes[len(writes)-1] != createdCheck {
				t.Errorf("requests: %q", writes)
			}
			if got := len(w.pull.Comments()); got != c.placed {
				t.Errorf("%d comments, want %d", got, c.placed)
			}
			if text := w.pull.CheckRuns()[0].Text; strings.Count(text, "main.tf:39") != len(c.bad) || !strings.Contains(text, "Could not be placed") {
				t.Errorf("the check run does not list what was refused:\n%s", text)
			}
			w.expect(review, none) // not tried again on the same head
		})
	}
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		review := w.review(lines...)
		for i := range review.Comments {
			review.Comments[i].Line = 39
		}
		writes, err := w.publish(review, none)
		must(t, err)
		if len(writes) > 13 || len(w.pull.Comments()) != 0 {
			t.Errorf("%d requests, comments %s", len(writes), w.shown())
		}
		if text := w.pull.CheckRuns()[0].Text; strings.Count(text, "main.tf:39") != len(lines) {
			t.Errorf("not all are listed:\n%s", text)
		}
	})
}

var (
	reviewPath = regexp.MustCompile(`/reviews$`)
	checkPath  = regexp.MustCompile(`/check-runs`)
	graphql    = regexp.MustCompile(`/graphql$`)
)

// A run that dies anywhere is finished by the next one, and nothing is said twice.
func TestInterruptedRuns(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"review refused by a broken server": {Method: "POST", PathPattern: reviewPath, Status: 502},
		"answer to the review lost":         {Method: "POST", PathPattern: reviewPath, Status: 502, After: true},
		"check run not made":                {Method: "POST", PathPattern: checkPath, Status: 502},
		"answer to the check run lost":      {Method: "POST", PathPattern: checkPath, Status: 502, After: true},
		"fold not made":                     {Method: "POST", PathPattern: graphql, Status: 502},
		"answer to the fold lost":           {Method: "POST", PathPattern: graphql, Status: 502, After: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.expect(w.review(12), none, postedReview, createdCheck)
			w.push("changed", "other.tf")
			w.sim.Fail(fault)
			if _, err := w.publish(w.review(20), none); err == nil {
				t.Fatal("no error")
			} else if fate, _ := gh.Classify(err); fate != gh.Retry {
				t.Fatalf("fate %v of %v, want a retry", fate, err)
			}
			_, err := w.publish(w.review(20), none)
			must(t, err)
			w.expect(w.review(20), none)
			if got := w.shown(); got != "12 resolved, 20" {
				t.Errorf("comments: %s", got)
			}
			runs := w.pull.CheckRuns()
			if last := runs[len(runs)-1]; last.Conclusion != "failure" || last.Title != "1 new findings" {
				t.Errorf("last check run: %+v", last)
			}
			if _, made := strings.CutPrefix(name, "answer to the check run"); !made && len(runs) != 1 {
				t.Errorf("%d check runs, want 1", len(runs))
			}
		})
	}
}

func TestLimitsAreNotMadeWorse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault simulator.Fault
		fate  gh.Fate
	}{
		"secondary limit": {simulator.SecondaryLimit("POST", reviewPath, "30"), gh.RetryAt},
		"too quickly": {simulator.Fault{
			Method: "POST", PathPattern: reviewPath, Status: http.StatusUnprocessableEntity,
			Body: `{"message":"Unprocessable Entity","errors":["was submitted too quickly after a previous comment"]}`,
		}, gh.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sim.Fail(c.fault)
			writes, err := w.publish(w.review(12, 20), none)
			if fate, _ := gh.Classify(err); fate != c.fate || len(writes) != 1 {
				t.Errorf("fate %v of %v after %q; want %v after one request", fate, err, writes, c.fate)
			}
		})
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.publisher.Start(t.Context(), w.client, w.state(w.pull)))
	if run := w.pull.CheckRuns()[0]; run.Status != "in_progress" {
		t.Fatalf("check run: %+v", run)
	}
	w.expect(w.review(12), none, postedReview, updatedCheck)
	runs := w.pull.CheckRuns()
	if len(runs) != 1 || runs[0].Conclusion != "failure" || len(runs[0].Annotations) != 1 {
		t.Fatalf("check runs: %+v", runs)
	}
	w.expect(w.review(12), none)
	w.expect(w.review(12), forced, createdCheck)

	// A run that was started and is answered with what was said before is completed too.
	must(t, w.publisher.Start(t.Context(), w.client, w.state(w.pull)))
	w.expect(w.review(12), none, updatedCheck)
	for _, run := range w.pull.CheckRuns() {
		if run.Status != "completed" {
			t.Errorf("check run %d is %s", run.ID, run.Status)
		}
	}
}

// TestStartAgain: a second attempt goes on with the run of the first, which nobody would complete otherwise; of a head
// that is no longer reviewed the run is cancelled.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pull := w.state(w.pull)
	must(t, w.publisher.Abandon(t.Context(), w.client, pull)) // there is nothing to abandon
	must(t, w.publisher.Start(t.Context(), w.client, pull))
	must(t, w.publisher.Start(t.Context(), w.client, pull))
	if runs := w.pull.CheckRuns(); len(runs) != 1 || runs[0].Status != "in_progress" {
		t.Fatalf("check runs after two attempts: %+v", runs)
	}
	must(t, w.publisher.Abandon(t.Context(), w.client, pull))
	if run := w.pull.CheckRuns()[0]; run.Conclusion != "cancelled" {
		t.Errorf("abandoned: %q, want cancelled", run.Conclusion)
	}
	w.expect(w.review(), none, createdCheck)
	must(t, w.publisher.Abandon(t.Context(), w.client, pull))
	if run := w.pull.CheckRuns()[1]; run.Conclusion != "success" {
		t.Errorf("a completed run that is abandoned: %q, want success", run.Conclusion)
	}
}

// Annotations can only be appended: a started run that has got a part of them is not gone on with.
func TestStartedRunFailsBetweenBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	review := w.review()
	for i := range 60 {
		review.Check.Annotations = append(review.Check.Annotations, render.Annotation{
			Path: "main.tf", StartLine: 12, EndLine: 12, Level: "warning", Title: "KMS101", Message: fmt.Sprintf("number %d", i),
		})
	}
	must(t, w.publisher.Start(t.Context(), w.client, w.state(w.pull)))
	w.sim.Fail(simulator.Fault{Method: "PATCH", PathPattern: checkPath, Skip: 1, Status: 502})
	if _, err := w.publish(review, none); err == nil {
		t.Fatal("no error")
	}
	w.expect(review, none, createdCheck, updatedCheck)
	runs := w.pull.CheckRuns()
	if last := runs[len(runs)-1]; len(runs) != 2 || len(last.Annotations) != 60 {
		t.Errorf("%d check runs, the last with %d annotations; want 2 and 60", len(runs), len(last.Annotations))
	}
}

func TestStartedRunThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.publisher.Start(t.Context(), w.client, w.state(w.pull)))
	w.sim.Fail(simulator.Fault{Method: "PATCH", PathPattern: checkPath, Status: 404, Body: `{"message":"Not Found"}`})
	w.expect(w.review(), none, "PATCH check-run 404", createdCheck)
}

func TestRepliesAndOutdatedComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(12, 14), none, postedReview, createdCheck)
	comments := w.pull.Comments()
	_, err := w.pull.Reply(comments[0].ID, "reviewer", "Why?")
	must(t, err)
	w.push("changed again", "other.tf") // both comments lose their line
	w.expect(w.review(12, 14), none, postedReview, createdCheck, folded)
	if got := w.shown(); got != "12, 14 outdated, reply, 14" && got != "12, reply, 14 outdated, 14" {
		t.Errorf("comments: %s", got)
	}
	w.push("changed again", "third.tf")
	w.expect(w.review(), none, createdCheck, folded)
	for _, c := range w.pull.Comments() {
		if c.ReplyTo != 0 && (c.Minimized != "" || c.Body != "Why?") {
			t.Errorf("a person's reply was touched: %+v", c)
		}
		if c.ReplyTo == 0 && c.Minimized == "" {
			t.Errorf("comment on line %d is still shown", c.OriginalLine)
		}
	}
}

// A comment that lost its line stays if its successor cannot be placed: better an old remark than none.
func TestOutdatedCommentStaysWithoutASuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(12), none, postedReview, createdCheck)
	w.push("changed again", "other.tf")
	review := w.review(12)
	review.Comments[0].Line = 39
	w.expect(review, none, "POST reviews 422", createdCheck)
	w.expect(review, none)
	if got := w.shown(); got != "12" {
		t.Errorf("comments: %s", got)
	}
}

func TestCommentOnSeveralLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ start, line, wantStart int }{
		"range":                     {12, 14, 12},
		"one line":                  {0, 14, 0},
		"one line named as a range": {14, 14, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			review := w.review(14)
			review.Comments[0].StartLine, review.Comments[0].Line = c.start, c.line
			w.expect(review, none, postedReview, createdCheck)
			if got := w.pull.Comments()[0]; got.StartLine != c.wantStart || got.Line != c.line {
				t.Errorf("stands on %d-%d, want %d-%d", got.StartLine, got.Line, c.wantStart, c.line)
			}
		})
	}
}

// A finding about lines that are gone stands on the deleted lines.
func TestCommentOnDeletedLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	review := w.review(12)
	review.Comments[0].StartLine, review.Comments[0].AtBase = 11, true
	w.expect(review, none, postedReview, createdCheck)
	if got := w.pull.Comments()[0]; got.Side != "LEFT" || got.Line != 12 {
		t.Errorf("comment on side %s, line %d; want LEFT, 12", got.Side, got.Line)
	}
	w.expect(review, none)
}

func TestOtherPeoplesCommentsAreNotTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.pull.Comment("maintainer", "Looks fine. <!-- kms-review:v1 fp=07aa74fb99f56cb74404891b rule=KMS101 -->")
	must(t, err)
	w.expect(w.review(), none, createdCheck)
	if c := w.pull.Conversation()[0]; c.Minimized != "" {
		t.Errorf("a person's comment was minimised: %+v", c)
	}
}

// A comment that somebody deletes between reading and writing must not keep the rest from being folded away.
func TestDeletedCommentIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(w.review(12), none, postedReview, createdCheck)
	w.push("changed", "other.tf")
	w.sim.Fail(simulator.Fault{
		PathPattern: graphql, Status: 200,
		Body: `{"data":{"m0":null},"errors":[{"type":"NOT_FOUND","path":["m0"],"message":"Could not resolve to a node"}]}`,
	})
	w.expect(w.review(), none, createdCheck, folded)
}

// Two pull requests with one head commit share its check run: the worst conclusion counts, each is listed.
func TestSharedHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.repo.Commit("release", "Start a release", map[string]string{"release.tf": "# x\n"})
	must(t, err)
	second, err := w.repo.OpenPull(simulator.PullOptions{Title: "Into the release", Head: "change", Base: "release"})
	must(t, err)
	w.expect(w.review(12), none, postedReview, createdCheck)
	shared, err := w.publisher.Shared(t.Context(), w.state(second))
	must(t, err)
	if want := (render.Result{Number: w.pull.Number(), Conclusion: render.Failure, Title: "1 new findings"}); len(shared) != 1 || shared[0] != want {
		t.Fatalf("shared: %+v, want %+v", shared, want)
	}
	own, err := w.publisher.Shared(t.Context(), w.state(w.pull))
	must(t, err)
	if len(own) != 0 {
		t.Errorf("the first pull request finds %+v", own)
	}
}

// A pull request that is closed, or has another head by now, must not hold up the others for ever.
func TestSharedHeadForgetsWhatIsOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  store.Pull
		want int
	}{
		"open":          {store.Pull{HeadSHA: "same"}, 1},
		"closed":        {store.Pull{HeadSHA: "same", Closed: true}, 0},
		"another head":  {store.Pull{HeadSHA: strings.Repeat("0", 40)}, 0},
		"head not told": {store.Pull{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.expect(w.review(12), none, postedReview, createdCheck)
			pull := w.state(w.pull)
			c.row.RepoID, c.row.Number = pull.Repo.ID, pull.Number
			if c.row.HeadSHA == "same" {
				c.row.HeadSHA = pull.HeadSHA
			}
			must(t, w.store.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := w.store.RaisePull(t.Context(), tx, c.row, false)
				return err
			}))
			pull.Number++
			shared, err := w.publisher.Shared(t.Context(), pull)
			must(t, err)
			if len(shared) != c.want {
				t.Errorf("shared: %+v, want %d", shared, c.want)
			}
		})
	}
}

func TestStoreKnowsOfComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has := func() bool {
		t.Helper()
		has, err := w.store.HasComments(t.Context(), w.repo.ID(), w.pull.Number())
		must(t, err)
		return has
	}
	w.expect(w.review(), none, createdCheck)
	if has() {
		t.Error("a comment is known where none was written")
	}
	w.push("changed", "other.tf")
	w.expect(w.review(12), none, postedReview, createdCheck)
	if !has() {
		t.Error("the comment is forgotten")
	}
	// A review that failed knows nothing of the conversation, and must not forget it.
	problem := render.Problem(w.state(w.pull), render.TimedOut, "Timed out", "It took too long.")
	must(t, w.publisher.Publish(t.Context(), w.client, w.state(w.pull), change.Conversation{}, problem, forced))
	if !has() {
		t.Error("the comment is forgotten after a failure")
	}
}

// TestStoreKnowsOfLostComments: nobody can tell whether GitHub has the comments whose answer was lost, so they count.
func TestStoreKnowsOfLostComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Fail(simulator.Fault{Method: "POST", PathPattern: reviewPath, Status: 502, After: true})
	if _, err := w.publish(w.review(12), none); err == nil {
		t.Fatal("no error")
	}
	if has, err := w.store.HasComments(t.Context(), w.repo.ID(), w.pull.Number()); !has || err != nil {
		t.Errorf("the comment is known: %t, %v", has, err)
	}
}
