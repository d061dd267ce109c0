package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// TaskKind is what is to be done about a subject.
type TaskKind string

// The kinds of tasks.
const (
	Scan      TaskKind = "scan"      // the default branch of a repository is to be looked at
	Reconcile TaskKind = "reconcile" // what an installation covers is to be compared with what is known
	Summary   TaskKind = "summary"   // the summary issue of an installation may say something that is no longer so

	Installations TaskKind = "installations" // the accounts on which the App is installed are to be compared with those that are known
)

// Task is work that is not a pull request. Its books are kept as a Pull's are: it is dirty while Generation > Finished.
type Task struct {
	Kind           TaskKind
	Subject        int64 // a repository's id, or an installation's; 0 for Installations
	InstallationID int64
	Generation     int64
	Finished       int64
	Forced         int64
	JobID          int64
}

const taskColumns = "kind, subject, installation_id, generation, finished, forced, job_id"

func scanTask(row *sql.Row) (Task, error) {
	var t Task
	err := row.Scan(&t.Kind, &t.Subject, &t.InstallationID, &t.Generation, &t.Finished, &t.Forced, &t.JobID)
	return t, err
}

// RaiseTask marks a task dirty and returns its row, locked until the transaction ends. With force it is to be done even
// if nothing seems to have changed.
func (s *Store) RaiseTask(ctx context.Context, tx *sql.Tx, kind TaskKind, subject, installationID int64, force bool) (Task, error) {
	forced := 0
	if force {
		forced = 1
	}
	raised, err := scanTask(tx.QueryRowContext(ctx, `INSERT INTO tasks AS t
		(kind, subject, installation_id, generation, forced, updated_at) VALUES ($1, $2, $3, 1, $4, $5)
		ON CONFLICT (kind, subject) DO UPDATE SET
			generation = t.generation + 1,
			forced = CASE WHEN excluded.forced > 0 THEN t.generation + 1 ELSE t.forced END,
			installation_id = excluded.installation_id, updated_at = excluded.updated_at
		RETURNING `+taskColumns, kind, subject, installationID, forced, now()))
	if err != nil {
		return Task{}, fmt.Errorf("ask for the %s of %d: %w", kind, subject, err)
	}
	return raised, nil
}

// Task reads a row as it is now; found is false if nobody ever asked for it, or its subject is gone.
func (s *Store) Task(ctx context.Context, kind TaskKind, subject int64) (t Task, found bool, err error) {
	return s.task(ctx, s.reads, kind, subject, "")
}

// LockTask reads a row inside a transaction and keeps others from changing it until that ends.
func (s *Store) LockTask(ctx context.Context, tx *sql.Tx, kind TaskKind, subject int64) (t Task, found bool, err error) {
	return s.task(ctx, tx, kind, subject, s.forUpdate())
}

func (s *Store) task(ctx context.Context, from queryer, kind TaskKind, subject int64, lock string) (Task, bool, error) {
	t, err := scanTask(from.QueryRowContext(ctx,
		"SELECT "+taskColumns+" FROM tasks WHERE kind = $1 AND subject = $2"+lock, kind, subject))
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, false, nil
	}
	if err != nil {
		return Task{}, false, fmt.Errorf("read the %s of %d: %w", kind, subject, err)
	}
	return t, true, nil
}

// SetTaskJob says which job works on a task from now on; 0 for none.
func (s *Store) SetTaskJob(ctx context.Context, tx *sql.Tx, kind TaskKind, subject, jobID int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE tasks SET job_id = $3 WHERE kind = $1 AND subject = $2", kind, subject, jobID)
	if err != nil {
		return fmt.Errorf("give the %s of %d its job: %w", kind, subject, err)
	}
	return nil
}

// FinishTask says that the work which began at the given generation has ended.
func (s *Store) FinishTask(ctx context.Context, tx *sql.Tx, kind TaskKind, subject, generation int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE tasks SET finished = $3, updated_at = $4 WHERE kind = $1 AND subject = $2",
		kind, subject, generation, now())
	if err != nil {
		return fmt.Errorf("finish the %s of %d: %w", kind, subject, err)
	}
	return nil
}

// Pending counts the tasks of a kind that an installation waits for.
func (s *Store) Pending(ctx context.Context, installationID int64, kinds ...TaskKind) (n int, err error) {
	for _, kind := range kinds {
		var count int
		err := s.reads.QueryRowContext(ctx, `SELECT count(*) FROM tasks WHERE installation_id = $1 AND kind = $2 AND generation > finished`,
			installationID, kind).Scan(&count)
		if err != nil {
			return 0, fmt.Errorf("count what installation %d waits for: %w", installationID, err)
		}
		n += count
	}
	return n, nil
}
