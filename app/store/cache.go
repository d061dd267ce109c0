package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

const (
	maxCachedBlob = 8 << 20   // one huge file must not push a thousand modules out
	touchAfter    = time.Hour // how stale a last use may get: a write for each read would cost more than it tells
	shaBatch      = 200       // names in one query; SQLite takes 32766 parameters, plans get slow long before
)

// Blobs returns the cached contents of a repository's blobs by their SHA-1; those it does not have are missing
// from the map.
func (s *Store) Blobs(ctx context.Context, repoID int64, shas []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(shas))
	var stale []string
	for batch := range slices.Chunk(shas, shaBatch) {
		rows, err := s.reads.QueryContext(ctx, `SELECT sha, content, used_at FROM blobs
			WHERE repo_id = $1 AND sha IN (`+placeholders(2, len(batch))+")", arguments(batch, repoID)...)
		if err != nil {
			return nil, fmt.Errorf("read cached blobs: %w", err)
		}
		type blob struct {
			sha     string
			content []byte
			usedAt  int64
		}
		blobs, err := collect(rows, func(b *blob) []any { return []any{&b.sha, &b.content, &b.usedAt} })
		if err != nil {
			return nil, err
		}
		for _, b := range blobs {
			if b.content == nil {
				b.content = []byte{} // SQLite gives an empty blob back as nil
			}
			found[b.sha] = b.content
			if b.usedAt < now()-touchAfter.Milliseconds() {
				stale = append(stale, b.sha)
			}
		}
	}
	for batch := range slices.Chunk(stale, shaBatch) {
		_, err := s.db.ExecContext(ctx, `UPDATE blobs SET used_at = $1 WHERE repo_id = $2 AND sha IN (`+
			placeholders(3, len(batch))+")", arguments(batch, now(), repoID)...)
		if err != nil {
			return nil, fmt.Errorf("note the use of cached blobs: %w", err)
		}
	}
	return found, nil
}

// PutBlobs adds contents to the cache, by their SHA-1. Very large ones are left out. What was not used for the
// longest time makes room.
func (s *Store) PutBlobs(ctx context.Context, repoID int64, blobs map[string][]byte) error {
	shas := make([]string, 0, len(blobs))
	for sha, content := range blobs {
		if len(content) <= maxCachedBlob {
			shas = append(shas, sha)
		}
	}
	if len(shas) == 0 {
		return nil
	}
	slices.Sort(shas) // one order for all: two replicas that add the same files must not wait for each other in a ring
	size := int64(0)
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		for _, sha := range shas {
			content := blobs[sha]
			if content == nil {
				content = []byte{} // nil would be NULL
			}
			size += int64(len(content))
			_, err := tx.ExecContext(ctx, `INSERT INTO blobs (repo_id, sha, content, size, used_at)
				VALUES ($1, $2, $3, $4, $5) ON CONFLICT (repo_id, sha) DO NOTHING`,
				repoID, sha, content, len(content), now())
			if err != nil {
				return fmt.Errorf("cache blob %s: %w", sha, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.added(ctx, size)
}

// Entry is an entry of a directory of a commit.
type Entry struct {
	Name string
	SHA  string // of the blob or tree; of a submodule, its commit
	Mode int    // git's: 0o100644 and 0o100755 file, 0o120000 symlink, 0o040000 directory, 0o160000 submodule
	Size int64  // bytes of a file
}

// Listing returns a cached listing of a directory ("" is the root) of a commit.
func (s *Store) Listing(ctx context.Context, repoID int64, commit, dir string) ([]Entry, bool, error) {
	var content []byte
	var usedAt int64
	err := s.reads.QueryRowContext(ctx, `SELECT content, used_at FROM listings
		WHERE repo_id = $1 AND commit_sha = $2 AND dir = $3`, repoID, commit, dir).Scan(&content, &usedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	var entries []Entry
	if err == nil {
		err = json.Unmarshal(content, &entries)
	}
	if err == nil && usedAt < now()-touchAfter.Milliseconds() {
		_, err = s.db.ExecContext(ctx, `UPDATE listings SET used_at = $4
			WHERE repo_id = $1 AND commit_sha = $2 AND dir = $3`, repoID, commit, dir, now())
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the cached listing of %q: %w", dir, err)
	}
	return entries, true, nil
}

// PutListing caches a listing. An empty one says that the directory does not exist or is empty.
func (s *Store) PutListing(ctx context.Context, repoID int64, commit, dir string, entries []Entry) error {
	content, err := json.Marshal(entries)
	if err == nil {
		_, err = s.db.ExecContext(ctx, `INSERT INTO listings (repo_id, commit_sha, dir, content, size, used_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repo_id, commit_sha, dir) DO NOTHING`,
			repoID, commit, dir, content, len(content), now())
	}
	if err != nil {
		return fmt.Errorf("cache the listing of %q: %w", dir, err)
	}
	return s.added(ctx, int64(len(content)))
}

// added evicts once in a while: each eviction sums up the cache, so it waits until a sixteenth of it is new.
func (s *Store) added(ctx context.Context, bytes int64) error {
	if s.cacheAdded.Add(bytes) < s.cacheLimit/16 {
		return nil
	}
	s.cacheAdded.Store(0)
	for _, table := range []string{"blobs", "listings"} {
		if err := s.evict(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// evict deletes what was not used for the longest time until the rest fits. The running sum comes from an index.
func (s *Store) evict(ctx context.Context, table string) error {
	var horizon sql.NullInt64
	err := s.reads.QueryRowContext(ctx, `SELECT max(used_at) FROM (
		SELECT used_at, sum(size) OVER (ORDER BY used_at DESC) AS total FROM `+table+`) AS newest
		WHERE total > $1`, s.cacheLimit).Scan(&horizon)
	if err == nil && horizon.Valid {
		var result sql.Result
		result, err = s.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE used_at <= $1", horizon.Int64)
		if err == nil {
			rows, _ := result.RowsAffected() // both drivers know it
			s.log.DebugContext(ctx, "cache evicted", slog.String("table", table), slog.Int64("rows", rows))
		}
	}
	if err != nil {
		return fmt.Errorf("evict from %s: %w", table, err)
	}
	return nil
}

func placeholders(first, count int) string {
	var b strings.Builder
	for i := range count {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

func arguments(names []string, first ...any) []any {
	for _, name := range names {
		first = append(first, name)
	}
	return first
}
