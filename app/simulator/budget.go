package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// rateLimit is the hourly budget of an installation without the extra for many repositories and users.
// Source: docs:rest/using-the-rest-api/rate-limits-for-the-rest-api.
const rateLimit = 5000

// budget is what one who asks may ask of a resource until it is whole again.
type budget struct {
	used  int
	reset time.Time
}

// SetBudget gives everybody so many requests of a resource ("core", "graphql") in a time, beginning now, instead of 5000 in
// an hour.
func (s *Simulator) SetBudget(requests int, window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.window, s.budgets = requests, window, map[string]*budget{}
}

// budget finds what is left to somebody. Resets are told in whole seconds.
func (s *Simulator) budget(resource, holder string) *budget {
	key := resource + " " + holder
	b := s.budgets[key]
	if b == nil || !s.now().Before(b.reset) {
		b = &budget{reset: s.now().Add(s.window).Truncate(time.Second).Add(time.Second)}
		s.budgets[key] = b
	}
	return b
}

// holder is whose budget a request uses up: an installation's, whatever the token, or the App's.
func (c *call) holder() string {
	if c.token == nil {
		return "app"
	}
	return decimal(c.token.installation.id)
}

func (s *Simulator) rateHeaders(h http.Header, resource, holder string) {
	b := s.budget(resource, holder)
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.limit-b.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", resource)
}

// exhausted is GitHub's answer to whoever asks beyond a budget; GraphQL's comes with status 200. Source:
// docs:graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit.
func exhausted(resource string) reply {
	const message = "API rate limit exceeded for installation."
	if resource == "graphql" {
		return ok(object{"errors": []object{{"type": "RATE_LIMITED", "message": message}}})
	}
	return failure(http.StatusForbidden, message)
}
