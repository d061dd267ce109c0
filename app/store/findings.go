package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PostureFinding is a problem on a default branch. Severity goes from 1, low, to 4, critical.
type PostureFinding struct {
	Fingerprint        string
	Rule, Name         string
	Severity           int
	Address            string
	File               string
	StartLine, EndLine int
	Message            string
	Waived             bool
	Reason             string    // of the waiver
	Until              time.Time // its last day
	Commit             string    // at which the place was read
	Pull               int       // that brought it; 0: not known
	FirstSeen          time.Time
	Fixed              time.Time // zero: it stands
}

const findingColumns = `f.repo_id, f.fingerprint, f.rule, f.name, f.severity, f.address, f.file, f.start_line, f.end_line, f.message,
	f.waived, f.reason, f.until, f.commit_sha, f.pull, f.first_seen, f.fixed_at`

type findingRow struct {
	repoID int64
	PostureFinding
	until, first, fixed int64
}

func (r *findingRow) fields() []any {
	f := &r.PostureFinding
	return []any{&r.repoID, &f.Fingerprint, &f.Rule, &f.Name, &f.Severity, &f.Address, &f.File, &f.StartLine, &f.EndLine, &f.Message,
		&f.Waived, &f.Reason, &r.until, &f.Commit, &f.Pull, &r.first, &r.fixed}
}

// PostureFindings lists the problems of an installation's repositories by repository, those that were fixed a short
// time ago among them, the worst and oldest first.
func (s *Store) PostureFindings(ctx context.Context, installationID int64) (map[int64][]PostureFinding, error) {
	return s.findings(ctx, "p.installation_id = $1", installationID)
}

// FindingsOf lists the problems of one repository.
func (s *Store) FindingsOf(ctx context.Context, repoID int64) ([]PostureFinding, error) {
	all, err := s.findings(ctx, "p.repo_id = $1", repoID)
	return all[repoID], err
}

