package simulator_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

func TestJWT(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	for name, tc := range map[string]struct {
		claims jwt.MapClaims
		status int
	}{
		"valid":                    {nil, 200},
		"issuer as a number":       {jwt.MapClaims{"iss": appID(w)}, 200},
		"ten minutes":              {jwt.MapClaims{"exp": now.Add(10*time.Minute - 5*time.Second).Unix()}, 200},
		"more than ten minutes":    {jwt.MapClaims{"exp": now.Add(11 * time.Minute).Unix()}, 401},
		"expired":                  {jwt.MapClaims{"exp": now.Add(-time.Second).Unix()}, 401},
		"no expiry":                {jwt.MapClaims{"exp": nil}, 401},
		"issued in the future":     {jwt.MapClaims{"iat": now.Add(time.Minute).Unix()}, 401},
		"not saying when issued":   {jwt.MapClaims{"iat": nil}, 401},
		"issued at a fraction":     {jwt.MapClaims{"iat": float64(now.Unix()) - 1.5}, 401},
		"somebody else's issuer":   {jwt.MapClaims{"iss": "12345"}, 404},
		"no issuer":                {jwt.MapClaims{"iss": nil}, 404},
		"expiry that is no number": {jwt.MapClaims{"exp": "soon"}, 401},
	} {
		if a := w.send("GET", "/app", w.jwt(tc.claims), nil, nil); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, tc.status, a.text)
		}
	}
	hmac, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": appID(w), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString([]byte("key"))
	check(t, err)
	for name, credential := range map[string]string{"HMAC": hmac, "no JWT": "abc", "nothing": "", "an installation's token": w.token} {
		if a := w.send("GET", "/app", credential, nil, nil); a.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", name, a.status)
		}
	}
}

func appID(w *world) int64 {
	id, _, _ := w.sim.App()
	return id
}

func TestTokenForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if !regexp.MustCompile(`^ghs_[0-9]+_[A-Za-z0-9._-]{480,540}$`).MatchString(w.token) {
		t.Errorf("token of %d characters", len(w.token))
	}
	for _, c := range "._-" {
		if !strings.ContainsRune(w.token[8:], c) {
			t.Errorf("token without %q", c)
		}
	}
}

func TestTokenNarrowing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	other := must(w.sim.CreateRepository("acme", "other", nil))(t)
	foreign := must(w.sim.CreateRepository("globex", "site", nil))(t)
	many := make([]string, 501)
	for i := range many {
		many[i] = "infra"
	}
	for name, tc := range map[string]struct {
		body   map[string]any
		status int
	}{
		"repository by name":       {map[string]any{"repositories": []string{"infra"}}, 201},
		"repository by id":         {map[string]any{"repository_ids": []int64{other.ID()}}, 201},
		"permission below":         {map[string]any{"permissions": map[string]string{"checks": "read"}}, 201},
		"no such repository":       {map[string]any{"repositories": []string{"nothing"}}, 422},
		"another account's":        {map[string]any{"repository_ids": []int64{foreign.ID()}}, 422},
		"permission above":         {map[string]any{"permissions": map[string]string{"contents": "write"}}, 422},
		"permission that is none":  {map[string]any{"permissions": map[string]string{"checks": "everything"}}, 422},
		"permission not granted":   {map[string]any{"permissions": map[string]string{"secrets": "read"}}, 422},
		"more than 500":            {map[string]any{"repositories": many}, 422},
		"a key that is not known":  {map[string]any{"repository": "infra"}, 422},
		"one good and one foreign": {map[string]any{"repository_ids": []int64{other.ID(), foreign.ID()}}, 422},
	} {
		if a := w.mintAnswer(tc.body); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, tc.status, a.text)
		}
	}
	narrow := w.mint(map[string]any{"repositories": []string{"other"}})
	if a := w.send("GET", base, narrow, nil, nil); a.status != 404 {
		t.Errorf("repository outside the token: status %d, want 404", a.status)
	}
	if a := w.send("GET", "/repos/acme/other", narrow, nil, nil); a.status != 200 {
		t.Errorf("repository of the token: status %d, want 200", a.status)
	}
	if a := w.send("GET", "/repos/globex/site", w.token, nil, nil); a.status != 404 {
		t.Errorf("another account's repository: status %d, want 404", a.status)
	}
	if a := w.send("GET", "/installation/repositories", narrow, nil, nil); a.at("total_count") != 1.0 {
		t.Errorf("the token lists %v repositories, want 1", a.at("total_count"))
	}
}

