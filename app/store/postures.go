package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Facts are what GitHub says about a repository without its contents.
type Facts struct {
	RepoID      int64
	NodeID      string
	Owner, Name string
	Private     bool
	Archived    bool
	Branch      string // the default one
}

// Posture is how the default branch of a repository stands.
type Posture struct {
	Facts
	InstallationID int64
	Head           string // of the default branch, when it was looked at last; "" where it has no commit
	State          string // "scanned", or why it is not
	Reason         string // one sentence, where State does not say it all
	Terraform      bool   // there is, or was, Terraform in it, whatever GitHub counts as languages
	Commit, Tree   string // what was scanned
	Judged         string // digest of what the findings depend on besides the tree
	Expires        time.Time
	FirstScanned   time.Time
	Scanned        time.Time
	Result         []byte // what else was found; the store does not look into it
}

const postureColumns = `repo_id, installation_id, node_id, owner, name, private, archived, branch, head_sha, state, reason,
	terraform, commit_sha, tree_sha, judged, expires_at, first_scanned_at, scanned_at, result`

// times are milliseconds on their way into time.Time.
type postureRow struct {
	Posture
	expires, first, scanned int64
}

func (r *postureRow) fields() []any {
	p := &r.Posture
	return []any{&p.RepoID, &p.InstallationID, &p.NodeID, &p.Owner, &p.Name, &p.Private, &p.Archived, &p.Branch, &p.Head, &p.State,
		&p.Reason, &p.Terraform, &p.Commit, &p.Tree, &p.Judged, &r.expires, &r.first, &r.scanned, &p.Result}
}

func (r *postureRow) posture() Posture {
	p := r.Posture
	p.Expires, p.FirstScanned, p.Scanned = moment(r.expires), moment(r.first), moment(r.scanned)
	return p
}

// moment is the time of a column in which 0 means none.
func moment(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// SaveFacts records repositories of an installation. Those that are new wait to be scanned; of the others, the rest of
// the row stays.
func (s *Store) SaveFacts(ctx context.Context, installationID int64, all []Facts) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b Facts) int { return cmp.Compare(a.RepoID, b.RepoID) }) // as others lock them
	return s.InTx(ctx, func(tx *sql.Tx) error {
		for _, f := range all {
			_, err := tx.ExecContext(ctx, `INSERT INTO postures AS p (repo_id, installation_id, node_id, owner, name, private,
				archived, branch, state, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9)
				ON CONFLICT (repo_id) DO UPDATE SET installation_id = excluded.installation_id,
				node_id = CASE WHEN excluded.node_id = '' THEN p.node_id ELSE excluded.node_id END,
				owner = excluded.owner, name = excluded.name, private = excluded.private, archived = excluded.archived,
				branch = CASE WHEN excluded.branch = '' THEN p.branch ELSE excluded.branch END, updated_at = excluded.updated_at`,
				f.RepoID, installationID, f.NodeID, f.Owner, f.Name, f.Private, f.Archived, f.Branch, now())
			if err != nil {
				return fmt.Errorf("record repository %d: %w", f.RepoID, err)
			}
			_, err = tx.ExecContext(ctx, "UPDATE repositories SET owner = $3, name = $4, private = $5 WHERE installation_id = $1 AND repo_id = $2",
				installationID, f.RepoID, f.Owner, f.Name, f.Private)
			if err != nil {
				return fmt.Errorf("rename repository %d: %w", f.RepoID, err)
			}
		}
		return nil
	})
}

// Posture reads how a repository stands.
func (s *Store) Posture(ctx context.Context, repoID int64) (p Posture, found bool, err error) {
	var row postureRow
	err = s.reads.QueryRowContext(ctx, "SELECT "+postureColumns+" FROM postures WHERE repo_id = $1", repoID).Scan(row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return Posture{}, false, nil
	}
	if err != nil {
		return Posture{}, false, fmt.Errorf("read how repository %d stands: %w", repoID, err)
	}
	return row.posture(), true, nil
}

// Postures lists how the repositories of an installation stand, by name.
func (s *Store) Postures(ctx context.Context, installationID int64) ([]Posture, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT "+postureColumns+" FROM postures WHERE installation_id = $1 ORDER BY owner, name, repo_id", installationID)
	if err != nil {
		return nil, fmt.Errorf("read how installation %d stands: %w", installationID, err)
	}
	all, err := collect(rows, func(r *postureRow) []any { return r.fields() })
	if err != nil {
		return nil, fmt.Errorf("read how installation %d stands: %w", installationID, err)
	}
	postures := make([]Posture, 0, len(all))
	for _, row := range all {
		postures = append(postures, row.posture())
	}
	return postures, nil
}

// Look is a look at a repository that brought no scan.
type Look struct {
	Posture
	Gone bool // there is nothing to scan any more, so nothing of an earlier scan stays
}

// SaveLooks records looks at repositories that brought no scan: there is nothing to scan, nothing has changed, or it
// went wrong. Of each, State, Reason, Head, Terraform, Commit and Scanned are taken.
func (s *Store) SaveLooks(ctx context.Context, looks []Look) error {
	looks = slices.SortedFunc(slices.Values(looks), func(a, b Look) int { return cmp.Compare(a.RepoID, b.RepoID) })
	for batch := range slices.Chunk(looks, lookBatch) {
		err := s.InTx(ctx, func(tx *sql.Tx) error {
			for _, look := range batch {
				if err := saveLook(ctx, tx, look); err != nil {
					return fmt.Errorf("record a look at repository %d: %w", look.RepoID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lookBatch is how many are recorded together: with more, a webhook waits too long for SQLite's one writer.
const lookBatch = 200

func saveLook(ctx context.Context, tx *sql.Tx, look Look) error {
	_, err := tx.ExecContext(ctx, `UPDATE postures SET state = $2, reason = $3, head_sha = $4, terraform = $5,
		commit_sha = $6, scanned_at = $7, updated_at = $8 WHERE repo_id = $1`,
		look.RepoID, look.State, look.Reason, look.Head, look.Terraform, look.Commit, milliseconds(look.Scanned), now())
	if err != nil || !look.Gone {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE postures SET commit_sha = '', tree_sha = '', judged = '', expires_at = 0, critical = 0,
		high = 0, medium = 0, low = 0, waived = 0, result = NULL WHERE repo_id = $1`, look.RepoID)
	for _, table := range []string{"posture_findings", "posture_parts"} {
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE repo_id = $1", look.RepoID)
		}
	}
	return err
}

// SeeTerraform records that there is Terraform in a repository, whatever GitHub counts.
func (s *Store) SeeTerraform(ctx context.Context, repoID int64) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE postures SET terraform = $2 WHERE repo_id = $1", repoID, true); err != nil {
		return fmt.Errorf("record that repository %d has Terraform: %w", repoID, err)
	}
	return nil
}