func (s *Store) findings(ctx context.Context, where string, id int64) (map[int64][]PostureFinding, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT "+findingColumns+` FROM posture_findings f
		JOIN postures p ON p.repo_id = f.repo_id WHERE `+where+" ORDER BY f.repo_id, f.severity DESC, f.first_seen, f.fingerprint", id)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	all, err := collect(rows, func(r *findingRow) []any { return r.fields() })
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	byRepo := map[int64][]PostureFinding{}
	for _, row := range all {
		f := row.PostureFinding
		f.Until, f.FirstSeen, f.Fixed = moment(row.until), moment(row.first), moment(row.fixed)
		byRepo[row.repoID] = append(byRepo[row.repoID], f)
	}
	return byRepo, nil
}

// Part is a part of a repository that is judged by itself, with its result, which the store does not look into.
type Part struct {
	Part    string
	Digest  string
	Content []byte
}

// Parts lists the parts of a repository as they were judged last.
func (s *Store) Parts(ctx context.Context, repoID int64) ([]Part, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT part, digest, content FROM posture_parts WHERE repo_id = $1 ORDER BY part", repoID)
	if err != nil {
		return nil, fmt.Errorf("list the parts of repository %d: %w", repoID, err)
	}
	return collect(rows, func(p *Part) []any { return []any{&p.Part, &p.Digest, &p.Content} })
}

// SaveScan records a scan: the repository's row, the problems that stand, and the parts, of which those that are the
// same as before come without content. A problem that was known keeps when it was first seen and what brought it; one
// that stands no more is kept as fixed. Nothing is recorded of a repository that was removed meanwhile.
func (s *Store) SaveScan(ctx context.Context, p Posture, found []PostureFinding, parts []Part) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		saved, err := s.savePosture(ctx, tx, p, found)
		if err != nil || !saved {
			return err
		}
		if err := saveFindings(ctx, tx, p, found); err != nil {
			return err
		}
		return saveParts(ctx, tx, p.RepoID, parts)
	})
	if err != nil {
		return fmt.Errorf("record the scan of repository %d: %w", p.RepoID, err)
	}
	return nil
}

func (s *Store) savePosture(ctx context.Context, tx *sql.Tx, p Posture, found []PostureFinding) (bool, error) {
	var counts [5]int // by severity; at 0, waived
	for _, f := range found {
		if f.Waived {
			counts[0]++
		} else {
			counts[min(max(f.Severity, 1), 4)]++
		}
	}
	scanned := milliseconds(p.Scanned)
	result, err := tx.ExecContext(ctx, `UPDATE postures SET head_sha = $2, state = $3, reason = $4, terraform = $5, commit_sha = $6,
		tree_sha = $7, judged = $8, expires_at = $9, scanned_at = $10, result = $11, waived = $12, low = $13, medium = $14, high = $15,
		critical = $16, first_scanned_at = CASE WHEN first_scanned_at = 0 THEN $10 ELSE first_scanned_at END, updated_at = $17
		WHERE repo_id = $1`, p.RepoID, p.Head, p.State, p.Reason, p.Terraform, p.Commit, p.Tree, p.Judged, milliseconds(p.Expires),
		scanned, p.Result, counts[0], counts[1], counts[2], counts[3], counts[4], now())
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func saveFindings(ctx context.Context, tx *sql.Tx, p Posture, found []PostureFinding) error {
	at := milliseconds(p.Scanned)
	_, err := tx.ExecContext(ctx, "UPDATE posture_findings SET fixed_at = $2 WHERE repo_id = $1 AND fixed_at = 0", p.RepoID, at)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(found, findingBatch) {
		var values []string
		args := []any{p.RepoID}
		for _, f := range batch {
			values = append(values, "($1, "+placeholders(len(args)+1, 15)+")")
			args = append(args, f.Fingerprint, f.Rule, f.Name, f.Severity, f.Address, f.File, f.StartLine, f.EndLine, f.Message,
				f.Waived, f.Reason, milliseconds(f.Until), p.Commit, f.Pull, at)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO posture_findings AS f (repo_id, fingerprint, rule, name, severity, address, file,
			start_line, end_line, message, waived, reason, until, commit_sha, pull, first_seen) VALUES `+strings.Join(values, ", ")+`
			ON CONFLICT (repo_id, fingerprint) DO UPDATE SET rule = excluded.rule, name = excluded.name, severity = excluded.severity,
			address = excluded.address, file = excluded.file, start_line = excluded.start_line, end_line = excluded.end_line,
			message = excluded.message, waived = excluded.waived, reason = excluded.reason, until = excluded.until,
			commit_sha = excluded.commit_sha,
			pull = CASE WHEN f.fixed_at < excluded.first_seen AND f.fixed_at > 0 THEN excluded.pull ELSE f.pull END,
			first_seen = CASE WHEN f.fixed_at < excluded.first_seen AND f.fixed_at > 0 THEN excluded.first_seen ELSE f.first_seen END,
			fixed_at = 0`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// findingBatch is how many go into a statement, each with 15 parameters: SQLite takes 32766.
const findingBatch = 100

func saveParts(ctx context.Context, tx *sql.Tx, repoID int64, parts []Part) error {
	names := make([]string, 0, len(parts))
	for _, part := range parts {
		names = append(names, part.Part)
		if part.Content == nil {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO posture_parts (repo_id, part, digest, content) VALUES ($1, $2, $3, $4)
			ON CONFLICT (repo_id, part) DO UPDATE SET digest = excluded.digest, content = excluded.content`,
			repoID, part.Part, part.Digest, part.Content)
		if err != nil {
			return err
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT part FROM posture_parts WHERE repo_id = $1", repoID)
	if err != nil {
		return err
	}
	known, err := collect(rows, func(name *string) []any { return []any{name} })
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(known, func(name string) bool { return slices.Contains(names, name) })
	for batch := range slices.Chunk(gone, shaBatch) {
		_, err := tx.ExecContext(ctx, "DELETE FROM posture_parts WHERE repo_id = $1 AND part IN ("+placeholders(2, len(batch))+")",
			arguments(batch, repoID)...)
		if err != nil {
			return err
		}
	}
	return nil
}
