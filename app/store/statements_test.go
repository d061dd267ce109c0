package store_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/kms-review/kms-review/app/store/storetest"
)

// TestStatementsAreReused reads with the same text while its rows are still open, and with more texts than a
// connection keeps: neither may disturb the other's rows.
func TestStatementsAreReused(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.SQLite(t))
	const query = "SELECT value FROM json_each($1)"
	inTx(t, s, func(tx *sql.Tx) error {
		outer, err := tx.QueryContext(t.Context(), query, "[1,2,3]")
		if err != nil {
			return err
		}
		defer func() { _ = outer.Close() }()
		sum := 0
		for outer.Next() {
			var a int
			if err := outer.Scan(&a); err != nil {
				return err
			}
			for i := range 200 { // 600 texts in all
				var b int
				other := fmt.Sprintf("SELECT value + %d FROM json_each($1) LIMIT 1", 1000*a+i)
				if err := tx.QueryRowContext(t.Context(), other, "[0]").Scan(&b); err != nil || b != 1000*a+i {
					t.Fatalf("%s gives %d, %v", other, b, err)
				}
			}
			var again int
			if err := tx.QueryRowContext(t.Context(), query, "[10]").Scan(&again); err != nil {
				return err
			}
			sum += a + again
		}
		if sum != 36 {
			t.Errorf("the sum is %d, want 36", sum)
		}
		return outer.Err()
	})
	for range 3 { // an error leaves the statement usable
		if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO installations (id, account, complete, updated_at) VALUES ($1, $2, $3, $4)", 1, nil, true, 0); err == nil {
			t.Error("a row without an account was inserted")
		}
	}
	if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO installations (id, account, complete, updated_at) VALUES ($1, $2, $3, $4)", 1, "a", true, 0); err != nil {
		t.Error(err)
	}
	if _, err := s.DB().ExecContext(t.Context(), "SELECT nothing FROM nowhere"); err == nil {
		t.Error("nonsense was prepared")
	}
}
