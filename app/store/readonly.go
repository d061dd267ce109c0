package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strconv"
	"strings"
)

// OpenReads opens a database for reading alone, also while another process serves it: it takes no lock, and SQLite's
// write-ahead log lets one writer and any number of readers at the same file. The schema must be the one of this program,
// which only Open brings about. What would write fails.
func OpenReads(ctx context.Context, url string) (*Store, error) {
	dialect, err := DialectOf(url)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: dialect, log: slog.New(slog.DiscardHandler)}
	if dialect == Postgres {
		err = s.openPostgres(ctx, url, true)
	} else {
		err = s.openSQLiteReads(ctx, sqlitePath(url))
	}
	if err == nil {
		err = s.checkSchema(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) openSQLiteReads(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("open the database %q (is DATABASE_URL the one of `kms-review serve`?): %w", path, err)
	}
	var err error
	if s.reads, err = openCached(dsn(path, "_pragma=query_only(1)")); err != nil {
		return fmt.Errorf("open the database %q for reading: %w", path, err)
	}
	s.db = s.reads
	s.reads.SetMaxOpenConns(readers)
	if err := s.reads.PingContext(ctx); err != nil {
		return fmt.Errorf("open the database %q for reading (is it a SQLite file, and may this user read it and write to its directory?): %w", path, err)
	}
	return nil
}

// checkSchema tells an older or a newer schema than this program's, where a query would fail with the name of a column.
func (s *Store) checkSchema(ctx context.Context) error {
	want, err := s.newestMigration()
	if err != nil {
		return err
	}
	var got int64
	if err := s.reads.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&got); err != nil {
		return fmt.Errorf("read the %s database's schema (has `kms-review serve` ever used it?): %w", s.dialect, err)
	}
	switch {
	case got < want:
		return fmt.Errorf("the database is of an older kms-review (schema %d, not %d): `kms-review serve` of this version brings it up to date", got, want)
	case got > want:
		return fmt.Errorf("the database is of a newer kms-review (schema %d, not %d): use the version that serves it", got, want)
	}
	return nil
}

func (s *Store) newestMigration() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/"+string(s.dialect)+"/*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	for _, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the migration %q has no number: %w", file, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
