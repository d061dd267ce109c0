package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

const (
	maxBatch      = 64
	commitTimeout = 8 * time.Second // GitHub gives up after 10 s, and then its delivery counts as failed
)

// errStopped is what Enqueue says after Stop.
var errStopped = errors.New("the queue has stopped")

// Enqueue stores what an event asks for. When it returns nil, that is committed and will be done. The same
// delivery again is accepted without effect while the first is queued or after it succeeded.
//
// Events that arrive together are committed together: the wait for the disk is the slow part of a commit.
func (q *Queue) Enqueue(ctx context.Context, event webhook.Event) error {
	if event.Delivery == "" {
		return errors.New("enqueue an event without a delivery GUID")
	}
	r := request{event: event, result: make(chan error, 1)}
	select {
	case q.requests <- r:
	case <-ctx.Done():
		return fmt.Errorf("enqueue delivery %s: %w", event.Delivery, ctx.Err())
	case <-q.closing:
		return errStopped
	}
	select {
	case err := <-r.result:
		return err
	case <-ctx.Done(): // it may still be committed; a redelivery is recognised then
		return fmt.Errorf("enqueue delivery %s: %w", event.Delivery, ctx.Err())
	}
}

type request struct {
	event  webhook.Event
	result chan error // buffered: who asked may have left
}

// commitLoop takes what has arrived during the last commit as the next batch.
func (q *Queue) commitLoop() {
	defer q.committers.Done()
	for {
		var batch []request
		select {
		case r := <-q.requests:
			batch = append(batch, r)
		case <-q.closing:
			return
		}
	collect:
		for len(batch) < maxBatch {
			select {
			case r := <-q.requests:
				batch = append(batch, r)
			default:
				break collect
			}
		}
		q.answer(batch)
	}
}

// answer commits a batch; if that fails, each of its events alone, so that one bad event fails only itself.
func (q *Queue) answer(batch []request) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	err := q.commit(ctx, batch)
	if err != nil && len(batch) > 1 {
		for _, r := range batch {
			r.result <- q.commit(ctx, []request{r})
		}
		return
	}
	for _, r := range batch {
		r.result <- err
	}
}

