//go:build !unix

package storetest

import "testing"

// Postgres is not available on this system: the server needs a unix socket here.
func Postgres(t *testing.T, _ bool) Databases {
	t.Helper()
	missing(t, "tests start PostgreSQL on Unix systems only")
	return Databases{}
}
