package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// Quiet remembers findings of a pull request about which no comment is to be made, because they were there before the
// App.
func (s *Store) Quiet(ctx context.Context, repoID int64, number int, fingerprints []string) error {
	fingerprints = slices.Sorted(slices.Values(fingerprints))
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		for _, fingerprint := range fingerprints {
			_, err := tx.ExecContext(ctx, `INSERT INTO quieted (repo_id, number, fingerprint, updated_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (repo_id, number, fingerprint) DO NOTHING`, repoID, number, fingerprint, now())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember what pull request %d of repository %d is not told: %w", number, repoID, err)
	}
	return nil
}

// Quieted tells about which findings of a pull request no comment is to be made.
func (s *Store) Quieted(ctx context.Context, repoID int64, number int) (map[string]bool, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT fingerprint FROM quieted WHERE repo_id = $1 AND number = $2", repoID, number)
	if err != nil {
		return nil, fmt.Errorf("read what pull request %d of repository %d is not told: %w", number, repoID, err)
	}
	list, err := collect(rows, func(fingerprint *string) []any { return []any{fingerprint} })
	quieted := make(map[string]bool, len(list))
	for _, fingerprint := range list {
		quieted[fingerprint] = true
	}
	return quieted, err
}
