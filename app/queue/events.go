package queue

import (
	"context"
	"database/sql"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// eventArgs is an event that has a job of its own.
type eventArgs struct {
	Event webhook.Event `json:"event"`
}

// Kind implements river.JobArgs.
func (eventArgs) Kind() string { return "event" }

// InsertOpts implements river.JobArgsWithInsertOpts. Events have their own workers: a person who waits for 👀
// does not wait for a review.
func (eventArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: eventQueue} }

type eventWorker struct {
	river.WorkerDefaults[eventArgs]
	queue *Queue
}

// NextRetry implements river.Worker.
func (w *eventWorker) NextRetry(job *river.Job[eventArgs]) time.Time {
	return time.Now().Add(w.queue.config.Backoff(job.Attempt))
}

// Work implements river.Worker.
func (w *eventWorker) Work(ctx context.Context, job *river.Job[eventArgs]) error {
	q, event := w.queue, job.Args.Event
	waits, err := q.store.DeliveryWaits(ctx, event.Delivery, job.ID)
	if err == nil && !waits {
		return nil
	}
	a := attempt{queue: q, job: job.JobRow, labels: []any{slog.String("event", string(event.Kind)),
		slog.String("repository", event.Repo.Owner+"/"+event.Repo.Name), slog.Int("number", event.Number),
		slog.String("delivery", event.Delivery)}}
	var effect Effect
	verdict, snooze := a.run(ctx, func() error {
		if err != nil {
			return err
		}
		if event.Kind == webhook.Installation {
			effect.Tasks, err = q.installation(ctx, event)
			return err
		}
		var err error
		effect, err = q.config.Handler.HandleEvent(ctx, event, a.last())
		return err
	})
	if verdict == retried || verdict == snoozed || verdict == interrupted {
		return leave(verdict, snooze)
	}
	var raised []*acceptance
	err = q.finish(ctx, job.JobRow, func(ctx context.Context, tx *sql.Tx) (err error) {
		raised, err = q.endEvent(ctx, tx, event, effect, verdict)
		return err
	})
	if err == nil {
		for _, a := range raised {
			q.committed(a)
		}
		if len(effect.Tasks) > 0 {
			q.driver.wake(taskQueue)
		}
	}
	return err
}

// endEvent closes the books on an event and makes the pull requests dirty that it turned out to concern. If it
// is a single one, the delivery succeeds or fails with that review; a Recheck's comment waits for it too.
func (q *Queue) endEvent(ctx context.Context, tx *sql.Tx, event webhook.Event, effect Effect, v verdict) ([]*acceptance, error) {
	delivery := store.Delivery{GUID: event.Delivery, Outcome: outcomeOf(v), CommentID: event.CommentID}
	if v != succeeded {
		effect = Effect{}
	}
	dirty := slices.Compact(slices.Sorted(slices.Values(effect.Pulls)))
	var raised []*acceptance
	for _, number := range dirty {
		event.Number = number
		a := &acceptance{event: event, delivery: delivery, force: true}
		if err := q.raise(ctx, tx, a); err != nil {
			return nil, err
		}
		raised = append(raised, a)
	}
	if len(raised) == 1 {
		delivery = raised[0].delivery
		delivery.Outcome = store.Queued
	}
	if err := q.store.SetDelivery(ctx, tx, delivery); err != nil {
		return nil, err
	}
	return raised, q.raiseAll(ctx, tx, effect)
}

// installation keeps the list of what an installation covers, and forgets what it no longer covers. What it covers from
// now on is looked at.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation
func (q *Queue) installation(ctx context.Context, event webhook.Event) ([]Task, error) {
	id := event.InstallationID
	reconcile := []Task{{Kind: store.Reconcile, Subject: id, InstallationID: id}}
	switch event.Action {
	case "created":
		return reconcile, q.store.SaveInstallation(ctx, id, event.Account, repositories(event.AddedRepos))
	case "deleted":
		return nil, q.store.DeleteInstallation(ctx, id)
	case "suspend":
		return nil, q.store.Suspend(ctx, id, true)
	case "unsuspend":
		return reconcile, q.store.Suspend(ctx, id, false)
	}
	if len(event.AddedRepos) > 0 {
		if err := q.store.AddRepositories(ctx, id, repositories(event.AddedRepos)); err != nil {
			return nil, err
		}
	}
	removed := make([]int64, 0, len(event.RemovedRepos))
	for _, repo := range event.RemovedRepos {
		removed = append(removed, repo.ID)
	}
	return reconcile, q.store.RemoveRepositories(ctx, id, removed)
}

func repositories(refs []webhook.RepoRef) []store.Repository {
	list := make([]store.Repository, 0, len(refs))
	for _, ref := range refs {
		list = append(list, store.Repository{ID: ref.ID, Owner: ref.Owner, Name: ref.Name, Private: ref.Private})
	}
	return list
}
