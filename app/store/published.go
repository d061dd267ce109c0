package store

import (
	"context"
	"fmt"
)

// Published is what the App said last about a head of a pull request. Pull requests can share a head, and a
// head has one check run, so each has its own row.
type Published struct {
	RepoID     int64
	Number     int // 0 for a merge group
	HeadSHA    string
	CheckRunID int64
	Digest     string // of everything that was said; the same digest has nothing new to say
	Conclusion string
	Title      string
	BaseSHA    string // of the base branch; a merge group is found in no other place again
	Comments   int    // inline comments of the App that this publication left open or wrote
}

// Published lists what was said about a head, by pull request number.
func (s *Store) Published(ctx context.Context, repoID int64, headSHA string) ([]Published, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT repo_id, number, head_sha, check_run_id, digest, conclusion,
		title, base_sha, comments FROM published WHERE repo_id = $1 AND head_sha = $2 ORDER BY number`, repoID, headSHA)
	if err != nil {
		return nil, fmt.Errorf("read what was published for %s: %w", headSHA, err)
	}
	return collect(rows, func(p *Published) []any {
		return []any{&p.RepoID, &p.Number, &p.HeadSHA, &p.CheckRunID, &p.Digest, &p.Conclusion,
			&p.Title, &p.BaseSHA, &p.Comments}
	})
}

// SavePublished records what was said, in place of what was said before about the same head and pull request.
func (s *Store) SavePublished(ctx context.Context, p Published) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO published (repo_id, number, head_sha, check_run_id, digest,
		conclusion, title, base_sha, comments, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (repo_id, head_sha, number) DO UPDATE SET check_run_id = excluded.check_run_id,
		digest = excluded.digest, conclusion = excluded.conclusion, title = excluded.title,
		base_sha = excluded.base_sha, comments = excluded.comments, updated_at = excluded.updated_at`,
		p.RepoID, p.Number, p.HeadSHA, p.CheckRunID, p.Digest, p.Conclusion, p.Title, p.BaseSHA, p.Comments, now())
	if err != nil {
		return fmt.Errorf("save what was published for %s: %w", p.HeadSHA, err)
	}
	return nil
}

// HasComments tells whether the App ever left an inline comment on a pull request. It errs towards true: a
// comment that is resolved by now costs a question to GitHub, one that is forgotten would stay open for ever.
func (s *Store) HasComments(ctx context.Context, repoID int64, number int) (has bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM published
		WHERE repo_id = $1 AND number = $2 AND comments > 0)`, repoID, number).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for comments on pull request %d of repository %d: %w", number, repoID, err)
	}
	return has, nil
}
