package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Repository is a repository that an installation has.
type Repository struct {
	ID          int64
	Owner, Name string
	Private     bool
}

// SaveInstallation records an installation with the whole list of its repositories.
func (s *Store) SaveInstallation(ctx context.Context, id int64, account string, repositories []Repository) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO installations (id, account, complete, updated_at)
			VALUES ($1, $2, true, $3)
			ON CONFLICT (id) DO UPDATE SET account = excluded.account, complete = true, updated_at = excluded.updated_at`,
			id, account, now())
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM repositories WHERE installation_id = $1", id)
		}
		if err != nil {
			return fmt.Errorf("save installation %d: %w", id, err)
		}
		return addRepositories(ctx, tx, id, repositories)
	})
}

// AddRepositories records that an installation got repositories. If the installation itself was never saved,
// its list stays unknown.
func (s *Store) AddRepositories(ctx context.Context, id int64, repositories []Repository) error {
	return s.InTx(ctx, func(tx *sql.Tx) error { return addRepositories(ctx, tx, id, repositories) })
}

func addRepositories(ctx context.Context, tx *sql.Tx, id int64, repositories []Repository) error {
	for _, r := range repositories {
		_, err := tx.ExecContext(ctx, `INSERT INTO repositories (installation_id, repo_id, owner, name, private)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (installation_id, repo_id) DO UPDATE
			SET owner = excluded.owner, name = excluded.name, private = excluded.private`,
			id, r.ID, r.Owner, r.Name, r.Private)
		if err != nil {
			return fmt.Errorf("add repository %d to installation %d: %w", r.ID, id, err)
		}
	}
	return nil
}

// RemoveRepositories forgets repositories that an installation lost, and everything known about them.
func (s *Store) RemoveRepositories(ctx context.Context, id int64, repoIDs []int64) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		for _, repoID := range repoIDs {
			if err := removeRepository(ctx, tx, id, repoID); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeRepository keeps the deliveries: they hold ids only, and say that a redelivery needs no second run.
func removeRepository(ctx context.Context, tx *sql.Tx, installationID, repoID int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM repositories WHERE installation_id = $1 AND repo_id = $2",
		installationID, repoID)
	for _, table := range []string{"pulls", "published", "folded", "blobs", "listings", "call_maps"} {
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE repo_id = $1", repoID)
		}
	}
	if err != nil {
		return fmt.Errorf("forget repository %d: %w", repoID, err)
	}
	return nil
}

// DeleteInstallation forgets an installation and everything known about its repositories.
func (s *Store) DeleteInstallation(ctx context.Context, id int64) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT repo_id FROM repositories WHERE installation_id = $1
			UNION SELECT repo_id FROM pulls WHERE installation_id = $1`, id)
		if err != nil {
			return fmt.Errorf("list the repositories of installation %d: %w", id, err)
		}
		repoIDs, err := collect(rows, func(id *int64) []any { return []any{id} })
		if err != nil {
			return err
		}
		for _, repoID := range repoIDs {
			if err := removeRepository(ctx, tx, id, repoID); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM installations WHERE id = $1", id); err != nil {
			return fmt.Errorf("delete installation %d: %w", id, err)
		}
		return nil
	})
}

// Repositories lists the repositories of an installation by name. known is false where the whole list was never
// saved (the App was installed before this database existed): ask GitHub, then SaveInstallation.
func (s *Store) Repositories(ctx context.Context, id int64) (repositories []Repository, known bool, err error) {
	if known, err = s.installationKnown(ctx, id); err != nil {
		return nil, false, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT repo_id, owner, name, private FROM repositories
		WHERE installation_id = $1 ORDER BY owner, name`, id)
	if err != nil {
		return nil, false, fmt.Errorf("list the repositories of installation %d: %w", id, err)
	}
	repositories, err = collect(rows, func(r *Repository) []any { return []any{&r.ID, &r.Owner, &r.Name, &r.Private} })
	return repositories, known, err
}

// HasRepository tells whether an installation covers the repository of this name, such as ".github". known is
// as in Repositories; has may be true even where the whole list is not known.
func (s *Store) HasRepository(ctx context.Context, id int64, name string) (has, known bool, err error) {
	if known, err = s.installationKnown(ctx, id); err != nil {
		return false, false, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM repositories
		WHERE installation_id = $1 AND lower(name) = lower($2))`, id, name).Scan(&has)
	if err != nil {
		return false, false, fmt.Errorf("look for repository %q of installation %d: %w", name, id, err)
	}
	return has, known || has, nil
}

func (s *Store) installationKnown(ctx context.Context, id int64) (known bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT complete FROM installations WHERE id = $1", id).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read installation %d: %w", id, err)
	}
	return known, nil
}
