package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the "sqlite" driver
)

// readers is the number of reading connections: as many reviews as usually run at once.
const readers = 4

func (s *Store) openSQLite(ctx context.Context, path string) error {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return errors.New("the database must be a file (sqlite:PATH): jobs have to survive a restart")
	}
	if strings.ContainsAny(path, "?#") {
		return fmt.Errorf("open the database %q: a path with ? or # is not supported", path)
	}
	// The file holds source code of private repositories: readable by nobody else. SQLite gives its
	// side files the same mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database (does the directory exist and may this user write to it?): %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if s.lock, err = lockFile(ctx, path+".lock"); err != nil {
		return err
	}
	if s.db, err = openCached(dsn(path, "_txlock=immediate", "_pragma=foreign_keys(1)")); err != nil {
		return fmt.Errorf("open the database %q: %w", path, err)
	}
	s.db.SetMaxOpenConns(1)
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("open the database %q (is it a SQLite file?): %w", path, err)
	}
	if s.reads, err = openCached(dsn(path, "_pragma=query_only(1)")); err != nil {
		return fmt.Errorf("open the database %q for reading: %w", path, err)
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	return nil
}

// sqlitePath is the file that "sqlite:PATH" names; sqlite:///var/lib/x.db is a common spelling of sqlite:/var/lib/x.db.
func sqlitePath(url string) string {
	return strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//")
}

func dsn(path string, parameters ...string) string {
	parameters = append(parameters, "_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)", "_pragma=temp_store(MEMORY)")
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return "file:" + escaped + "?" + strings.Join(parameters, "&")
}

// fileLock keeps other processes away from a SQLite database. It is a lock of SQLite itself on an empty file
// beside the database, so it works wherever SQLite does and ends with the process, however that ends.
type fileLock struct {
	db   *sql.DB
	conn *sql.Conn
}

func lockFile(ctx context.Context, path string) (*fileLock, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath())
	if err != nil {
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	if err != nil {
		_ = db.Close() // the error to tell is why there is no lock
		return nil, fmt.Errorf("lock %q: is another kms-review using this database? SQLite serves one process; "+
			"for several use DATABASE_URL=postgres://...: %w", path, err)
	}
	return &fileLock{db: db, conn: conn}, nil
}

func (l *fileLock) release() error {
	_, err := l.conn.ExecContext(context.Background(), "ROLLBACK")
	return errors.Join(err, l.conn.Close(), l.db.Close())
}
