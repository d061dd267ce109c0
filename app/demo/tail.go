package demo

import (
	"strings"
	"sync"
)

// tail keeps the last lines that were written to it.
type tail struct {
	limit int

	mu   sync.Mutex
	kept []string
}

// Write takes whole lines, as slog's handlers write them.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, strings.TrimSuffix(string(p), "\n"))
	t.kept = t.kept[max(0, len(t.kept)-t.limit):]
	return len(p), nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.kept...)
}
