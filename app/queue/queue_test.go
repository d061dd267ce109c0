package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
	"github.com/kms-review/kms-review/webhook"
)

// handler records what it is called with; what it does is up to the test.
type handler struct {
	pull  func(ctx context.Context, job queue.PullJob) error
	event func(ctx context.Context, event webhook.Event) ([]int, error)
	task  func(ctx context.Context, job queue.TaskJob) (queue.Effect, error)

	mu     sync.Mutex
	pulls  []queue.PullJob
	events []webhook.Event
	tasks  []queue.TaskJob
}

func (h *handler) HandlePull(ctx context.Context, job queue.PullJob) error {
	h.mu.Lock()
	h.pulls = append(h.pulls, job)
	h.mu.Unlock()
	if h.pull == nil {
		return nil
	}
	return h.pull(ctx, job)
}

func (h *handler) HandleEvent(ctx context.Context, event webhook.Event, _ bool) (queue.Effect, error) {
	h.mu.Lock()
	h.events = append(h.events, event)
	h.mu.Unlock()
	if h.event == nil {
		return queue.Effect{}, nil
	}
	dirty, err := h.event(ctx, event)
	return queue.Effect{Pulls: dirty}, err
}

func (h *handler) HandleTask(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	if job.Kind == store.Installations { // asked for at each start
		return queue.Effect{}, nil
	}
	h.mu.Lock()
	h.tasks = append(h.tasks, job)
	h.mu.Unlock()
	if h.task == nil {
		return queue.Effect{}, nil
	}
	return h.task(ctx, job)
}

func (h *handler) calls() []queue.PullJob {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]queue.PullJob(nil), h.pulls...)
}

var (
	errGone      = errors.New("gone")
	errTransient = errors.New("transient")
	errLimited   = errors.New("limited")
)

func classify(err error) (time.Duration, bool) {
	if errors.Is(err, errLimited) {
		return time.Second, false
	}
	return 0, errors.Is(err, errGone)
}

type fixture struct {
	t       *testing.T
	store   *store.Store
	queue   *queue.Queue
	handler *handler
}

func openStore(t *testing.T, url string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// start runs a queue on st until the test ends. Retries come quickly, and there are three attempts.
func start(t *testing.T, st *store.Store, h *handler, change func(*queue.Config)) *fixture {
	t.Helper()
	config := queue.Config{
		Store: st, Handler: h, Classify: classify, Log: testLog(t), Registry: prometheus.NewRegistry(),
		MaxAttempts: 3, Backoff: func(int) time.Duration { return 10 * time.Millisecond },
	}
	if change != nil {
		change(&config)
	}
	q, err := queue.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &fixture{t: t, store: st, queue: q, handler: h}
}

func testLog(t *testing.T) *slog.Logger {
	t.Helper()
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(logWriter{t}, nil))
}

type logWriter struct{ t *testing.T }

func (w logWriter) Write(line []byte) (int, error) {
	if w.t.Context().Err() == nil { // a test that has ended must not be written to
		_, _ = w.t.Output().Write(line)
	}
	return len(line), nil
}

func dirty(guid string, number int, head string) webhook.Event {
	return webhook.Event{
		Delivery: guid, Kind: webhook.PullDirty, Action: "synchronize", InstallationID: 7,
		Repo:   webhook.RepoRef{ID: 42, Owner: "acme", Name: "infra", DefaultBranch: "main"},
		Number: number, BaseSHA: "base", HeadSHA: head,
	}
}

func of(kind webhook.Kind, guid string, number int) webhook.Event {
	event := dirty(guid, number, "")
	event.Kind, event.BaseSHA = kind, ""
	return event
}

func (f *fixture) enqueue(events ...webhook.Event) {
	f.t.Helper()
	for _, event := range events {
		if err := f.queue.Enqueue(f.t.Context(), event); err != nil {
			f.t.Fatalf("Enqueue(%s): %v", event.Delivery, err)
		}
	}
}

// wait waits until the condition holds, and fails the test if that takes unreasonably long.
func wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (f *fixture) waitOutcome(guid string, want store.Outcome) {
	f.t.Helper()
	var last store.Outcome
	wait(f.t, fmt.Sprintf("delivery %s is %s", guid, want), func() bool {
		outcome, found, err := f.store.DeliveryOutcome(f.t.Context(), guid)
		if err != nil {
			f.t.Fatal(err)
		}
		last = outcome
		return found && last == want
	})
}

// idle waits until no job is left, so that a test can say what did not happen.
func (f *fixture) idle() {
	f.t.Helper()
	wait(f.t, "the queue is empty", func() bool {
		var jobs int
		err := f.store.Reads().QueryRowContext(f.t.Context(), `SELECT count(*) FROM river_job
			WHERE kind NOT IN ('sweep', 'nightly') AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`).Scan(&jobs)
		if err != nil {
			f.t.Fatal(err)
		}
		return jobs == 0
	})
}

func (f *fixture) wantPulls(want int) []queue.PullJob {
	f.t.Helper()
	calls := f.handler.calls()
	if len(calls) != want {
		f.t.Fatalf("HandlePull ran %d times, want %d: %+v", len(calls), want, calls)
	}
	return calls
}

func TestConformance(t *testing.T) {
	t.Parallel()
	suite := map[string]func(t *testing.T, url string){
		"review":                          testReview,
		"dirty while running":             testDirtyWhileRunning,
		"newer head ends the review":      testNewerHead,
		"same head does not end a review": testSameHead,
		"closed":                          testClosed,
		"duplicate GUID":                  testDuplicate,
		"failed then redelivered":         testFailedThenRedelivered,
		"gone is done":                    testGone,
		"limited is snoozed":              testLimited,
		"panic is an error of one job":    testPanic,
		"news brings a retry forward":     testRetryForward,
		"coalesce":                        testCoalesce,
		"tasks":                           testTasks,
		"a task that may wait":            testTaskLater,
		"a task that was removed":         testRemovedTask,
		"recheck":                         testRecheck,
		"rerequested":                     testRerequested,
		"installation":                    testInstallation,
		"stop lets a job finish":          testStopFinishes,
		"stop gives a job back":           testStopGivesBack,
		"a deleted job does not block":    testDeletedJob,
		"no secret in the database":       testErrorTextStaysOut,
		"killed":                          testKilled,
		"metrics":                         testMetrics,
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
