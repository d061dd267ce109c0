package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SummaryIssue is the issue that says how an account stands.
type SummaryIssue struct {
	InstallationID int64
	RepoID         int64
	Number         int       // 0: there is none yet
	Digest         string    // of what it says
	Closed         bool      // by a person, who does not want to see it
	Critical       []string  // fingerprints that the person knew of
	Comments       []int64   // /kms-recheck comments that wait for an answer
	Written        time.Time // last
	Digested       time.Time // when the last weekly digest was posted
}

// SummaryIssue reads what is known of an account's issue; found is false if there never was one.
func (s *Store) SummaryIssue(ctx context.Context, installationID int64) (i SummaryIssue, found bool, err error) {
	return s.summary(s.reads.QueryRowContext(ctx, "SELECT "+summaryColumns+" FROM summaries WHERE installation_id = $1", installationID))
}

// SummaryAt finds the account whose summary an issue is.
func (s *Store) SummaryAt(ctx context.Context, repoID int64, number int) (i SummaryIssue, found bool, err error) {
	return s.summary(s.reads.QueryRowContext(ctx, "SELECT "+summaryColumns+" FROM summaries WHERE repo_id = $1 AND number = $2", repoID, number))
}

const summaryColumns = "installation_id, repo_id, number, digest, closed, critical, comments, written_at, digest_at"

func (s *Store) summary(row *sql.Row) (i SummaryIssue, found bool, err error) {
	var critical, comments string
	var written, digested int64
	err = row.Scan(&i.InstallationID, &i.RepoID, &i.Number, &i.Digest, &i.Closed, &critical, &comments, &written, &digested)
	if errors.Is(err, sql.ErrNoRows) {
		return SummaryIssue{}, false, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(critical), &i.Critical), json.Unmarshal([]byte(comments), &i.Comments))
	}
	if err != nil {
		return SummaryIssue{}, false, fmt.Errorf("read what is known of a summary issue: %w", err)
	}
	i.Written, i.Digested = moment(written), moment(digested)
	return i, true, nil
}

// ChangeSummary reads what is known of an account's issue, has it changed, and stores the result, in one transaction:
// a person's act and the writing of the issue may come at the same time. The issue is an empty one where none is known.
func (s *Store) ChangeSummary(ctx context.Context, installationID int64, change func(*SummaryIssue)) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO summaries (installation_id, repo_id, number, digest, closed, critical, comments,
			written_at, digest_at) VALUES ($1, 0, 0, '', false, '[]', '[]', 0, 0) ON CONFLICT (installation_id) DO NOTHING`, installationID)
		if err != nil {
			return err
		}
		i, _, err := s.summary(tx.QueryRowContext(ctx, "SELECT "+summaryColumns+" FROM summaries WHERE installation_id = $1"+s.forUpdate(), installationID))
		if err != nil {
			return err
		}
		change(&i)
		critical, err := json.Marshal(append([]string{}, i.Critical...))
		if err != nil {
			return err
		}
		comments, err := json.Marshal(append([]int64{}, i.Comments...))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE summaries SET repo_id = $2, number = $3, digest = $4, closed = $5, critical = $6, comments = $7,
			written_at = $8, digest_at = $9 WHERE installation_id = $1`, installationID, i.RepoID, i.Number, i.Digest, i.Closed,
			string(critical), string(comments), milliseconds(i.Written), milliseconds(i.Digested))
		return err
	})
	if err != nil {
		return fmt.Errorf("record the summary issue of installation %d: %w", installationID, err)
	}
	return nil
}

// PostureCounts are the numbers of one day, of the private repositories of an account or of its public ones.
type PostureCounts struct {
	Day                         time.Time // midnight UTC
	Private                     bool
	Repositories, Scanned       int
	Clean                       int // of Scanned: nothing of medium severity or above
	Critical, High, Medium, Low int
	Waived                      int
	Came, Went                  int // findings, on that day
}

const day = 24 * time.Hour

// RecordDay counts how an account stands now, as the end of the given day.
func (s *Store) RecordDay(ctx context.Context, installationID int64, at time.Time) error {
	from := at.UTC().Truncate(day)
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM posture_days WHERE installation_id = $1 AND day = $2", installationID, dayNumber(from))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO posture_days (installation_id, day, private, repositories, scanned, clean, critical, high,
			medium, low, waived, came, went)
			SELECT p.installation_id, $2, p.private, count(*), sum(CASE WHEN p.state = 'scanned' THEN 1 ELSE 0 END),
			sum(CASE WHEN p.state = 'scanned' AND p.critical + p.high + p.medium = 0 THEN 1 ELSE 0 END),
			sum(p.critical), sum(p.high), sum(p.medium), sum(p.low), sum(p.waived), 0, 0
			FROM postures p WHERE p.installation_id = $1 GROUP BY p.installation_id, p.private
			ON CONFLICT (installation_id, day, private) DO NOTHING`, installationID, dayNumber(from))
		if err != nil {
			return err
		}
		const moved = `(SELECT count(*) FROM posture_findings f JOIN postures p ON p.repo_id = f.repo_id
			WHERE p.installation_id = d.installation_id AND p.private = d.private AND NOT f.waived AND `
		_, err = tx.ExecContext(ctx, `UPDATE posture_days AS d SET
			came = `+moved+`f.first_seen >= $3 AND f.first_seen < $4 AND f.first_seen > p.first_scanned_at),
			went = `+moved+`f.fixed_at >= $3 AND f.fixed_at < $4)
			WHERE d.installation_id = $1 AND d.day = $2`, installationID, dayNumber(from), from.UnixMilli(), from.Add(day).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("record how installation %d stands: %w", installationID, err)
	}
	return nil
}

func dayNumber(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

// PostureDays lists what was recorded of an account, oldest first.
func (s *Store) PostureDays(ctx context.Context, installationID int64) ([]PostureCounts, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT day, private, repositories, scanned, clean, critical, high, medium, low, waived, came, went
		FROM posture_days WHERE installation_id = $1 ORDER BY day, private`, installationID)
	if err != nil {
		return nil, fmt.Errorf("read the history of installation %d: %w", installationID, err)
	}
	type row struct {
		PostureCounts
		day int64
	}
	all, err := collect(rows, func(r *row) []any {
		return []any{&r.day, &r.Private, &r.Repositories, &r.Scanned, &r.Clean, &r.Critical, &r.High, &r.Medium, &r.Low, &r.Waived, &r.Came, &r.Went}
	})
	if err != nil {
		return nil, fmt.Errorf("read the history of installation %d: %w", installationID, err)
	}
	counts := make([]PostureCounts, 0, len(all))
	for _, r := range all {
		r.Day = time.Unix(r.day*int64(day/time.Second), 0).UTC()
		counts = append(counts, r.PostureCounts)
	}
	return counts, nil
}
