package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Pull is the row of a pull request: how dirty it is, and what deliveries said about it. A pull request is dirty
// while Generation > Finished.
type Pull struct {
	RepoID         int64
	Number         int
	Generation     int64 // raised by every delivery
	Finished       int64 // what Generation was when the last finished review began
	Forced         int64 // the last generation that asked for a review even of a head that has one
	JobID          int64 // the only job that may be working on it; 0: none
	InstallationID int64
	Owner, Name    string
	DefaultBranch  string
	Private        bool
	BaseSHA        string // of the newest delivery that named it; "" where none did
	HeadSHA        string
	Closed         bool // the newest delivery said so; deliveries come in any order, so it is a hint
	Quiet          bool // it was open before the App came, and has not been reviewed yet
}

// Unawaited tells that the pull request was open before the App came, that it was not reviewed yet, and that nothing has
// happened to it since.
func (p Pull) Unawaited() bool { return p.Quiet && p.Generation == 1 }

// RaisePull marks a pull request dirty: it raises its generation, and stores what the delivery says. Empty SHAs
// leave the known ones. It returns the row as it is then, locked until the transaction ends.
func (s *Store) RaisePull(ctx context.Context, tx *sql.Tx, p Pull, force bool) (Pull, error) {
	forced := 0
	if force {
		forced = 1
	}
	row := tx.QueryRowContext(ctx, `INSERT INTO pulls AS p
		(repo_id, number, generation, forced, installation_id, owner, name, default_branch, private,
		 base_sha, head_sha, closed, updated_at, quiet)
		VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (repo_id, number) DO UPDATE SET
			generation = p.generation + 1,
			forced = CASE WHEN excluded.forced > 0 THEN p.generation + 1 ELSE p.forced END,
			installation_id = excluded.installation_id, owner = excluded.owner, name = excluded.name,
			default_branch = CASE WHEN excluded.default_branch = '' THEN p.default_branch ELSE excluded.default_branch END,
			private = excluded.private,
			base_sha = CASE WHEN excluded.base_sha = '' THEN p.base_sha ELSE excluded.base_sha END,
			head_sha = CASE WHEN excluded.head_sha = '' THEN p.head_sha ELSE excluded.head_sha END,
			closed = excluded.closed, updated_at = excluded.updated_at
		RETURNING `+pullColumns,
		p.RepoID, p.Number, forced, p.InstallationID, p.Owner, p.Name, p.DefaultBranch, p.Private,
		p.BaseSHA, p.HeadSHA, p.Closed, now(), p.Quiet)
	raised, err := scanPull(row)
	if err != nil {
		return Pull{}, fmt.Errorf("mark pull request %d of repository %d dirty: %w", p.Number, p.RepoID, err)
	}
	return raised, nil
}

// Pull reads a row as it is now; found is false if no delivery ever named the pull request.
func (s *Store) Pull(ctx context.Context, repoID int64, number int) (p Pull, found bool, err error) {
	return s.pull(ctx, s.reads, repoID, number, "")
}

// LockPull reads a row inside a transaction and keeps others from changing it until that ends.
func (s *Store) LockPull(ctx context.Context, tx *sql.Tx, repoID int64, number int) (p Pull, found bool, err error) {
	return s.pull(ctx, tx, repoID, number, s.forUpdate())
}

func (s *Store) pull(ctx context.Context, from queryer, repoID int64, number int, lock string) (Pull, bool, error) {
	row := from.QueryRowContext(ctx,
		"SELECT "+pullColumns+" FROM pulls WHERE repo_id = $1 AND number = $2"+lock, repoID, number)
	p, err := scanPull(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Pull{}, false, nil
	}
	if err != nil {
		return Pull{}, false, fmt.Errorf("read pull request %d of repository %d: %w", number, repoID, err)
	}
	return p, true, nil
}

const pullColumns = `repo_id, number, generation, finished, forced, job_id, installation_id, owner, name,
	default_branch, private, base_sha, head_sha, closed, quiet`