// Each operation is refused to a token without its permission.
func TestPermissionsAreEnforced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	head := w.pull.HeadSHA()
	for _, tc := range []struct{ permissions, method, path string }{
		{"contents:read", "GET", base + "/pulls"},
		{"contents:read", "GET", base + "/pulls/1"},
		{"contents:read", "GET", base + "/pulls/1/files"},
		{"contents:read", "GET", base + "/pulls/1/comments"},
		{"pull_requests:read", "POST", base + "/pulls/1/reviews"},
		{"contents:read", "GET", base + "/commits/" + head + "/pulls"},
		{"pull_requests:write", "GET", base + "/compare/main...change"},
		{"pull_requests:write", "GET", base + "/git/trees/main"},
		{"pull_requests:write", "GET", base + "/git/blobs/" + strings.Repeat("0", 40)},
		{"pull_requests:write", "GET", base + "/contents/main.tf"},
		{"pull_requests:read", "POST", base + "/issues/1/comments"},
		{"issues:read", "POST", base + "/issues/1/comments"},
		{"pull_requests:read", "POST", base + "/issues/comments/1/reactions"},
		{"contents:read", "GET", base + "/issues/comments/1/reactions"},
		{"pull_requests:read", "DELETE", base + "/issues/comments/1/reactions/1"},
		{"contents:read", "GET", base + "/commits/main/check-runs"},
		{"contents:read", "GET", base + "/check-runs/1"},
		{"contents:read", "GET", base + "/check-runs/1/annotations"},
		{"checks:read", "POST", base + "/check-runs"},
		{"checks:read", "PATCH", base + "/check-runs/1"},
	} {
		name, level, _ := strings.Cut(tc.permissions, ":")
		token := w.mint(map[string]any{"permissions": map[string]string{name: level}})
		var body any
		if tc.method == "POST" || tc.method == "PATCH" {
			body = map[string]any{}
		}
		a := w.send(tc.method, tc.path, token, body, nil)
		if a.status != http.StatusForbidden || a.at("message") != "Resource not accessible by integration" {
			t.Errorf("%s %s with %s: status %d: %s", tc.method, tc.path, tc.permissions, a.status, a.text)
		}
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	offset := make(chan time.Duration, 1)
	offset <- 0
	clock := func() time.Time {
		d := <-offset
		offset <- d
		return time.Now().Add(d)
	}
	w := newWorld(t, conformance.WithOptions(simulator.Options{Now: clock}))
	w.want(200, "GET", base, nil)
	<-offset
	offset <- time.Hour + time.Second
	w.want(401, "GET", base, nil)
	<-offset
	offset <- 0
	w.want(200, "GET", base, nil)

	check(t, w.sim.Suspend(w.installation, true))
	w.want(403, "GET", base, nil)
	if a := w.mintAnswer(nil); a.status != 403 {
		t.Errorf("mint while suspended: status %d, want 403", a.status)
	}
	check(t, w.sim.Suspend(w.installation, false))
	w.want(200, "GET", base, nil)
	check(t, w.sim.Grant(w.installation, "checks", ""))
	w.want(200, "GET", base, nil)
	check(t, w.sim.Uninstall(w.installation))
	w.want(401, "GET", base, nil)
	if a := w.mintAnswer(nil); a.status != 404 {
		t.Errorf("mint after uninstalling: status %d, want 404", a.status)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		header map[string]string
		status int
	}{
		"no user agent":      {map[string]string{"User-Agent": ""}, 403},
		"our version":        {map[string]string{"X-GitHub-Api-Version": "2022-11-28"}, 200},
		"another version":    {map[string]string{"X-GitHub-Api-Version": "2026-03-10"}, 400},
		"scheme token":       {map[string]string{"Authorization": "token " + w.token}, 200},
		"scheme basic":       {map[string]string{"Authorization": "Basic " + w.token}, 401},
		"no credential":      {map[string]string{"Authorization": ""}, 401},
		"unknown credential": {map[string]string{"Authorization": "Bearer ghs_1_x"}, 401},
		"a JWT":              {map[string]string{"Authorization": "Bearer " + w.jwt(nil)}, 401},
	} {
		if a := w.send("GET", base, w.token, nil, tc.header); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, tc.status, fmt.Sprint(a.body))
		}
	}
}
