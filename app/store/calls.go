package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// CallMap says of which commit the stored calls of a repository's default branch are, and how much of it is missing.
type CallMap struct {
	Commit string // as GitHub names the tree of the default branch's head
	Unread int    // configuration files that are not in the map yet, or as they were before
	Cut    bool   // GitHub did not list all files
}

// Whole tells whether every caller is in the map.
func (m CallMap) Whole() bool { return m.Unread == 0 && !m.Cut }

// CallingFile is a configuration file with the directories whose modules it calls, all relative to the repository's
// root, which is ".".
type CallingFile struct {
	Path, SHA string
	Callees   []string
}

// CallMap reads the state of a repository's map; found is false if it never had one.
func (s *Store) CallMap(ctx context.Context, repoID int64) (m CallMap, found bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT commit_sha, unread, cut FROM call_maps WHERE repo_id = $1", repoID).
		Scan(&m.Commit, &m.Unread, &m.Cut)
	if errors.Is(err, sql.ErrNoRows) {
		return CallMap{}, false, nil
	}
	if err != nil {
		return CallMap{}, false, fmt.Errorf("read the state of the calls of repository %d: %w", repoID, err)
	}
	return m, true, nil
}

// CallingFiles gives the blobs of the files in a repository's map, by path.
func (s *Store) CallingFiles(ctx context.Context, repoID int64) (map[string]string, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT DISTINCT path, sha FROM calls WHERE repo_id = $1", repoID)
	if err != nil {
		return nil, fmt.Errorf("list the calling files of repository %d: %w", repoID, err)
	}
	files, err := collect(rows, func(f *CallingFile) []any { return []any{&f.Path, &f.SHA} })
	shas := make(map[string]string, len(files))
	for _, f := range files {
		shas[f.Path] = f.SHA
	}
	return shas, err
}

// Callers lists the directories, sorted, that call one of the given directories themselves.
func (s *Store) Callers(ctx context.Context, repoID int64, callees []string) ([]string, error) {
	var callers []string
	for batch := range slices.Chunk(callees, shaBatch) {
		rows, err := s.reads.QueryContext(ctx, `SELECT DISTINCT dir FROM calls
			WHERE repo_id = $1 AND callee IN (`+placeholders(2, len(batch))+")", arguments(batch, repoID)...)
		if err != nil {
			return nil, fmt.Errorf("look for callers in repository %d: %w", repoID, err)
		}
		dirs, err := collect(rows, func(dir *string) []any { return []any{dir} })
		if err != nil {
			return nil, err
		}
		callers = append(callers, dirs...)
	}
	slices.Sort(callers)
	return slices.Compact(callers), nil
}

// SaveCalls replaces what is known of the read files, forgets the gone ones, and says what the map is now. before is
// the commit of the map that read and gone were compared with ("" for none): where another process has replaced that
// one meanwhile, nothing is saved, and saved is false.
func (s *Store) SaveCalls(ctx context.Context, repoID int64, before string, m CallMap, read []CallingFile, gone []string) (saved bool, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		if saved, err = s.lockCalls(ctx, tx, repoID, before); err != nil || !saved {
			return err
		}
		if err := deleteCalls(ctx, tx, repoID, read, gone); err != nil {
			return err
		}
		if err := insertCalls(ctx, tx, repoID, read); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE call_maps SET commit_sha = $2, unread = $3, cut = $4, updated_at = $5
			WHERE repo_id = $1`, repoID, m.Commit, m.Unread, m.Cut, now())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("save the calls of repository %d: %w", repoID, err)
	}
	return saved, nil
}

// lockCalls makes the map's row, if there is none, and tells whether it still is of the given commit. Others wait
// for the row until the transaction ends.
func (s *Store) lockCalls(ctx context.Context, tx *sql.Tx, repoID int64, before string) (same bool, err error) {
	_, err = tx.ExecContext(ctx, `INSERT INTO call_maps (repo_id, commit_sha, unread, cut, updated_at)
		VALUES ($1, '', 0, false, $2) ON CONFLICT (repo_id) DO NOTHING`, repoID, now())
	if err != nil {
		return false, err
	}
	var commit string
	err = tx.QueryRowContext(ctx, "SELECT commit_sha FROM call_maps WHERE repo_id = $1"+s.forUpdate(), repoID).Scan(&commit)
	return commit == before, err
}

func deleteCalls(ctx context.Context, tx *sql.Tx, repoID int64, read []CallingFile, gone []string) error {
	paths := slices.Clone(gone)
	for _, f := range read {
		paths = append(paths, f.Path)
	}
	for batch := range slices.Chunk(paths, shaBatch) {
		_, err := tx.ExecContext(ctx, "DELETE FROM calls WHERE repo_id = $1 AND path IN ("+placeholders(2, len(batch))+")",
			arguments(batch, repoID)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// insertCalls writes many rows in a statement: the first map of a large repository has thousands, and on PostgreSQL
// each statement is a round trip.
func insertCalls(ctx context.Context, tx *sql.Tx, repoID int64, read []CallingFile) error {
	type row struct{ path, sha, callee string }
	var rows []row
	for _, f := range read {
		if len(f.Callees) == 0 {
			rows = append(rows, row{f.Path, f.SHA, ""})
		}
		for _, callee := range f.Callees {
			rows = append(rows, row{f.Path, f.SHA, callee})
		}
	}
	for batch := range slices.Chunk(rows, shaBatch) {
		values := make([]string, 0, len(batch))
		args := []any{repoID}
		for _, r := range batch {
			values = append(values, "($1, "+placeholders(len(args)+1, 4)+")")
			args = append(args, r.path, path.Dir(r.path), r.sha, r.callee)
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO calls (repo_id, path, dir, sha, callee) VALUES "+
			strings.Join(values, ", ")+" ON CONFLICT (repo_id, path, callee) DO NOTHING", args...)
		if err != nil {
			return err
		}
	}
	return nil
}