func scanPull(row *sql.Row) (Pull, error) {
	var p Pull
	err := row.Scan(&p.RepoID, &p.Number, &p.Generation, &p.Finished, &p.Forced, &p.JobID, &p.InstallationID,
		&p.Owner, &p.Name, &p.DefaultBranch, &p.Private, &p.BaseSHA, &p.HeadSHA, &p.Closed, &p.Quiet)
	return p, err
}

// PullJobID reads which job a pull request has, without keeping others from changing it; 0 for none.
func (s *Store) PullJobID(ctx context.Context, tx *sql.Tx, repoID int64, number int) (int64, error) {
	p, _, err := s.pull(ctx, tx, repoID, number, "")
	return p.JobID, err
}

// SetPullJob says which job works on a pull request from now on; 0 for none.
func (s *Store) SetPullJob(ctx context.Context, tx *sql.Tx, repoID int64, number int, jobID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE pulls SET job_id = $3 WHERE repo_id = $1 AND number = $2`,
		repoID, number, jobID)
	if err != nil {
		return fmt.Errorf("give pull request %d of repository %d its job: %w", number, repoID, err)
	}
	return nil
}

// ClosePull says that a pull request is closed, where no review has to be stopped for it.
func (s *Store) ClosePull(ctx context.Context, tx *sql.Tx, repoID int64, number int) error {
	_, err := tx.ExecContext(ctx, `UPDATE pulls SET closed = $3 WHERE repo_id = $1 AND number = $2`, repoID, number, true)
	if err != nil {
		return fmt.Errorf("close pull request %d of repository %d: %w", number, repoID, err)
	}
	return nil
}

// OpenPullsWithHead lists the pull requests that share a head as far as deliveries said, and with it a check run. Those
// that are under review count as well as those whose verdict is published.
func (s *Store) OpenPullsWithHead(ctx context.Context, repoID int64, headSHA string) ([]int, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT number FROM pulls
		WHERE repo_id = $1 AND head_sha = $2 AND closed = $3 ORDER BY number`, repoID, headSHA, false)
	if err != nil {
		return nil, fmt.Errorf("list the pull requests with head %s: %w", headSHA, err)
	}
	return collect(rows, func(number *int) []any { return []any{number} })
}

// FinishPull says that the work which began at the given generation has ended, and gives that outcome to the
// deliveries that asked for it.
func (s *Store) FinishPull(ctx context.Context, tx *sql.Tx, repoID int64, number int, generation int64, outcome Outcome) error {
	_, err := tx.ExecContext(ctx, `UPDATE pulls SET finished = $3, quiet = false WHERE repo_id = $1 AND number = $2`,
		repoID, number, generation)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET outcome = $4, updated_at = $5
			WHERE repo_id = $1 AND number = $2 AND outcome = 'queued' AND generation > 0 AND generation <= $3`,
			repoID, number, generation, outcome, now())
	}
	if err != nil {
		return fmt.Errorf("finish pull request %d of repository %d: %w", number, repoID, err)
	}
	return nil
}

// PullComments lists the comments that wait for the review which begins at the given generation, oldest first.
func (s *Store) PullComments(ctx context.Context, repoID int64, number int, generation int64) ([]int64, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT comment_id FROM deliveries
		WHERE repo_id = $1 AND number = $2 AND outcome = 'queued' AND generation > 0 AND generation <= $3
		AND comment_id > 0 ORDER BY generation`, repoID, number, generation)
	if err != nil {
		return nil, fmt.Errorf("list the comments that wait for pull request %d of repository %d: %w", number, repoID, err)
	}
	return collect(rows, func(id *int64) []any { return []any{id} })
}

// collect reads all rows into a slice; fields gives the places of a row's columns.
func collect[T any](rows *sql.Rows, fields func(*T) []any) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var item T
		if err := rows.Scan(fields(&item)...); err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, item)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return all, nil
}
