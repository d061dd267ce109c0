package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/kms-review/kms-review/app/store"
)

// driver is River's view of the database. wake tells River, after a commit, that a queue has new jobs.
type driver struct {
	riverdriver.Driver[*sql.Tx]
	wake     func(queue string)
	listener *pgxpool.Pool // PostgreSQL only; closed when the queue stops
}

func newDriver(ctx context.Context, st *store.Store) (driver, error) {
	if st.Dialect() == store.Postgres {
		pool, err := st.ListenerPool(ctx)
		if err != nil {
			return driver{}, err
		}
		return driver{
			Driver:   riverdatabasesql.NewWithPgxListener(st.DB(), pool),
			wake:     func(string) {}, // the insert sends a NOTIFY with its commit
			listener: pool,
		}, nil
	}
	doorbell := newDoorbell(pullQueue, eventQueue, taskQueue)
	return driver{Driver: sqliteDriver{riversqlite.New(st.DB()), doorbell}, wake: doorbell.ring}, nil
}

// sqliteDriver replaces the polled outbox table by which River's driver tells of new jobs: that one is read every
// 50 ms over the only writing connection. Here all jobs come from this process, so a channel will do, and a job
// is picked up within a millisecond.
type sqliteDriver struct {
	*riversqlite.Driver
	doorbell *doorbell
}

// GetListener implements riverdriver.Driver.
func (d sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.doorbell
}

// SupportsListenNotify implements riverdriver.Driver: nothing is to be written to the outbox.
func (d sqliteDriver) SupportsListenNotify() bool { return false }

// doorbell is a riverdriver.Listener that is rung from inside the process. Rings for the same queue that were
// not heard yet are one.
type doorbell struct {
	mu    sync.Mutex
	rung  map[string]bool
	heard chan struct{} // holds one while anything in rung waits
	known []string
}

func newDoorbell(queues ...string) *doorbell {
	return &doorbell{rung: map[string]bool{}, heard: make(chan struct{}, 1), known: queues}
}

func (d *doorbell) ring(queue string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rung[queue] = true
	d.wake()
}

// wake lets a waiting WaitForNotification look. The caller holds d.mu.
func (d *doorbell) wake() {
	select {
	case d.heard <- struct{}{}:
	default:
	}
}

// insertTopic is River's, https://github.com/riverqueue/river/blob/v0.51.1/internal/notifier/notifier.go.
const insertTopic = "river_insert"

// WaitForNotification implements riverdriver.Listener.
func (d *doorbell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-d.heard:
		}
		if queue, ok := d.next(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue":%q}`, queue)}, nil
		}
	}
}

// next takes the first queue that was rung, in the order in which they matter.
func (d *doorbell) next() (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, queue := range d.known {
		if !d.rung[queue] {
			continue
		}
		delete(d.rung, queue)
		if len(d.rung) > 0 {
			d.wake()
		}
		return d.known[i], true
	}
	return "", false
}

// Close implements riverdriver.Listener; there is no connection.
func (d *doorbell) Close(context.Context) error { return nil }

// Connect implements riverdriver.Listener.
func (d *doorbell) Connect(context.Context) error { return nil }

// Listen implements riverdriver.Listener; topics that nobody rings stay silent.
func (d *doorbell) Listen(context.Context, string) error { return nil }

// Unlisten implements riverdriver.Listener.
func (d *doorbell) Unlisten(context.Context, string) error { return nil }

// Ping implements riverdriver.Listener.
func (d *doorbell) Ping(context.Context) error { return nil }

// Schema implements riverdriver.Listener.
func (d *doorbell) Schema() string { return "" }

// SetAfterConnectExec implements riverdriver.Listener.
func (d *doorbell) SetAfterConnectExec(string) {}

// liveStates are the states in which River will still run, or is running, a job.
const liveStates = "'available', 'pending', 'retryable', 'running', 'scheduled'"

// States of jobs that wait: to be tried again, and for their time.
const (
	retryable = "retryable"
	scheduled = "scheduled"
	running   = "running"
)

// jobState returns the state of a job that River still holds, or "" if it has ended or is gone. The state cannot
// change until the transaction ends.
func (q *Queue) jobState(ctx context.Context, tx *sql.Tx, id int64) (state string, err error) {
	if id == 0 {
		return "", nil
	}
	query := "SELECT state FROM river_job WHERE id = $1 AND state IN (" + liveStates + ")"
	if q.store.Dialect() == store.Postgres {
		query += " FOR UPDATE"
	}
	err = tx.QueryRowContext(ctx, query, id).Scan(&state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the state of job %d: %w", id, err)
	}
	return state, nil
}

// release gives back the jobs that a killed process left running. On SQLite nobody else can be running them:
// the store holds the file's lock. On PostgreSQL that is the work of River's rescuer.
func release(ctx context.Context, st *store.Store) (jobs int64, err error) {
	if st.Dialect() != store.SQLite {
		return 0, nil
	}
	result, err := st.DB().ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	if err != nil {
		return 0, fmt.Errorf("release the jobs of the last process: %w", err)
	}
	return result.RowsAffected()
}
