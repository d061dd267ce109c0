package app_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

// TestProbes: what an orchestrator and Prometheus ask.
func TestProbes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	public, metrics := "http://"+w.app.Addr().String(), "http://"+w.app.MetricsAddr().String()
	for _, c := range []struct {
		url    string
		status int
		body   string
	}{
		{public + "/healthz", http.StatusOK, "ok"},
		{public + "/readyz", http.StatusOK, "ready"},
		{public + "/metrics", http.StatusNotFound, ""},
		{public + "/webhook", http.StatusMethodNotAllowed, "POST"},
		{metrics + "/metrics", http.StatusOK, `kms_review_webhook_requests_total{event="installation",status="202"} 1`},
	} {
		if status, body := get(t, c.url); status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("GET %s: %d %q, want %d with %q", c.url, status, body, c.status, c.body)
		}
	}
}

// TestNotReady: an App that GitHub does not know is alive, and says why it is not ready.
func TestNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.sim.Fail(simulator.Fault{Method: http.MethodGet, PathPattern: regexp.MustCompile(`^/app$`), Status: http.StatusUnauthorized, Times: 1})
	public := "http://" + w.app.Addr().String()
	if status, _ := get(t, public+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d, want 200", status)
	}
	if status, body := get(t, public+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "GITHUB_APP_ID") {
		t.Errorf("readyz: %d %q, want 503 that says what to check", status, body)
	}
	w.eventually("readyz is 200 once GitHub knows the App", func() bool {
		status, _ := get(t, public+"/readyz")
		return status == http.StatusOK
	})
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
