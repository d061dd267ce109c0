package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// pullArgs names a dirty pull request; everything else is in its row, which is newer.
type pullArgs struct {
	RepoID int64 `json:"repo_id"`
	Number int   `json:"number"`
}

// Kind implements river.JobArgs.
func (pullArgs) Kind() string { return "pull" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (pullArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: pullQueue} }

type pullWorker struct {
	river.WorkerDefaults[pullArgs]
	queue *Queue
}

// NextRetry implements river.Worker.
func (w *pullWorker) NextRetry(job *river.Job[pullArgs]) time.Time {
	return time.Now().Add(w.queue.config.Backoff(job.Attempt))
}

// Work implements river.Worker.
func (w *pullWorker) Work(ctx context.Context, job *river.Job[pullArgs]) error {
	q, args := w.queue, job.Args
	narrow, end := q.reviews.begin(ctx, job.ID, args.RepoID, args.Number)
	defer end()
	pull, found, err := q.store.Pull(ctx, args.RepoID, args.Number)
	if err == nil && (!found || pull.JobID != job.ID) {
		return nil // its work is done, its repository was removed, or River took it for lost and another is at work
	}
	a := attempt{queue: q, job: job.JobRow, labels: []any{
		slog.String("repository", pull.Owner+"/"+pull.Name), slog.Int("number", args.Number), slog.Int64("job", job.ID)}}
	verdict, snooze := a.run(ctx, func() error {
		if err != nil {
			return err
		}
		return q.review(narrow, a, pull)
	})
	if verdict == retried || verdict == snoozed || verdict == interrupted {
		return leave(verdict, snooze)
	}
	again := false
	err = q.finish(ctx, job.JobRow, func(ctx context.Context, tx *sql.Tx) (err error) {
		again, err = q.endPull(ctx, tx, job.ID, pull, verdict)
		return err
	})
	if err == nil && again {
		q.driver.wake(pullQueue)
	}
	return err
}

// review calls the handler, and watches for news from other processes meanwhile.
func (q *Queue) review(ctx context.Context, a attempt, pull store.Pull) error {
	comments, err := q.store.PullComments(ctx, pull.RepoID, pull.Number, pull.Generation)
	if err != nil {
		return err
	}
	q.reviews.read(a.job.ID, pull)
	if q.store.Dialect() == store.Postgres {
		watching, stop := context.WithCancel(ctx)
		defer stop()
		go q.watch(watching, pull.RepoID, pull.Number)
	}
	err = q.config.Handler.HandlePull(ctx, PullJob{
		InstallationID: pull.InstallationID,
		Repo: webhook.RepoRef{ID: pull.RepoID, Owner: pull.Owner, Name: pull.Name,
			DefaultBranch: pull.DefaultBranch, Private: pull.Private},
		Number: pull.Number, BaseSHA: pull.BaseSHA, HeadSHA: pull.HeadSHA,
		Unsure: pull.Generation > pull.Finished+1 || pull.Forced > pull.Finished,
		Force:  pull.Forced > pull.Finished, Comments: comments, Quiet: pull.Quiet, Waits: pull.Unawaited(),
		Attempt: a.job.Attempt, Last: a.last(),
	})
	if err != nil && Superseded(ctx) {
		return fmt.Errorf("%w: %w", ErrSuperseded, err)
	}
	return err
}

// watchInterval is how soon a review ends when another process took the delivery that makes it pointless.
const watchInterval = time.Second

func (q *Queue) watch(ctx context.Context, repoID int64, number int) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// An error is not told: the review itself fails if the database is gone.
		if row, found, err := q.store.Pull(ctx, repoID, number); err == nil && found {
			q.reviews.observe(row)
		}
	}
}

// endPull closes the books on a review that began with the given row, and starts the next one (again) if the
// pull request got dirty meanwhile.
func (q *Queue) endPull(ctx context.Context, tx *sql.Tx, job int64, began store.Pull, v verdict) (again bool, err error) {
	row, found, err := q.store.LockPull(ctx, tx, began.RepoID, began.Number)
	if err != nil || !found || row.JobID != job {
		return false, err
	}
	if v != superseded { // else what the older deliveries asked for passes to the next job
		if err := q.store.FinishPull(ctx, tx, row.RepoID, row.Number, began.Generation, outcomeOf(v)); err != nil {
			return false, err
		}
	}
	if row.Generation > began.Generation || v == superseded {
		return true, q.startPull(ctx, tx, row.RepoID, row.Number)
	}
	return false, q.store.SetPullJob(ctx, tx, row.RepoID, row.Number, 0)
}
