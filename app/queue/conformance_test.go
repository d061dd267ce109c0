package queue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
	"github.com/kms-review/kms-review/webhook"
)

func testReview(t *testing.T, url string) {
	f := start(t, openStore(t, url), &handler{}, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Done)
	want := queue.PullJob{
		InstallationID: 7, Repo: webhook.RepoRef{ID: 42, Owner: "acme", Name: "infra", DefaultBranch: "main"},
		Number: 5, BaseSHA: "base", HeadSHA: "head1", Attempt: 1,
	}
	if diff := cmp.Diff(want, f.wantPulls(1)[0]); diff != "" {
		t.Errorf("the job (-want +got):\n%s", diff)
	}
}

// testDirtyWhileRunning is the case that River's unique jobs lose.
func testDirtyWhileRunning(t *testing.T, url string) {
	running, proceed := make(chan struct{}), make(chan struct{})
	first := true
	h := &handler{pull: func(context.Context, queue.PullJob) error {
		if first {
			first = false
			close(running)
			<-proceed // deaf to its context, as slow code can be
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	f.enqueue(dirty("g2", 5, "head2"), dirty("g3", 5, "head3"))
	close(proceed)
	for _, guid := range []string{"g1", "g2", "g3"} {
		f.waitOutcome(guid, store.Done)
	}
	f.idle()
	calls := f.wantPulls(2)
	if calls[1].HeadSHA != "head3" {
		t.Errorf("the second review got head %q, want the newest", calls[1].HeadSHA)
	}
	if calls[0].Unsure || !calls[1].Unsure {
		t.Errorf("unsure of the head: %t and %t, want only after two deliveries", calls[0].Unsure, calls[1].Unsure)
	}
}

func testNewerHead(t *testing.T, url string) {
	running := make(chan struct{})
	h := &handler{}
	h.pull = func(ctx context.Context, job queue.PullJob) error {
		if job.HeadSHA != "head1" {
			return nil
		}
		close(running)
		<-ctx.Done()
		if !queue.Superseded(ctx) {
			t.Errorf("the context is done because of %v", context.Cause(ctx))
		}
		return ctx.Err()
	}
	f := start(t, openStore(t, url), h, nil)
	first := of(webhook.Rerequested, "g0", 5)
	first.Number = 5
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	f.enqueue(first) // asks for a forced review; it must not be forgotten with the review that ends
	f.enqueue(dirty("g2", 5, "head2"))
	for _, guid := range []string{"g0", "g1", "g2"} {
		f.waitOutcome(guid, store.Done)
	}
	if calls := f.wantPulls(2); !calls[1].Force || calls[1].HeadSHA != "head2" {
		t.Errorf("the second job is %+v, want forced, with head2", calls[1])
	}
}

func testSameHead(t *testing.T, url string) {
	running, proceed := make(chan struct{}), make(chan struct{})
	var count atomic.Int64
	h := &handler{pull: func(ctx context.Context, _ queue.PullJob) error {
		if count.Add(1) == 1 {
			close(running)
			<-proceed
		}
		return ctx.Err()
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	f.enqueue(dirty("g2", 5, "head1"))
	close(proceed)
	f.waitOutcome("g1", store.Done)
	f.waitOutcome("g2", store.Done)
	f.wantPulls(2)
}

func testClosed(t *testing.T, url string) {
	running := make(chan struct{})
	var count atomic.Int64
	h := &handler{pull: func(ctx context.Context, _ queue.PullJob) error {
		if count.Add(1) == 1 {
			close(running)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(of(webhook.PullClosed, "g0", 5)) // nothing is running: nothing to do
	f.waitOutcome("g0", store.Done)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	f.enqueue(of(webhook.PullClosed, "g2", 5))
	f.waitOutcome("g2", store.Done)
	f.idle()
	f.wantPulls(2) // the second looks whether it is really closed
}

func testDuplicate(t *testing.T, url string) {
	running, proceed := make(chan struct{}), make(chan struct{})
	h := &handler{pull: func(context.Context, queue.PullJob) error {
		close(running) // a second call panics, and fails the test below
		<-proceed
		return nil
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	f.enqueue(dirty("g1", 5, "head1")) // while queued
	close(proceed)
	f.waitOutcome("g1", store.Done)
	f.enqueue(dirty("g1", 5, "head1")) // after success
	var together sync.WaitGroup
	for range 20 { // in one batch
		together.Go(func() {
			if err := f.queue.Enqueue(t.Context(), of(webhook.MergeGroup, "g2", 0)); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	f.waitOutcome("g2", store.Done)
	f.idle()
	f.wantPulls(1)
	if len(h.events) != 1 {
		t.Errorf("HandleEvent ran %d times for one GUID", len(h.events))
	}
}

func testFailedThenRedelivered(t *testing.T, url string) {
	var broken atomic.Bool
	broken.Store(true)
	h := &handler{
		pull: func(context.Context, queue.PullJob) error {
			if broken.Load() {
				return errTransient
			}
			return nil
		},
		event: func(context.Context, webhook.Event) ([]int, error) {
			if broken.Load() {
				return nil, errTransient
			}
			return nil, nil
		},
	}
	f := start(t, openStore(t, url), h, nil)
	events := []webhook.Event{dirty("g1", 5, "head1"), of(webhook.MergeGroup, "g2", 0)}
	f.enqueue(events...)
	f.waitOutcome("g1", store.Failed)
	f.waitOutcome("g2", store.Failed)
	calls := f.wantPulls(3)
	for i, call := range calls {
		if call.Attempt != i+1 || call.Last != (i == 2) {
			t.Errorf("attempt %d came as %d, last %v", i+1, call.Attempt, call.Last)
		}
	}
	broken.Store(false)
	f.enqueue(events...)
	f.waitOutcome("g1", store.Done)
	f.waitOutcome("g2", store.Done)
	if calls := f.wantPulls(4); !calls[3].Force || calls[3].Attempt != 1 {
		t.Errorf("the redelivery came as %+v, want a forced first attempt", calls[3])
	}
}

func testGone(t *testing.T, url string) {
	h := &handler{pull: func(context.Context, queue.PullJob) error { return fmt.Errorf("read: %w", errGone) }}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Done)
	f.wantPulls(1)
}

func testLimited(t *testing.T, url string) {
	var count atomic.Int64
	h := &handler{pull: func(context.Context, queue.PullJob) error {
		if count.Add(1) <= 4 { // more often than there are attempts
			return errLimited
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Done)
	if calls := f.wantPulls(5); calls[4].Attempt != 1 {
		t.Errorf("waiting for a rate limit was counted as %d attempts", calls[4].Attempt)
	}
}

func testPanic(t *testing.T, url string) {
	h := &handler{pull: func(_ context.Context, job queue.PullJob) error {
		if job.Number == 5 && job.Attempt == 1 {
			panic("a hostile file")
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"), dirty("g2", 6, "head2"))
	f.waitOutcome("g1", store.Done)
	f.waitOutcome("g2", store.Done)
	f.idle()
	f.wantPulls(3)
}

func testRetryForward(t *testing.T, url string) {
	var count atomic.Int64
	h := &handler{pull: func(context.Context, queue.PullJob) error {
		if count.Add(1) == 1 {
			return errTransient
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, func(c *queue.Config) {
		c.Backoff = func(int) time.Duration { return time.Hour }
	})
	f.enqueue(dirty("g1", 5, "head1"))
	wait(t, "the job waits for its retry", func() bool {
		var state string
		err := f.store.Reads().QueryRowContext(t.Context(), "SELECT state FROM river_job WHERE kind = 'pull'").Scan(&state)
		return err == nil && state == "retryable"
	})
	f.enqueue(dirty("g2", 5, "head2"))
	f.waitOutcome("g1", store.Done)
	f.waitOutcome("g2", store.Done)
	if calls := f.wantPulls(2); calls[1].Attempt != 1 {
		t.Errorf("the news came as attempt %d of what had failed", calls[1].Attempt)
	}
	// The job that was replaced must end without another review.
	if _, err := f.store.DB().ExecContext(t.Context(), "UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'retryable'"); err != nil {
		t.Fatal(err)
	}
	f.idle()
	f.wantPulls(2)
}

func testCoalesce(t *testing.T, url string) {
	var active, most atomic.Int64
	h := &handler{pull: func(ctx context.Context, _ queue.PullJob) error {
		most.Store(max(most.Load(), active.Add(1)))
		defer active.Add(-1)
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	}}
	f := start(t, openStore(t, url), h, nil)
	var senders sync.WaitGroup
	for i := range 200 {
		senders.Go(func() {
			if err := f.queue.Enqueue(t.Context(), dirty(fmt.Sprintf("g%d", i), 5, fmt.Sprintf("head%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	f.enqueue(dirty("last", 5, "newest"))
	f.waitOutcome("last", store.Done)
	f.idle()
	for i := range 200 {
		f.waitOutcome(fmt.Sprintf("g%d", i), store.Done)
	}
	calls := f.handler.calls()
	if got := calls[len(calls)-1].HeadSHA; got != "newest" {
		t.Errorf("the last review got head %q", got)
	}
	if len(calls) > 100 || most.Load() != 1 {
		t.Errorf("201 deliveries made %d reviews, %d at a time", len(calls), most.Load())
	}
}

func testRecheck(t *testing.T, url string) {
	h := &handler{event: func(_ context.Context, event webhook.Event) ([]int, error) {
		if event.Sender == "outsider" {
			return nil, nil
		}
		return []int{event.Number}, nil
	}}
	f := start(t, openStore(t, url), h, nil)
	allowed, refused := of(webhook.Recheck, "g1", 5), of(webhook.Recheck, "g2", 6)
	allowed.Sender, allowed.CommentID = "maintainer", 900
	refused.Sender, refused.CommentID = "outsider", 901
	f.enqueue(refused, allowed)
	f.waitOutcome("g1", store.Done)
	f.waitOutcome("g2", store.Done)
	f.idle()
	call := f.wantPulls(1)[0]
	if !call.Force || !slices.Equal(call.Comments, []int64{900}) || call.Number != 5 {
		t.Errorf("the review is %+v, want forced, with comment 900", call)
	}
	f.enqueue(dirty("g3", 5, "head1"))
	f.waitOutcome("g3", store.Done)
	if call := f.wantPulls(2)[1]; call.Force || len(call.Comments) > 0 {
		t.Errorf("the next review is %+v: the recheck was already answered", call)
	}
}

func testRerequested(t *testing.T, url string) {
	h := &handler{event: func(context.Context, webhook.Event) ([]int, error) { return []int{6, 5, 6}, nil }}
	f := start(t, openStore(t, url), h, nil)
	event := of(webhook.Rerequested, "g1", 0)
	event.HeadSHA = "old"
	f.enqueue(event)
	f.waitOutcome("g1", store.Done)
	f.idle()
	for _, call := range f.wantPulls(2) {
		if !call.Force || call.HeadSHA != "" {
			t.Errorf("the review is %+v, want forced, without the head that the button belongs to", call)
		}
	}
}

func testInstallation(t *testing.T, url string) {
	f := start(t, openStore(t, url), &handler{}, nil)
	created := webhook.Event{Delivery: "g1", Kind: webhook.Installation, Action: "created", InstallationID: 7, Account: "acme",
		AddedRepos: []webhook.RepoRef{{ID: 42, Owner: "acme", Name: "infra"}, {ID: 43, Owner: "acme", Name: ".github"}}}
	f.enqueue(created)
	f.waitOutcome("g1", store.Done)
	f.enqueue(dirty("g2", 5, "head1"))
	f.waitOutcome("g2", store.Done)
	f.enqueue(webhook.Event{Delivery: "g3", Kind: webhook.Installation, Action: "removed", InstallationID: 7,
		RemovedRepos: []webhook.RepoRef{{ID: 42}}})
	f.waitOutcome("g3", store.Done)
	if _, found, err := f.store.Pull(t.Context(), 42, 5); found || err != nil {
		t.Errorf("the row of a removed repository is still there (%v)", err)
	}
	if has, known, err := f.store.HasRepository(t.Context(), 7, ".GitHub"); !has || !known || err != nil {
		t.Errorf("HasRepository(.github) = %v, %v, %v", has, known, err)
	}
}

func testStopFinishes(t *testing.T, url string) {
	running, proceed := make(chan struct{}), make(chan struct{})
	h := &handler{pull: func(ctx context.Context, _ queue.PullJob) error {
		close(running)
		<-proceed
		return ctx.Err()
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	stopped := make(chan error)
	go func() { stopped <- f.queue.Stop(context.WithoutCancel(t.Context())) }()
	wait(t, "the queue takes no more events", func() bool {
		return f.queue.Enqueue(t.Context(), dirty("g1", 5, "head1")) != nil // else a duplicate
	})
	close(proceed)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	f.waitOutcome("g1", store.Done)
}

func testStopGivesBack(t *testing.T, url string) {
	running := make(chan struct{})
	h := &handler{pull: func(ctx context.Context, _ queue.PullJob) error {
		close(running)
		<-ctx.Done()
		return fmt.Errorf("ask GitHub: %w", ctx.Err())
	}}
	st := openStore(t, url)
	f := start(t, st, h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.queue.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	next := start(t, st, &handler{}, nil)
	next.waitOutcome("g1", store.Done)
	if call := next.wantPulls(1)[0]; call.Attempt != 1 {
		t.Errorf("being stopped was counted as an attempt: %+v", call)
	}
}

func testDeletedJob(t *testing.T, url string) {
	st := openStore(t, url)
	h := &handler{}
	f := start(t, st, h, func(c *queue.Config) { c.Workers = 1 })
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.pull = func(context.Context, queue.PullJob) error {
		once.Do(func() { close(held); <-hold })
		return nil
	}
	f.enqueue(dirty("g0", 4, "head0"))
	<-held
	f.enqueue(dirty("g1", 5, "head1"))
	if _, err := st.DB().ExecContext(t.Context(), "DELETE FROM river_job WHERE kind = 'pull' AND state = 'available'"); err != nil {
		t.Fatal(err)
	}
	close(hold)
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Done)
}

func testErrorTextStaysOut(t *testing.T, url string) {
	const secret = "ghs_12345_eyJhbGciOi.J9-x_y"
	h := &handler{pull: func(_ context.Context, job queue.PullJob) error {
		if job.Attempt == 1 {
			return fmt.Errorf("fetch https://x-access-token:%s@example.com: %w", secret, errTransient)
		}
		panic(secret)
	}}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Failed)
	column := "CAST(errors AS text)"
	if f.store.Dialect() == store.SQLite {
		column = "json(errors)"
	}
	var errs string
	err := f.store.Reads().QueryRowContext(t.Context(), "SELECT "+column+" FROM river_job WHERE kind = 'pull'").Scan(&errs)
	if err != nil {
		t.Fatal(err)
	}
	if want := "the log says why"; !contains(errs, want) || contains(errs, "ghs_") {
		t.Errorf("River stored %s", errs)
	}
}

func testMetrics(t *testing.T, url string) {
	registry := prometheus.NewRegistry()
	running, proceed := make(chan struct{}), make(chan struct{})
	h := &handler{pull: func(_ context.Context, job queue.PullJob) error {
		if job.Number == 6 {
			close(running)
			<-proceed
		}
		return nil
	}}
	f := start(t, openStore(t, url), h, func(c *queue.Config) { c.Registry = registry })
	f.enqueue(dirty("g1", 5, "head1"))
	f.waitOutcome("g1", store.Done)
	f.enqueue(dirty("g1", 5, "head1"), dirty("g2", 6, "head2"))
	<-running
	wait(t, "only the running job is counted", func() bool {
		return sample(t, registry, "kms_review_queue_jobs", "pulls", "running") == 1
	})
	close(proceed)
	f.waitOutcome("g2", store.Done)
	for _, want := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{2, "kms_review_job_attempts_total", []string{"pull", "done"}},
		{1, "kms_review_queue_duplicates_total", nil},
	} {
		if got := sample(t, registry, want.name, want.labels...); got != want.value {
			t.Errorf("%s%v is %v, want %v", want.name, want.labels, got, want.value)
		}
	}
}

// sample returns the value of a metric with these label values, in the order of the labels' names.
func sample(t *testing.T, registry *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			if family.GetName() == name && slices.Equal(values, labels) {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return 0
}

// TestTwoClients runs two queues on one PostgreSQL database: only one may work on a pull request at a time, and
// a push that the other one took ends the review here.
func TestTwoClients(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t, false).URL(t)
	var active [10]atomic.Int64
	var overlaps atomic.Int64
	work := func(ctx context.Context, job queue.PullJob) error {
		if active[job.Number].Add(1) > 1 {
			overlaps.Add(1)
		}
		defer active[job.Number].Add(-1)
		select {
		case <-time.After(15 * time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	a := start(t, openStore(t, url), &handler{pull: work}, nil)
	b := start(t, openStore(t, url), &handler{pull: work}, nil)
	var senders sync.WaitGroup
	for i := range 200 {
		senders.Go(func() {
			f := []*fixture{a, b}[i%2]
			event := dirty(fmt.Sprintf("g%d", i), i%10, fmt.Sprintf("head%d", i))
			if err := f.queue.Enqueue(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	for i := range 200 {
		a.waitOutcome(fmt.Sprintf("g%d", i), store.Done)
	}
	a.idle()
	if overlaps.Load() > 0 {
		t.Errorf("%d reviews ran beside another one of the same pull request", overlaps.Load())
	}
	if len(a.handler.calls()) == 0 || len(b.handler.calls()) == 0 {
		t.Errorf("one client did all the work: %d and %d", len(a.handler.calls()), len(b.handler.calls()))
	}
}

func TestSupersededByAnotherProcess(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t, false).URL(t)
	running := make(chan struct{}, 2)
	work := func(ctx context.Context, job queue.PullJob) error {
		if job.HeadSHA == "head2" {
			return nil
		}
		running <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	a := start(t, openStore(t, url), &handler{pull: work}, nil)
	idle, err := queue.New(t.Context(), queue.Config{Store: openStore(t, url), Handler: &handler{}, Classify: classify, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = idle.Stop(context.Background()) })
	a.enqueue(dirty("g1", 5, "head1"))
	<-running
	if err := idle.Enqueue(t.Context(), dirty("g2", 5, "head2")); err != nil {
		t.Fatal(err)
	}
	a.waitOutcome("g1", store.Done)
	a.waitOutcome("g2", store.Done)
	a.wantPulls(2)
}
