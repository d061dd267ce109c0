package queue

import (
	"context"
	"sync"

	"github.com/kms-review/kms-review/app/store"
)

// reviews are the reviews that run in this process, so that news about a pull request can end one.
type reviews struct {
	mu      sync.Mutex
	running map[int64]*review // by job
}

// review is one that runs. It is entered before its row is read: news that is committed in between is kept in
// latest and compared when the row is known, or it would be missed.
type review struct {
	repoID int64
	number int
	cancel context.CancelCauseFunc
	known  bool
	began  store.Pull
	latest store.Pull
}

// begin enters a review. The returned context is done, with ErrSuperseded as its cause, when the review has
// become pointless. end must be called.
func (r *reviews) begin(ctx context.Context, job, repoID int64, number int) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[job] = &review{repoID: repoID, number: number, cancel: cancel}
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.running, job)
		cancel(nil)
	}
}

// read says which row the review works on.
func (r *reviews) read(job int64, row store.Pull) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.running[job]
	v.known, v.began = true, row
	v.check()
}

// observe takes news about a pull request.
func (r *reviews) observe(row store.Pull) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.running {
		if v.repoID == row.RepoID && v.number == row.Number && row.Generation > v.latest.Generation {
			v.latest = row
			v.check()
		}
	}
}

// check ends the review if it began before a newer head or a closing was known. Other news (a recheck, a new
// base) leaves it alone: its result is still one about this head, and the next job follows.
func (v *review) check() {
	newer := v.known && v.latest.Generation > v.began.Generation
	if newer && (v.latest.HeadSHA != v.began.HeadSHA || v.latest.Closed && !v.began.Closed) {
		v.cancel(ErrSuperseded)
	}
}
