package queue

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/kms-review/kms-review/app/store"
)

// taskArgs names a dirty task; everything else is in its row.
type taskArgs struct {
	Task    store.TaskKind `json:"task"`
	Subject int64          `json:"subject"`
}

// Kind implements river.JobArgs.
func (taskArgs) Kind() string { return "task" }

// InsertOpts implements river.JobArgsWithInsertOpts. Tasks have their own workers, so no pull request waits for one, and
// a person who has just installed the App sees the summary before the thousandth repository is scanned.
func (a taskArgs) InsertOpts() river.InsertOpts {
	priority := map[store.TaskKind]int{store.Installations: 1, store.Reconcile: 1, store.Summary: 2, store.Scan: 3}
	return river.InsertOpts{Queue: taskQueue, Priority: priority[a.Task]}
}

type taskWorker struct {
	river.WorkerDefaults[taskArgs]
	queue *Queue
}

// NextRetry implements river.Worker.
func (w *taskWorker) NextRetry(job *river.Job[taskArgs]) time.Time {
	return time.Now().Add(w.queue.config.Backoff(job.Attempt))
}

// Work implements river.Worker.
func (w *taskWorker) Work(ctx context.Context, job *river.Job[taskArgs]) error {
	q, args := w.queue, job.Args
	task, found, err := q.store.Task(ctx, args.Task, args.Subject)
	if err == nil && (!found || task.JobID != job.ID) {
		return nil // as with pull requests: done, removed, or another job is at work
	}
	a := attempt{queue: q, job: job.JobRow, labels: []any{slog.String("task", string(args.Task)),
		slog.Int64("subject", args.Subject), slog.Int64("installation", task.InstallationID), slog.Int64("job", job.ID)}}
	var effect Effect
	verdict, snooze := a.run(ctx, func() error {
		if err != nil {
			return err
		}
		effect, err = q.config.Handler.HandleTask(ctx, TaskJob{Kind: task.Kind, Subject: task.Subject,
			InstallationID: task.InstallationID, Force: task.Forced > task.Finished, First: task.Finished == 0, Last: a.last()})
		return err
	})
	if verdict == retried || verdict == snoozed || verdict == interrupted {
		return leave(verdict, snooze)
	}
	err = q.finish(ctx, job.JobRow, func(ctx context.Context, tx *sql.Tx) error { return q.endTask(ctx, tx, job.ID, task, effect) })
	if err == nil {
		q.driver.wake(taskQueue)
		if len(effect.Open) > 0 {
			q.driver.wake(pullQueue)
		}
	}
	return err
}

// endTask closes the books on a task that began with the given row, and starts it again if it got dirty meanwhile.
func (q *Queue) endTask(ctx context.Context, tx *sql.Tx, job int64, began store.Task, effect Effect) error {
	row, found, err := q.store.LockTask(ctx, tx, began.Kind, began.Subject)
	if err != nil || !found || row.JobID != job {
		return err
	}
	if err := q.store.FinishTask(ctx, tx, row.Kind, row.Subject, began.Generation); err != nil {
		return err
	}
	if row.Generation > began.Generation {
		again := Task{Kind: row.Kind, Subject: row.Subject, After: effect.Again}
		if row.Forced > began.Generation {
			again.After = 0
		}
		err = q.startTask(ctx, tx, again)
	} else {
		err = q.store.SetTaskJob(ctx, tx, row.Kind, row.Subject, 0)
	}
	if err != nil {
		return err
	}
	return q.raiseAll(ctx, tx, effect)
}

// raiseAll makes dirty what a job's effect names, in one order for all processes.
func (q *Queue) raiseAll(ctx context.Context, tx *sql.Tx, effect Effect) error {
	for _, pull := range effect.Open {
		if err := q.raiseOpen(ctx, tx, pull); err != nil {
			return err
		}
	}
	order := map[store.TaskKind]int{store.Installations: 0, store.Reconcile: 1, store.Scan: 2, store.Summary: 3}
	tasks := slices.SortedStableFunc(slices.Values(effect.Tasks), func(a, b Task) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Subject, b.Subject))
	})
	for _, task := range tasks {
		if err := q.raiseTask(ctx, tx, task); err != nil {
			return err
		}
	}
	return nil
}

// raiseOpen gives a pull request that nobody has reviewed yet its first review, behind those that somebody waits for.
func (q *Queue) raiseOpen(ctx context.Context, tx *sql.Tx, pull store.Pull) error {
	_, known, err := q.store.LockPull(ctx, tx, pull.RepoID, pull.Number)
	if err != nil || known {
		return err
	}
	pull.Quiet = true
	if _, err := q.store.RaisePull(ctx, tx, pull, false); err != nil {
		return err
	}
	id, err := q.insert(ctx, tx, pullArgs{RepoID: pull.RepoID, Number: pull.Number}, &river.InsertOpts{Priority: lowest})
	if err != nil {
		return err
	}
	return q.store.SetPullJob(ctx, tx, pull.RepoID, pull.Number, id)
}

// lowest is River's lowest priority.
const lowest = 4

// raiseTask makes a task dirty and gives it a job unless it has a live one. One that waits for a later moment is
// replaced where somebody wants it now.
func (q *Queue) raiseTask(ctx context.Context, tx *sql.Tx, task Task) error {
	raised, err := q.store.RaiseTask(ctx, tx, task.Kind, task.Subject, task.InstallationID, task.Force)
	if err != nil {
		return err
	}
	state, err := q.jobState(ctx, tx, raised.JobID)
	if err != nil {
		return err
	}
	waits := state == retryable || state == scheduled && task.After == 0
	if state != "" && !waits {
		return nil
	}
	return q.startTask(ctx, tx, task)
}

func (q *Queue) startTask(ctx context.Context, tx *sql.Tx, task Task) error {
	var opts *river.InsertOpts
	if task.After > 0 {
		opts = &river.InsertOpts{ScheduledAt: time.Now().Add(task.After)}
	}
	id, err := q.insert(ctx, tx, taskArgs{Task: task.Kind, Subject: task.Subject}, opts)
	if err != nil {
		return err
	}
	return q.store.SetTaskJob(ctx, tx, task.Kind, task.Subject, id)
}

// raiseTasks asks for tasks from outside of any job's end.
func (q *Queue) raiseTasks(ctx context.Context, tasks []Task) error {
	err := q.store.InTx(ctx, func(tx *sql.Tx) error { return q.raiseAll(ctx, tx, Effect{Tasks: tasks}) })
	if err == nil && len(tasks) > 0 {
		q.driver.wake(taskQueue)
	}
	return err
}
