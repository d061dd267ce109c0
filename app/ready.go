package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

// How long GitHub's word on who we are is believed: a probe every few seconds must not eat the rate limit, nor must a
// stranger who asks all the time.
const (
	confirmedFor = time.Minute
	refusedFor   = 2 * time.Second
)

// readiness answers GET /readyz: 200 if the database answers and GitHub knows the App by its key, else 503 with
// the reason. An App that GitHub has confirmed stays ready while GitHub cannot be reached: whoever takes an unready
// process out of service would lose the deliveries that it could have stored.
type readiness struct {
	store *store.Store
	app   *gh.App

	mu        sync.Mutex
	asked     time.Time
	confirmed bool
	refused   error // of the last time; nil: none
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), 5*time.Second) // others get the answer too
	defer cancel()
	if err := r.check(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

func (r *readiness) check(ctx context.Context) error {
	if err := r.store.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	believed := confirmedFor
	if r.refused != nil {
		believed = refusedFor
	}
	if time.Since(r.asked) > believed {
		r.ask(ctx)
	}
	return r.refused
}

// ask lets GitHub confirm the identity. The caller holds r.mu.
func (r *readiness) ask(ctx context.Context) {
	_, _, err := r.app.JWTClient().Apps.Get(ctx, "")
	status := gh.Status(err)
	r.asked = time.Now()
	switch {
	case err == nil:
		r.confirmed, r.refused = true, nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, !r.confirmed:
		r.refused = fmt.Errorf("GitHub does not confirm the App's identity (status %d): check GITHUB_APP_ID and the private key", status)
	}
}
