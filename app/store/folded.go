package store

import (
	"context"
	"fmt"
	"slices"
)

// foldedBatch bounds the parameters of one statement.
const foldedBatch = 500

// SaveFolded remembers inline comments, by GraphQL id, that the App folds away.
func (s *Store) SaveFolded(ctx context.Context, repoID int64, nodeIDs []string) error {
	for _, id := range nodeIDs {
		_, err := s.db.ExecContext(ctx, `INSERT INTO folded (repo_id, node_id, updated_at) VALUES ($1, $2, $3)
			ON CONFLICT (repo_id, node_id) DO UPDATE SET updated_at = excluded.updated_at`, repoID, id, now())
		if err != nil {
			return fmt.Errorf("remember a folded comment of repository %d: %w", repoID, err)
		}
	}
	return nil
}

// Folded tells which of the comments the App folded away itself.
func (s *Store) Folded(ctx context.Context, repoID int64, nodeIDs []string) (map[string]bool, error) {
	folded := map[string]bool{}
	for batch := range slices.Chunk(nodeIDs, foldedBatch) {
		args := []any{repoID}
		for _, id := range batch {
			args = append(args, id)
		}
		rows, err := s.reads.QueryContext(ctx, "SELECT node_id FROM folded WHERE repo_id = $1 AND node_id IN ("+
			placeholders(2, len(batch))+")", args...)
		if err != nil {
			return nil, fmt.Errorf("read the folded comments of repository %d: %w", repoID, err)
		}
		ids, err := collect(rows, func(id *string) []any { return []any{id} })
		if err != nil {
			return nil, fmt.Errorf("read the folded comments of repository %d: %w", repoID, err)
		}
		for _, id := range ids {
			folded[id] = true
		}
	}
	return folded, nil
}
