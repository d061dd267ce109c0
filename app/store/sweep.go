package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// GitHub forgets deliveries after at most 30 days, so an older GUID cannot come again.
	// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
	deliveryRetention = 45 * 24 * time.Hour
	pullRetention     = 180 * 24 * time.Hour
	fixedRetention    = 31 * 24 * time.Hour
	// What a job reads while its repository is removed is kept after everything else of it was deleted.
	strayRetention = time.Hour
	dayRetention   = 800 // days: two years, for who compares with the year before
)

// Sweep deletes what is too old to matter and brings the caches below their bound. Nothing in the database
// grows without end because of it; it is called about once an hour.
func (s *Store) Sweep(ctx context.Context) error {
	deliveries := now() - deliveryRetention.Milliseconds()
	pulls := now() - pullRetention.Milliseconds()
	for _, sweep := range []struct {
		table, where string
		before       int64
	}{
		{"deliveries", "received_at < $1", deliveries},
		{"pulls", "updated_at < $1 AND job_id = 0", pulls},
		{"published", "updated_at < $1", pulls},
		{"folded", "updated_at < $1", pulls},
		{"call_maps", "updated_at < $1", pulls},
		{"quieted", "updated_at < $1", pulls},
		{"posture_findings", "fixed_at > 0 AND fixed_at < $1", now() - fixedRetention.Milliseconds()},
		{"posture_days", "day < $1", dayNumber(time.Now()) - dayRetention},
	} {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM "+sweep.table+" WHERE "+sweep.where, sweep.before); err != nil {
			return fmt.Errorf("sweep %s: %w", sweep.table, err)
		}
	}
	stray := now() - strayRetention.Milliseconds()
	for table, used := range map[string]string{"blobs": "used_at", "listings": "used_at", "call_maps": "updated_at"} {
		_, err := s.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+used+" < $1 AND repo_id NOT IN (SELECT repo_id FROM repositories)", stray)
		if err != nil {
			return fmt.Errorf("sweep %s of repositories that are gone: %w", table, err)
		}
	}
	for _, table := range []string{"blobs", "listings"} {
		if err := s.evict(ctx, table); err != nil {
			return err
		}
	}
	return nil
}
