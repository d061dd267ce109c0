// Package queue owns the work that deliveries ask for: it stores them before they are answered, sees that each
// pull request is reviewed by one worker at a time and that no push is ever lost, and retries what failed. It is
// the only package that knows River.
//
// River's unique jobs cannot say "once more, if it got dirty while running", so uniqueness is ours: every
// delivery raises the generation of its pull request's row, and a row has at most one live job. A job that ends
// and finds the generation moved inserts the next one in the transaction that completes it. A newer head ends
// the running job at once (see Superseded); what the older delivery asked for passes to the next job.
//
// A delivery is known by GUID and outcome. The same GUID again does nothing while the first is queued or after
// it succeeded, and runs again after it failed.
package queue

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// Handler does the work. All methods may be called any number of times for the same thing, also after having
// succeeded (a process can die between the last effect and the commit), so they reconcile rather than append.
// A returned error is classified by Config.Classify. A context that is done must end the call soon.
type Handler interface {
	// HandlePull reviews a pull request as it is now. The job's SHAs are hints. Only one call at a time runs for
	// a pull request, over all processes. When its context is done because of Superseded, it returns whatever
	// error it has: another call follows.
	HandlePull(ctx context.Context, job PullJob) error

	// HandleEvent does everything that is not the review of one known pull request: Recheck (check the sender's
	// permission, react), Rerequested with Number 0, MergeGroup, Push, PullClosed (others may share the head), and
	// what happens to repositories and to the summary issue. For a Recheck of a single pull request, the comment comes
	// back in PullJob.Comments. Last tells that no further attempt follows a failure of this one: say so where somebody
	// waits.
	HandleEvent(ctx context.Context, event webhook.Event, last bool) (Effect, error)

	// HandleTask does a task as things are now. Only one call at a time runs for a task, over all processes.
	HandleTask(ctx context.Context, job TaskJob) (Effect, error)
}

// Effect is what turned out to be dirty. It is marked so in the transaction that completes the job.
type Effect struct {
	Pulls []int        // of the event's repository, to be reviewed even if their head was before
	Open  []store.Pull // that were open before the App came: their first review makes no comments; known ones are left alone
	Tasks []Task
	Again time.Duration // if the task got dirty meanwhile, it is not done again sooner, unless somebody forces it
}

// Task asks for a task.
type Task struct {
	Kind           store.TaskKind
	Subject        int64
	InstallationID int64
	Force          bool          // even if nothing seems to have changed
	After          time.Duration // not sooner, unless somebody else asks for it
}

// TaskJob says which task must be done.
type TaskJob struct {
	Kind           store.TaskKind
	Subject        int64 // of Scan a repository's id, of Reconcile and Summary the installation's
	InstallationID int64
	Force          bool
	First          bool // it has never been done to its end
	Last           bool // no further attempt follows a failure of this one
}

// PullJob says which pull request must be reviewed.
type PullJob struct {
	InstallationID int64
	Repo           webhook.RepoRef
	Number         int
	BaseSHA        string  // of the newest delivery that named one, or ""
	HeadSHA        string  // likewise
	Unsure         bool    // the SHAs may be an older push's: several deliveries wait, in an order that GitHub does not promise
	Force          bool    // somebody asked for it (recheck, re-run, redelivery): review a head that has a result
	Comments       []int64 // /kms-recheck comments that wait for their 🚀 or 😕
	Attempt        int     // from 1
	Last           bool    // no further attempt follows a failure of this one: say so where the user sees it
	Quiet          bool    // it was open before the App came: a check run and no comments
	Waits          bool    // nothing has happened to it since, so that nobody waits for the review
}

// Config is what a Queue needs.
type Config struct {
	Store   *store.Store
	Handler Handler

	// Classify tells what to do about a handler's error: done means that nothing is left to do (the pull
	// request is closed, the App uninstalled); a positive snooze means to try again after that time, without
	// counting an attempt (a rate limit); otherwise the job is retried with backoff, MaxAttempts times in all.
	Classify func(error) (snooze time.Duration, done bool)

	Log      *slog.Logger
	Registry prometheus.Registerer

	Workers     int                             // reviews at a time in this process, mostly waiting for GitHub; 0: 16
	TaskWorkers int                             // tasks at a time, behind which nobody waits; 0: 4
	Timeout     time.Duration                   // of one attempt; 0: 5 minutes
	MaxAttempts int                             // 0: 5
	Backoff     func(attempt int) time.Duration // before the next attempt; nil: 2 s, 15 s, 1 min, 5 min
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 16
	}
	if c.TaskWorkers == 0 {
		c.TaskWorkers = 4
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Minute
	}
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 5
	}
	if c.Backoff == nil {
		c.Backoff = backoff
	}
	return c
}

// backoff is short at first: right after a webhook GitHub sometimes answers 404 for what it has just announced.
func backoff(attempt int) time.Duration {
	steps := []time.Duration{2 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}
	return steps[min(attempt, len(steps))-1]
}

// ErrSuperseded is the cause of a review's context being done because a newer delivery made it pointless.
var ErrSuperseded = errors.New("a newer delivery made this review pointless")

// Superseded tells whether the review that runs with this context has become pointless: the pull request got a
// newer head, or was closed. The context is done then, so a call to GitHub ends by itself; a pipeline asks this
// to tell the reason.
func Superseded(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrSuperseded) }
