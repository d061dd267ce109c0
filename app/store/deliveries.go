package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Outcome is what became of a delivery.
type Outcome string

// The outcomes.
const (
	Queued Outcome = "queued" // waiting or being worked on
	Done   Outcome = "done"   // its effect is there
	Failed Outcome = "failed" // given up; a redelivery gets its second chance
)

// Delivery is one webhook delivery. Those that make a pull request dirty have its RepoID, Number and the
// Generation that they raised it to; the others have the JobID of a job of their own.
type Delivery struct {
	GUID       string
	Kind       string
	Outcome    Outcome
	RepoID     int64
	Number     int
	Generation int64
	JobID      int64
	CommentID  int64
}

// NewDelivery records a delivery as Queued. If its GUID is known, nothing is written and what is known is
// returned with fresh = false; the row is then locked until the transaction ends.
func (s *Store) NewDelivery(ctx context.Context, tx *sql.Tx, d Delivery) (known Delivery, fresh bool, err error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO deliveries
		(guid, kind, outcome, repo_id, number, generation, job_id, comment_id, received_at, updated_at)
		VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (guid) DO NOTHING`,
		d.GUID, d.Kind, d.RepoID, d.Number, d.Generation, d.JobID, d.CommentID, now())
	if err != nil {
		return Delivery{}, false, fmt.Errorf("record delivery %s: %w", d.GUID, err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 1 {
		d.Outcome = Queued
		return d, true, nil
	}
	known, found, err := s.delivery(ctx, tx, d.GUID, s.forUpdate())
	if err == nil && !found { // swept away between the two statements
		err = fmt.Errorf("record delivery %s: it vanished meanwhile", d.GUID)
	}
	return known, false, err
}

// DeliveryOutcome tells what became of a delivery; found is false if it never came.
func (s *Store) DeliveryOutcome(ctx context.Context, guid string) (outcome Outcome, found bool, err error) {
	d, found, err := s.delivery(ctx, s.reads, guid, "")
	return d.Outcome, found, err
}

// DeliveryWaits tells whether a delivery still waits for its own job of that id, and not for another, a review or
// nothing more.
func (s *Store) DeliveryWaits(ctx context.Context, guid string, jobID int64) (bool, error) {
	d, found, err := s.delivery(ctx, s.reads, guid, "")
	return found && d.Outcome == Queued && d.Generation == 0 && d.JobID == jobID, err
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) delivery(ctx context.Context, from queryer, guid, lock string) (Delivery, bool, error) {
	d := Delivery{GUID: guid}
	err := from.QueryRowContext(ctx, `SELECT kind, outcome, repo_id, number, generation, job_id, comment_id
		FROM deliveries WHERE guid = $1`+lock, guid).
		Scan(&d.Kind, &d.Outcome, &d.RepoID, &d.Number, &d.Generation, &d.JobID, &d.CommentID)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("read delivery %s: %w", guid, err)
	}
	return d, true, nil
}

// SetDelivery writes what has become of a recorded delivery.
func (s *Store) SetDelivery(ctx context.Context, tx *sql.Tx, d Delivery) error {
	_, err := tx.ExecContext(ctx, `UPDATE deliveries SET outcome = $2, repo_id = $3, number = $4, generation = $5,
		job_id = $6, comment_id = $7, updated_at = $8 WHERE guid = $1`,
		d.GUID, d.Outcome, d.RepoID, d.Number, d.Generation, d.JobID, d.CommentID, now())
	if err != nil {
		return fmt.Errorf("update delivery %s: %w", d.GUID, err)
	}
	return nil
}
