package store_test

import (
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
)

// A report is read while the App serves and writes.
func TestReadsBesideAServingProcess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, databases storetest.Databases) {
		url := databases.URL(t)
		serving := open(t, url)
		reading, err := store.OpenReads(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := reading.Close(); err != nil {
				t.Error(err)
			}
		})
		err = serving.InTx(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "UPDATE installations SET account = account"); err != nil {
				return err
			}
			_, _, err := reading.Repositories(t.Context(), 1) // a writer that is not done holds no reader up
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := serving.SaveInstallation(t.Context(), 1, "acme", []store.Repository{{ID: 1, Owner: "acme", Name: "infra"}}); err != nil {
			t.Fatal(err)
		}
		if repositories, known, err := reading.Repositories(t.Context(), 1); err != nil || !known || len(repositories) != 1 {
			t.Errorf("got %v, %v, %v", repositories, known, err)
		}
		if err := reading.SaveInstallation(t.Context(), 2, "other", nil); err == nil {
			t.Error("what is opened for reading was written to")
		}
	})
}

func TestOpenReadsSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"mysql://x": "must be sqlite:PATH or postgres://",
		"sqlite:" + filepath.Join(dir, "none.db"): "no such file",
		"sqlite:" + text:             "is it a SQLite file",
		"sqlite:" + foreign:          "has `kms-review serve` ever used it?",
		"sqlite:" + versioned(t, -1): "is of an older kms-review",
		"sqlite:" + versioned(t, 1):  "is of a newer kms-review",
	} {
		if s, err := store.OpenReads(t.Context(), url); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v %v, want %q", url, s, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("the database was made")
	}
}

// versioned is a database whose schema says that it is of another version.
func versioned(t *testing.T, by int) string {
	t.Helper()
	url := storetest.SQLite(t)
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	query := "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)"
	if by > 0 {
		query = "INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, true FROM goose_db_version"
	}
	if _, err := s.DB().ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(url, "sqlite:")
}
