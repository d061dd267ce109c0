package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/kms-review/kms-review/app/store"
)

// verdict is what is done about the end of an attempt.
type verdict string

const (
	succeeded   verdict = "done"        // also when nothing was left to do
	failed      verdict = "failed"      // given up
	retried     verdict = "retried"     // after backoff
	snoozed     verdict = "snoozed"     // until a known time; not counted as an attempt
	superseded  verdict = "superseded"  // a newer delivery made it pointless
	interrupted verdict = "interrupted" // by Stop; it goes back to the queue, not counted as an attempt
)

// attempt is one run of a job. Its methods hold what reviews and events have in common.
type attempt struct {
	queue  *Queue
	job    *rivertype.JobRow
	labels []any // for the log
}

// errRetry is all that River stores about a failure: the text of the real error goes to the log, because nobody
// can promise that it holds nothing secret.
var errRetry = errors.New("the attempt failed; the log says why")

// run calls the handler and judges the result. ctx is River's; work's context may be a narrower one.
func (a attempt) run(ctx context.Context, work func() error) (v verdict, snooze time.Duration) {
	q, start := a.queue, time.Now()
	q.metrics.wait.WithLabelValues(a.job.Kind).Observe(start.Sub(a.job.ScheduledAt).Seconds())
	defer func() {
		q.metrics.duration.WithLabelValues(a.job.Kind).Observe(time.Since(start).Seconds())
		q.metrics.outcomes.WithLabelValues(a.job.Kind, string(v)).Inc()
	}()
	if a.job.Attempt > q.config.MaxAttempts { // River counts what a killed process began, too
		q.log.ErrorContext(ctx, "job given up: the process died during every attempt", a.labels...)
		return failed, 0
	}
	err := guard(work)
	if err == nil {
		return succeeded, 0
	}
	labels := append([]any{slog.Any("error", err), slog.Int("attempt", a.job.Attempt)}, a.labels...)
	if errors.Is(ctx.Err(), context.Canceled) {
		q.log.InfoContext(ctx, "job interrupted, it goes back to the queue", labels...)
		return interrupted, 0
	}
	if errors.Is(err, ErrSuperseded) {
		q.log.DebugContext(ctx, "review superseded", labels...)
		return superseded, 0
	}
	snooze, done := q.config.Classify(err)
	switch {
	case done:
		q.log.InfoContext(ctx, "nothing left to do", labels...)
		return succeeded, 0
	case snooze > 0:
		q.log.InfoContext(ctx, "job waits", append(labels, slog.Duration("wait", snooze))...)
		return snoozed, snooze
	case a.last():
		q.log.ErrorContext(ctx, "job given up", labels...)
		return failed, 0
	}
	q.log.WarnContext(ctx, "attempt failed, another follows", labels...)
	return retried, 0
}

func (a attempt) last() bool { return a.job.Attempt >= a.queue.config.MaxAttempts }

// guard makes a panic of the handler an error of this job alone.
func guard(work func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return work()
}

// leave is for the verdicts after which River itself keeps the job: it returns what River must be told.
func leave(v verdict, snooze time.Duration) error {
	switch v {
	case snoozed:
		return river.JobSnooze(max(snooze, time.Second))
	case interrupted:
		return context.Canceled
	case retried, succeeded, failed, superseded:
	}
	return errRetry
}

// finishTimeout bounds the transaction that ends a job. It runs even if the process is being stopped: work that
// is done must not be done again.
const finishTimeout = 15 * time.Second

// finish runs the transaction that ends a job's effect: its row gets the next job or none, its deliveries their
// outcome. River marks the job itself complete right after, many at a time. If the process dies in between, the
// job runs again, sees that its row or delivery no longer waits for it, and ends. (River's JobCompleteTx would
// put that into the same transaction, but its completer then repeats the work for each job: a third of all time
// that SQLite's writer is busy.)
func (q *Queue) finish(ctx context.Context, job *rivertype.JobRow, fn func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	if err := q.store.InTx(ctx, func(tx *sql.Tx) error { return fn(ctx, tx) }); err != nil {
		q.log.ErrorContext(ctx, "job done but not recorded, it will run again",
			slog.Any("error", err), slog.Int64("job", job.ID), slog.String("kind", job.Kind))
		return errRetry
	}
	return nil
}

func outcomeOf(v verdict) store.Outcome {
	if v == failed {
		return store.Failed
	}
	return store.Done
}

// sweepWorker keeps the database bounded.
type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]
	store *store.Store
	log   *slog.Logger
}

type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "sweep" }

// InsertOpts implements river.JobArgsWithInsertOpts. The next sweep is an hour away, so there is no retry.
func (sweepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: eventQueue, MaxAttempts: 1}
}

// Work implements river.Worker.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	if err := w.store.Sweep(ctx); err != nil {
		w.log.WarnContext(ctx, "sweep failed", slog.Any("error", err))
		return errRetry
	}
	return nil
}
