package gh

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts requests by class of route and status, and shows what remains of the rate limit.
type metrics struct {
	requests  *prometheus.CounterVec
	remaining *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kms_review_github_requests_total",
			Help: "Requests to GitHub by class of route and status (0: no answer).",
		}, []string{"route", "status"}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kms_review_github_rate_remaining",
			Help: "Requests left in GitHub's current window, by installation and resource.",
		}, []string{"installation", "resource"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, collector := range []prometheus.Collector{m.requests, m.remaining} {
		if err := registry.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) observe(holder string, req *http.Request, resp *http.Response) {
	status := 0
	if resp != nil {
		status = resp.StatusCode
		if left, err := strconv.Atoi(resp.Header.Get("X-RateLimit-Remaining")); err == nil {
			m.remaining.WithLabelValues(holder, resourceOf(req.URL.Path)).Set(float64(left))
		}
	}
	m.requests.WithLabelValues(routeOf(req.Method, req.URL.Path), strconv.Itoa(status)).Inc()
}

// resourceOf names the budget that a path draws on.
func resourceOf(path string) string {
	if strings.HasSuffix(path, "/graphql") {
		return "graphql"
	}
	if path = strings.TrimPrefix(path, "/api/v3"); path == "/app" || strings.HasPrefix(path, "/app/") {
		return "app" // asked with the App's JWT, tokens for installations among it: a budget of its own
	}
	return "core"
}

// routes are the third segments below /repos/OWNER/NAME that have a class of their own. Names of repositories
// and people in a label would make a series of each.
var routes = map[string]bool{
	"check-runs": true, "check-suites": true, "collaborators": true, "commits": true, "compare": true, "contents": true,
	"git": true, "issues": true, "pulls": true,
}

func routeOf(method, path string) string {
	path = strings.TrimPrefix(path, "/api/v3")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case resourceOf(path) == "graphql":
		return "graphql"
	case strings.HasSuffix(path, "/access_tokens"):
		return "token"
	case segments[0] == "app":
		return method + " app"
	case segments[0] == "repos" && len(segments) == 3:
		return method + " repository"
	case segments[0] == "repos" && len(segments) > 3 && routes[segments[3]]:
		return method + " " + segments[3]
	}
	return method + " other"
}
