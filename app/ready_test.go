package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
	"github.com/kms-review/kms-review/app/store"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	sim := conformance.Start(t)
	id, key, _ := sim.App()
	log := slog.New(slog.DiscardHandler)
	identity, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "app.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	r := &readiness{store: st, app: identity}
	fail := func(status int) {
		sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile(`^/app$`), Status: status, Body: `{"message":"no"}`})
	}
	expect := func(status int, text string) {
		t.Helper()
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		if answer.Code != status || !strings.Contains(answer.Body.String(), text) {
			t.Errorf("answered %d %q, want %d with %q", answer.Code, answer.Body, status, text)
		}
	}
	again := func() { r.asked = time.Time{} } // as if the last word were old

	fail(http.StatusBadGateway)
	expect(http.StatusServiceUnavailable, "status 502")
	expect(http.StatusServiceUnavailable, "status 502") // GitHub is not asked for each probe
	again()
	expect(http.StatusOK, "ready")
	again()
	fail(http.StatusBadGateway)
	expect(http.StatusOK, "ready") // deliveries can still be stored
	again()
	fail(http.StatusUnauthorized)
	expect(http.StatusServiceUnavailable, "private key")
	again()
	expect(http.StatusOK, "ready")
	if n := len(sim.Requests()); n != 5 {
		t.Errorf("GitHub was asked %d times, want 5", n)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	expect(http.StatusServiceUnavailable, "database")
}
