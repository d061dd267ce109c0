// Package store owns the database: SQLite in one file, or PostgreSQL, behind one *sql.DB, with its migrations.
// It keeps what GitHub said by id (deliveries, pull requests, installations), what the App published, which directory
// calls which on default branches, how default branches stand, and a bounded cache of file contents by hash. It never keeps a token.
//
// SQLite serves one process: Open takes a lock beside the file, so a second process gets a clear error and
// cannot take over jobs that the first one is running. Commits are synchronous=FULL, because a delivery that
// was answered 202 must survive a power cut: GitHub does not send it again by itself. One connection writes;
// a small pool only reads, so a long read (a batch of file contents) does not hold up a webhook.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Dialect is which of the two databases a Store talks to.
type Dialect string

// The databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Store is an open database at the newest schema. It is safe for concurrent use.
type Store struct {
	dialect Dialect
	db      *sql.DB // on SQLite the one writing connection
	reads   *sql.DB // on PostgreSQL the same pool as db
	lock    *fileLock
	url     string // PostgreSQL only, for the listener
	log     *slog.Logger

	cacheLimit int64
	cacheAdded atomic.Int64 // bytes put into the caches since the last eviction
}

// Option changes what Open makes.
type Option func(*Store)

// CacheLimit bounds the contents that the blob cache keeps, in bytes. The default is 256 MiB.
func CacheLimit(bytes int64) Option { return func(s *Store) { s.cacheLimit = bytes } }

const defaultCacheLimit = 256 << 20

// Open opens "sqlite:path", "postgres://..." or "postgresql://..." and brings the schema up to date under a
// lock. Errors never hold the password.
func Open(ctx context.Context, url string, log *slog.Logger, options ...Option) (*Store, error) {
	s := &Store{log: log, cacheLimit: defaultCacheLimit}
	for _, option := range options {
		option(s)
	}
	dialect, err := DialectOf(url)
	if err != nil {
		return nil, err
	}
	s.dialect = dialect
	if dialect == Postgres {
		err = s.openPostgres(ctx, url, false)
	} else {
		err = s.openSQLite(ctx, sqlitePath(url))
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// DialectOf tells which database a URL names, or what a URL must look like.
func DialectOf(url string) (Dialect, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && rest != "":
		return SQLite, nil
	case scheme == "postgres" || scheme == "postgresql":
		return Postgres, nil
	}
	return "", errors.New("the database URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
}

// DB is the pool for writing. On SQLite it is a single connection: inside a transaction, query through the
// transaction, or the program waits for itself.
func (s *Store) DB() *sql.DB { return s.db }

// Reads is the pool for reading outside a transaction.
func (s *Store) Reads() *sql.DB { return s.reads }

// Dialect tells which database this is.
func (s *Store) Dialect() Dialect { return s.dialect }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.reads.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the %s database: %w", s.dialect, err)
	}
	return nil
}

// Close closes the database. What uses DB must have stopped before.
func (s *Store) Close() error {
	var errs []error
	if s.reads != nil && s.reads != s.db {
		errs = append(errs, s.reads.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}

// ListenerPool opens the pool from which a LISTEN connection to PostgreSQL can be taken; nil on SQLite. The
// caller closes it.
func (s *Store) ListenerPool(ctx context.Context) (*pgxpool.Pool, error) {
	if s.dialect != Postgres {
		return nil, nil
	}
	config, err := pgxpool.ParseConfig(s.url)
	if err != nil {
		return nil, redact("parse the database URL", s.url, err)
	}
	config.MinConns, config.MaxConns = 0, 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, redact("open the listener connection", s.url, err)
	}
	return pool, nil
}

// InTx runs fn in a transaction and commits it if fn returns nil.
func (s *Store) InTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // the first error is the one to tell; a failed rollback closes the connection
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// forUpdate ends a SELECT whose row the transaction goes on to change. On SQLite the transaction already has
// the only writing connection.
func (s *Store) forUpdate() string {
	if s.dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// now is the time as the tables keep it: milliseconds since 1970, the same in both databases.
func now() int64 { return time.Now().UnixMilli() }
