package gh

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The waits that GitHub asks for are believed within these bounds. Without one, its advice is a minute.
// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
const (
	defaultWait = time.Minute
	maxWait     = time.Hour + time.Minute
)

// limits remembers until when an installation must not ask again: for one resource ("core", "graphql") after a
// primary limit, for all ("") after a secondary one.
type limits struct {
	mu      sync.Mutex
	until   map[string]time.Time
	budgets map[string]budget
}

// budget is what GitHub says is left of an hour.
type budget struct {
	limit, remaining int
	reset            time.Time
}

// backgroundShare is the part of an hour's budget, in percent, that what can wait may use up.
const backgroundShare = 60

type waits struct{}

// CanWait is a context for work for which nobody waits: the requests that it makes leave a part of GitHub's budget to the
// others, whatever client makes them.
func CanWait(ctx context.Context) context.Context { return context.WithValue(ctx, waits{}, true) }

func canWait(ctx context.Context) bool { return ctx.Value(waits{}) != nil }

// note remembers what is left of a budget.
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit
func (l *limits) note(resource string, header http.Header) {
	limit, errLimit := strconv.Atoi(header.Get("X-RateLimit-Limit"))
	remaining, errRemaining := strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	reset, errReset := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if errors.Join(errLimit, errRemaining, errReset) != nil {
		return // GitHub Enterprise Server has no limits unless somebody sets them
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budgets == nil {
		l.budgets = map[string]budget{}
	}
	l.budgets[resource] = budget{limit: limit, remaining: remaining, reset: time.Unix(reset, 0)}
}

func (l *limits) check(resource string, background bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.budgets[resource]
	if background && time.Now().Before(b.reset) && b.remaining < b.limit*(100-backgroundShare)/100 {
		return &Limited{Until: clampWait(b.reset)}
	}
	for _, r := range []string{resource, ""} {
		if until := l.until[r]; time.Now().Before(until) {
			return &Limited{Until: until}
		}
	}
	return nil
}

// block remembers a limit. One with no requests remaining is primary and concerns its resource alone.
func (l *limits) block(resource string, until time.Time, resp *http.Response) *Limited {
	if resp.Header.Get("X-RateLimit-Remaining") != "0" {
		resource = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]time.Time{}
	}
	l.until[resource] = until
	return &Limited{Until: until}
}

// limitOf tells whether an error answer is a rate limit, and until when: retry-after in seconds, else the reset
// time where nothing remains, else a minute.
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
func limitOf(resp *http.Response, message string) (time.Time, bool) {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return time.Time{}, false
	}
	header := resp.Header
	exhausted := header.Get("X-RateLimit-Remaining") == "0"
	secondary := limitMessage(message)
	if !exhausted && !secondary && header.Get("Retry-After") == "" && resp.StatusCode == http.StatusForbidden {
		return time.Time{}, false // a missing permission, not a limit
	}
	return waitOf(header, exhausted), true
}

func waitOf(header http.Header, exhausted bool) time.Time {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		return clampWait(time.Now().Add(time.Duration(min(max(seconds, 0), 86400)) * time.Second))
	}
	if reset, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil && exhausted {
		return clampWait(time.Unix(reset, 0))
	}
	return time.Now().Add(defaultWait)
}

func limitMessage(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "secondary rate limit") || strings.Contains(message, "abuse detection") ||
		strings.Contains(message, "rate limit exceeded")
}

// clampWait keeps a moment within what is sensible: a clock that differs from GitHub's must lead neither to
// hammering nor to a job that sleeps for a day.
func clampWait(until time.Time) time.Time {
	now := time.Now()
	if until.Before(now.Add(time.Second)) {
		return now.Add(time.Second)
	}
	if until.After(now.Add(maxWait)) {
		return now.Add(maxWait)
	}
	return until
}
