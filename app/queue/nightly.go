package queue

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/kms-review/kms-review/app/store"
)

// nightlyWorker asks for the comparison of each installation that has had none since the last night began.
type nightlyWorker struct {
	river.WorkerDefaults[nightlyArgs]
	queue *Queue
}

type nightlyArgs struct{}

// Kind implements river.JobArgs.
func (nightlyArgs) Kind() string { return "nightly" }

// InsertOpts implements river.JobArgsWithInsertOpts. The next look is minutes away, so there is no retry.
func (nightlyArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: eventQueue, MaxAttempts: 1}
}

// Work implements river.Worker.
func (w *nightlyWorker) Work(ctx context.Context, _ *river.Job[nightlyArgs]) error {
	if err := w.ask(ctx); err != nil {
		w.queue.log.WarnContext(ctx, "nightly comparison not asked for", slog.Any("error", err))
		return errRetry
	}
	return nil
}

// ask asks for what is due and not asked for yet, and for a look at which installations there are: it costs next to
// nothing, and the data of an account that has removed the App must not wait for a night.
func (w *nightlyWorker) ask(ctx context.Context) error {
	installations, err := w.queue.store.Installations(ctx)
	if err != nil {
		return err
	}
	tasks := []Task{{Kind: store.Installations}}
	for _, task := range due(installations, time.Now()) {
		waiting, err := w.queue.store.Pending(ctx, task.InstallationID, task.Kind)
		if err != nil {
			return err
		}
		if waiting == 0 {
			tasks = append(tasks, task)
		}
	}
	return w.queue.raiseTasks(ctx, tasks)
}

const (
	nightHour   = 2  // UTC at which the first are compared
	nightSpread = 48 // of these installations each begins five minutes after the one before
)

// due lists the comparisons that are to be asked for. A night that began while nobody was running is made up for.
func due(installations []store.Installation, now time.Time) []Task {
	var tasks []Task
	for _, i := range installations {
		minutes := time.Duration(i.ID%nightSpread) * 5 * time.Minute
		night := now.UTC().Truncate(24 * time.Hour).Add(nightHour*time.Hour + minutes)
		if night.After(now) {
			night = night.Add(-24 * time.Hour)
		}
		if !i.Suspended && i.Reconciled.Before(night) {
			tasks = append(tasks, Task{Kind: store.Reconcile, Subject: i.ID, InstallationID: i.ID})
		}
	}
	return tasks
}
