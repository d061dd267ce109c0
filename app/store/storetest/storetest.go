// Package storetest owns the databases that tests run on: a SQLite file in a temporary directory, and a
// PostgreSQL server that it makes, starts and ends itself. Only tests import it.
package storetest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Databases makes new, empty databases of one kind.
type Databases struct {
	// URL makes a database and returns its URL as DATABASE_URL takes it.
	URL func(t *testing.T) string
}

// Each runs a conformance suite on both databases, as the subtests "sqlite" and "postgres". Where PostgreSQL's
// programs are missing, that half is skipped, unless KMS_REVIEW_REQUIRE holds "postgres".
func Each(t *testing.T, suite func(t *testing.T, databases Databases)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		suite(t, Databases{URL: SQLite})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		suite(t, Postgres(t, false))
	})
}

// SQLite returns the URL of a database file that does not exist yet.
func SQLite(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "kms-review.db")
}

// missing skips the test for want of a program, or fails it where the environment demands it.
func missing(t *testing.T, reason string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("KMS_REVIEW_REQUIRE"), ","), "postgres") {
		t.Fatalf("KMS_REVIEW_REQUIRE demands postgres: %s", reason)
	}
	t.Skip(reason)
}
