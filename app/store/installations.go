package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
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

// SeeInstallation records that an installation exists. Which repositories it covers stays as unknown, or as known, as it
// was.
func (s *Store) SeeInstallation(ctx context.Context, id int64, account string) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO installations (id, account, complete, updated_at) VALUES ($1, $2, false, $3)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, updated_at = excluded.updated_at`, id, account, now())
	if err != nil {
		return fmt.Errorf("save installation %d: %w", id, err)
	}
	return nil
}

// InstallationIDs lists every installation of which anything is known.
func (s *Store) InstallationIDs(ctx context.Context) ([]int64, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT id FROM installations UNION SELECT installation_id FROM repositories
		UNION SELECT installation_id FROM postures UNION SELECT installation_id FROM pulls UNION SELECT installation_id FROM summaries
		UNION SELECT installation_id FROM posture_days UNION SELECT installation_id FROM tasks WHERE kind <> $1 ORDER BY 1`, Installations)
	if err != nil {
		return nil, fmt.Errorf("list the installations: %w", err)
	}
	return collect(rows, func(id *int64) []any { return []any{id} })
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
	elsewhere := false // a repository that was transferred is another installation's now, and that one's delivery may come first
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM repositories WHERE repo_id = $1)
			OR EXISTS (SELECT 1 FROM postures WHERE repo_id = $1 AND installation_id <> $2)`, repoID, installationID).Scan(&elsewhere)
	}
	if elsewhere {
		return nil
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM tasks WHERE kind = $1 AND subject = $2", Scan, repoID)
	}
	for _, table := range []string{"pulls", "published", "folded", "quieted", "blobs", "listings", "call_maps", "postures"} {
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
			UNION SELECT repo_id FROM pulls WHERE installation_id = $1
			UNION SELECT repo_id FROM postures WHERE installation_id = $1`, id)
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
		for _, from := range []string{
			"installations WHERE id", "summaries WHERE installation_id", "posture_days WHERE installation_id", "tasks WHERE installation_id",
		} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+from+" = $1", id); err != nil {
				return fmt.Errorf("delete installation %d: %w", id, err)
			}
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

// Installation is an account on which the App is installed.
type Installation struct {
	ID         int64
	Account    string
	Suspended  bool
	Reconciled time.Time // when all of it was compared with GitHub last
	Settings   string    // the account's settings file, as it was read last; "" where there is none
}

// Installations lists those that are known, by id.
func (s *Store) Installations(ctx context.Context) ([]Installation, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT id, account, suspended, reconciled_at, settings FROM installations ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list the installations: %w", err)
	}
	type row struct {
		Installation
		at int64
	}
	all, err := collect(rows, func(r *row) []any { return []any{&r.ID, &r.Account, &r.Suspended, &r.at, &r.Settings} })
	installations := make([]Installation, 0, len(all))
	for _, r := range all {
		r.Reconciled = moment(r.at)
		installations = append(installations, r.Installation)
	}
	return installations, err
}

// Installation reads one of them; found is false if it is not known.
func (s *Store) Installation(ctx context.Context, id int64) (i Installation, found bool, err error) {
	var at int64
	err = s.reads.QueryRowContext(ctx, "SELECT id, account, suspended, reconciled_at, settings FROM installations WHERE id = $1", id).
		Scan(&i.ID, &i.Account, &i.Suspended, &at, &i.Settings)
	if errors.Is(err, sql.ErrNoRows) {
		return Installation{}, false, nil
	}
	if err != nil {
		return Installation{}, false, fmt.Errorf("read installation %d: %w", id, err)
	}
	i.Reconciled = moment(at)
	return i, true, nil
}

// Suspend records that an installation is suspended, or no longer.
func (s *Store) Suspend(ctx context.Context, id int64, suspended bool) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE installations SET suspended = $2 WHERE id = $1", id, suspended); err != nil {
		return fmt.Errorf("record whether installation %d is suspended: %w", id, err)
	}
	return nil
}

// SaveReconciled records that all of an installation was compared with GitHub.
func (s *Store) SaveReconciled(ctx context.Context, id int64, at time.Time) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE installations SET reconciled_at = $2 WHERE id = $1", id, milliseconds(at)); err != nil {
		return fmt.Errorf("record the comparison of installation %d: %w", id, err)
	}
	return nil
}

// SaveSettings records the settings file of an installation's account.
func (s *Store) SaveSettings(ctx context.Context, id int64, text string) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE installations SET settings = $2 WHERE id = $1", id, text); err != nil {
		return fmt.Errorf("record the settings of installation %d: %w", id, err)
	}
	return nil
}
