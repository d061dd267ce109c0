package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

// identityFor is how long GitHub's word on who we are is believed: a probe every few seconds must not eat the
// rate limit.
const identityFor = time.Minute

// readiness answers GET /readyz: 200 if the database answers and GitHub knows the App by its key, else 503 with
// the reason.
type readiness struct {
	store *store.Store
	app   *gh.App

	mu      sync.Mutex
	checked time.Time
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), 5*time.Second)
	defer cancel()
	if err := r.check(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

func (r *readiness) check(ctx context.Context) error {
	if err := r.store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.checked) > identityFor {
		if _, _, err := r.app.JWTClient().Apps.Get(ctx, ""); err != nil {
			return fmt.Errorf("GitHub does not confirm the App's identity (status %d): check GITHUB_APP_ID and the private key", gh.Status(err))
		}
		r.checked = time.Now()
	}
	return nil
}
