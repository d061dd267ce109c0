package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/kms-review/kms-review/app/store"
)

// The River queues.
const (
	pullQueue  = "pulls"
	eventQueue = "events"
	taskQueue  = "tasks"
)

const eventWorkers = 4

// nightlyInterval is how often somebody looks whether a night's comparison is due. River's leader asks, so that it is
// asked once over all replicas; that a night is due is in the database, so no restart loses it.
const nightlyInterval = 15 * time.Minute

// rescueMargin is how long after its timeout a job of a process that does not answer is taken for lost. A job that
// is deaf to its context that long would run twice.
const rescueMargin = 20 * time.Second

// Queue takes events and works on them. On SQLite a Store has at most one Queue.
type Queue struct {
	store   *store.Store
	config  Config
	log     *slog.Logger
	driver  driver
	client  *river.Client[*sql.Tx]
	metrics *metrics
	reviews *reviews

	requests   chan request
	closing    chan struct{}
	closed     sync.Once
	committers sync.WaitGroup
}

// New brings River's tables up to date and makes a queue that takes events at once and works after Start. Stop
// must be called even if Start was not.
func New(ctx context.Context, config Config) (*Queue, error) {
	config = config.withDefaults()
	q := &Queue{
		store: config.Store, config: config, log: config.Log,
		metrics:  newMetrics(config.Store),
		reviews:  &reviews{running: map[int64]*review{}},
		requests: make(chan request), closing: make(chan struct{}),
	}
	if err := q.metrics.register(config.Registry); err != nil {
		return nil, err
	}
	var err error
	if q.driver, err = newDriver(ctx, config.Store); err != nil {
		return nil, err
	}
	if err = q.migrate(ctx); err == nil {
		q.client, err = river.NewClient(q.driver.Driver, q.riverConfig())
	}
	if err != nil {
		q.closeListener()
		return nil, fmt.Errorf("set up the queue: %w", err)
	}
	committers := 1 // SQLite has one writer
	if config.Store.Dialect() == store.Postgres {
		committers = 4
	}
	for range committers {
		q.committers.Add(1)
		go q.commitLoop()
	}
	return q, nil
}

func (q *Queue) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(q.driver.Driver, &rivermigrate.Config{Logger: quiet(q.log)})
	if err != nil {
		return err
	}
	return q.store.Locked(ctx, func(ctx context.Context) error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

func (q *Queue) riverConfig() *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &pullWorker{queue: q})
	river.AddWorker(workers, &eventWorker{queue: q})
	river.AddWorker(workers, &taskWorker{queue: q})
	river.AddWorker(workers, &nightlyWorker{queue: q})
	river.AddWorker(workers, &sweepWorker{store: q.store, log: q.log})
	queue := func(workers int) river.QueueConfig {
		// River sends at most one NOTIFY in the client's cooldown (below: 1 ms) and leaves what commits
		// meanwhile to the poll, so on PostgreSQL that must be frequent. On SQLite every insert rings.
		poll := time.Second
		if q.store.Dialect() == store.Postgres {
			poll = 250 * time.Millisecond
		}
		return river.QueueConfig{MaxWorkers: workers, FetchCooldown: 5 * time.Millisecond, FetchPollInterval: poll}
	}
	return &river.Config{
		Queues: map[string]river.QueueConfig{pullQueue: queue(q.config.Workers), eventQueue: queue(eventWorkers),
			taskQueue: queue(q.config.TaskWorkers)},
		Workers:              workers,
		FetchCooldown:        time.Millisecond,
		JobTimeout:           q.config.Timeout,
		RescueStuckJobsAfter: q.config.Timeout + rescueMargin,
		// Attempts are counted here, so that giving up is a transaction of ours that tells the deliveries.
		MaxAttempts:                 1000,
		CompletedJobRetentionPeriod: time.Hour, // deliveries keep the outcome
		Logger:                      quiet(q.log),
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(time.Hour),
			func() (river.JobArgs, *river.InsertOpts) { return sweepArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(nightlyInterval),
				func() (river.JobArgs, *river.InsertOpts) { return nightlyArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true})},
	}
}

// Start begins to work on jobs. The context bounds the start alone; Stop ends the work.
func (q *Queue) Start(ctx context.Context) error {
	jobs, err := release(ctx, q.store)
	if err != nil {
		return err
	}
	if jobs > 0 {
		q.log.WarnContext(ctx, "jobs of a process that did not end cleanly run again", slog.Int64("jobs", jobs))
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	return nil
}

// stopGrace is how long interrupted jobs get to return before Stop leaves them behind.
const stopGrace = 5 * time.Second

// Stop takes no more events and begins no more jobs. Jobs that run may finish until ctx is done; then their
// contexts are cancelled and they go back to the queue. Events that were accepted stay stored.
func (q *Queue) Stop(ctx context.Context) error {
	q.closed.Do(func() { close(q.closing) })
	q.committers.Wait()
	err := q.client.Stop(ctx)
	if err != nil {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		err = q.client.StopAndCancel(grace)
	}
	q.closeListener()
	if err != nil {
		return fmt.Errorf("stop the queue: jobs did not end in time and run again after the next start: %w", err)
	}
	return nil
}

func (q *Queue) closeListener() {
	if q.driver.listener != nil {
		q.driver.listener.Close()
	}
}

// quiet passes on River's warnings and errors: what it says below them, the queue says itself with the names of
// the pull requests.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
