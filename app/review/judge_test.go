package review

import (
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/source/github"
)

// stuck is a tree whose files answer only when the test is over, as a hostile file does to a parser.
type stuck struct {
	fs.FS
	over chan struct{}
}

func (s stuck) Open(name string) (fs.File, error) {
	<-s.over
	return s.FS.Open(name)
}

// broken is a tree that panics.
type broken struct{ fs.FS }

func (broken) Open(string) (fs.File, error) { panic("out of order") }

func judged(t *testing.T, head fs.FS, bound time.Duration) error {
	t.Helper()
	r := &Reviewer{log: slog.New(slog.DiscardHandler), bound: bound, analyses: make(chan struct{}, 1)}
	c := change.Change{Base: fstest.MapFS{}, Head: head, Files: []change.File{{Path: "main.tf", Status: change.Added}}}
	_, err := r.judge(t.Context(), nil, github.Fetched{Change: c}, settings.Default(), time.Now())
	return err
}

// TestAnalysisIsBounded: an analysis that does not end is not waited for.
func TestAnalysisIsBounded(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	if err := judged(t, stuck{fstest.MapFS{}, over}, 10*time.Millisecond); !errors.Is(err, errTooLong) {
		t.Errorf("error %v, want that it took too long", err)
	}
}

// TestPanicIsOneReviewsError: it would end the process otherwise.
func TestPanicIsOneReviewsError(t *testing.T) {
	t.Parallel()
	if err := judged(t, broken{fstest.MapFS{}}, time.Minute); err == nil || !strings.Contains(err.Error(), "panic: out of order") {
		t.Errorf("error %v, want the panic", err)
	}
}
