package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

func (s *Store) migrate(ctx context.Context) error {
	return s.Locked(ctx, func(ctx context.Context) error {
		files, err := fs.Sub(migrations, "migrations/"+string(s.dialect))
		if err != nil {
			return fmt.Errorf("read the migrations: %w", err)
		}
		dialect := goose.DialectSQLite3
		if s.dialect == Postgres {
			dialect = goose.DialectPostgres
		}
		provider, err := goose.NewProvider(dialect, s.db, files, goose.WithDisableGlobalRegistry(true))
		if err != nil {
			return fmt.Errorf("read the migrations: %w", err)
		}
		results, err := provider.Up(ctx)
		if err != nil {
			return fmt.Errorf("migrate the %s database: %w", s.dialect, err)
		}
		for _, result := range results {
			s.log.InfoContext(ctx, "database migrated", slog.Int64("version", result.Source.Version))
		}
		return nil
	})
}

// Locked runs fn while no other replica is in Locked: it is for changes of the schema. On PostgreSQL it holds a
// session's advisory lock; on SQLite there is only this process.
func (s *Store) Locked(ctx context.Context, fn func(context.Context) error) (err error) {
	if s.dialect != Postgres {
		return fn(ctx)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return fmt.Errorf("lock the database for migration: %w", err)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return redact("connect to PostgreSQL", s.url, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("lock the database for migration: %w", err)
	}
	defer func() { err = errors.Join(err, unlock(ctx, locker, conn)) }()
	return fn(ctx)
}

func unlock(ctx context.Context, locker lock.SessionLocker, conn *sql.Conn) error {
	if err := locker.SessionUnlock(context.WithoutCancel(ctx), conn); err != nil {
		return fmt.Errorf("unlock the database after migration: %w", err)
	}
	return nil
}