// commit stores a batch in one transaction. Deliveries first and by GUID, then pull requests by number: two
// replicas that take locks in the same order cannot wait for each other in a ring.
func (q *Queue) commit(ctx context.Context, batch []request) error {
	accepted := make([]*acceptance, 0, len(batch))
	for _, r := range batch {
		accepted = append(accepted, &acceptance{event: r.event})
	}
	err := q.store.InTx(ctx, func(tx *sql.Tx) error {
		slices.SortStableFunc(accepted, func(a, b *acceptance) int { return strings.Compare(a.event.Delivery, b.event.Delivery) })
		for _, a := range accepted {
			if err := q.record(ctx, tx, a); err != nil {
				return err
			}
		}
		slices.SortStableFunc(accepted, func(a, b *acceptance) int {
			return cmp.Or(cmp.Compare(a.event.Repo.ID, b.event.Repo.ID), cmp.Compare(a.event.Number, b.event.Number))
		})
		for _, a := range accepted {
			if err := q.apply(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range accepted {
		q.committed(a)
	}
	return nil
}

// acceptance is what becomes of an event inside the transaction.
type acceptance struct {
	event     webhook.Event
	delivery  store.Delivery
	duplicate bool
	force     bool
	raised    store.Pull // zero where no pull request is concerned
	wake      string     // the River queue that got a job
}

// record decides by GUID and outcome whether a delivery is new work.
func (q *Queue) record(ctx context.Context, tx *sql.Tx, a *acceptance) error {
	delivery := store.Delivery{GUID: a.event.Delivery, Kind: string(a.event.Kind), CommentID: a.event.CommentID}
	known, fresh, err := q.store.NewDelivery(ctx, tx, delivery)
	if err != nil {
		return err
	}
	a.delivery = delivery
	a.force = a.event.Kind == webhook.Rerequested
	if fresh {
		return nil
	}
	a.force = true // somebody pressed Redeliver
	switch known.Outcome {
	case store.Done:
		a.duplicate = true
	case store.Queued:
		a.duplicate, err = q.alive(ctx, tx, known)
	case store.Failed:
	}
	return err
}

// alive tells whether a queued delivery still has a job that will finish it. One whose job somebody deleted
// must not block its own redelivery for ever.
func (q *Queue) alive(ctx context.Context, tx *sql.Tx, d store.Delivery) (bool, error) {
	job := d.JobID
	if d.Generation > 0 {
		var err error
		if job, err = q.store.PullJobID(ctx, tx, d.RepoID, d.Number); err != nil {
			return false, err
		}
	}
	state, err := q.jobState(ctx, tx, job)
	return state != "" || d.Generation == 0 && d.JobID == 0, err // no job yet: it is an earlier one of this batch
}

// apply gives a new delivery its effect: a dirty pull request, or a job of its own.
func (q *Queue) apply(ctx context.Context, tx *sql.Tx, a *acceptance) (err error) {
	if a.duplicate {
		return nil
	}
	a.delivery.Outcome = store.Queued
	switch kind := a.event.Kind; {
	case kind == webhook.PullDirty, kind == webhook.Rerequested && a.event.Number > 0:
		err = q.raise(ctx, tx, a)
	case kind == webhook.PullClosed:
		err = q.close(ctx, tx, a)
	default:
		a.wake = eventQueue
		a.delivery.JobID, err = q.insert(ctx, tx, eventArgs{Event: a.event}, nil)
	}
	if err != nil {
		return err
	}
	return q.store.SetDelivery(ctx, tx, a.delivery)
}

// raise makes the event's pull request dirty and gives it a job unless it has a live one.
func (q *Queue) raise(ctx context.Context, tx *sql.Tx, a *acceptance) error {
	pull := store.Pull{
		RepoID: a.event.Repo.ID, Number: a.event.Number, InstallationID: a.event.InstallationID,
		Owner: a.event.Repo.Owner, Name: a.event.Repo.Name,
		DefaultBranch: a.event.Repo.DefaultBranch, Private: a.event.Repo.Private,
		Closed: a.event.Kind == webhook.PullClosed,
	}
	if a.event.Kind == webhook.PullDirty { // others name the head of something older, or none
		pull.BaseSHA, pull.HeadSHA = a.event.BaseSHA, a.event.HeadSHA
	}
	raised, err := q.store.RaisePull(ctx, tx, pull, a.force)
	if err != nil {
		return err
	}
	a.raised = raised
	a.delivery.RepoID, a.delivery.Number, a.delivery.Generation = raised.RepoID, raised.Number, raised.Generation
	state, err := q.jobState(ctx, tx, raised.JobID)
	if err != nil {
		return err
	}
	// One that waits for its retry is replaced: its backoff and its attempts were for what failed, and this is
	// news. So is one that nobody waited for: it may be behind thousands, or wait for the next hour's budget. When
	// it wakes up, it finds that the row is no longer its own, and ends.
	behind := raised.Quiet && raised.Generation == 2 && state != running
	if state != "" && state != retryable && !behind {
		return nil
	}
	a.wake = pullQueue
	return q.startPull(ctx, tx, raised.RepoID, raised.Number)
}

// close makes a running or waiting review look again: it is probably pointless, but deliveries come in any
// order, and the pull request may have been reopened since. Else the event gets a job that looks for pull requests
// with the same head, and thus the same check run: their verdict must not stay as bad as the closed one's.
func (q *Queue) close(ctx context.Context, tx *sql.Tx, a *acceptance) error {
	pull, found, err := q.store.LockPull(ctx, tx, a.event.Repo.ID, a.event.Number)
	if err != nil || !found {
		a.delivery.Outcome = store.Done
		return err
	}
	state, err := q.jobState(ctx, tx, pull.JobID)
	if err != nil {
		return err
	}
	if state != "" {
		return q.raise(ctx, tx, a)
	}
	if err := q.store.ClosePull(ctx, tx, pull.RepoID, pull.Number); err != nil {
		return err
	}
	a.wake = eventQueue
	a.delivery.JobID, err = q.insert(ctx, tx, eventArgs{Event: a.event}, nil)
	return err
}

// startPull inserts a job for a pull request and makes it the row's only one.
func (q *Queue) startPull(ctx context.Context, tx *sql.Tx, repoID int64, number int) error {
	id, err := q.insert(ctx, tx, pullArgs{RepoID: repoID, Number: number}, nil)
	if err != nil {
		return err
	}
	return q.store.SetPullJob(ctx, tx, repoID, number, id)
}

func (q *Queue) insert(ctx context.Context, tx *sql.Tx, args river.JobArgs, opts *river.InsertOpts) (id int64, err error) {
	inserted, err := q.client.InsertTx(ctx, tx, args, opts)
	if err != nil {
		return 0, fmt.Errorf("insert a %s job: %w", args.Kind(), err)
	}
	return inserted.Job.ID, nil
}

// committed tells this process about what is in the database now.
func (q *Queue) committed(a *acceptance) {
	if a.duplicate {
		q.metrics.duplicates.Inc()
		return
	}
	if a.raised.Generation > 0 {
		q.reviews.observe(a.raised)
	}
	if a.wake != "" {
		q.driver.wake(a.wake)
	}
}
