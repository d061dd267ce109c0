package gh_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/app/gh"
)

var privateKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

// token has the shape of the longer tokens that GitHub gives since April 2026.
var token = "ghs_123_" + strings.Repeat("aB.-_9", 80)

// server is a GitHub that mints tokens and answers the rest as a test says.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	mints  []map[string]any
	heads  []http.Header
	mint   func(body map[string]any) (int, string) // nil: 201
	answer http.HandlerFunc
}

func newServer(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	s.heads = append(s.heads, req.Header.Clone())
	s.mu.Unlock()
	if !strings.HasSuffix(req.URL.Path, "/access_tokens") {
		s.answer(w, req)
		return
	}
	var body map[string]any
	_ = json.NewDecoder(req.Body).Decode(&body)
	s.mu.Lock()
	s.mints = append(s.mints, body)
	s.mu.Unlock()
	if s.mint != nil {
		if status, message := s.mint(body); status != http.StatusCreated {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"message": %q}`, message)
			return
		}
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": %q, "expires_at": %q}`, token, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

func (s *server) app(t *testing.T) (*gh.App, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	app, err := gh.New(gh.Config{
		AppID: 7, PrivateKey: privateKey(), APIURL: s.URL, Log: slog.New(slog.DiscardHandler), Registry: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return app, registry
}

func getRepository(client *gh.Client) error {
	_, _, err := client.REST.Repositories.Get(context.Background(), "acme", "infra")
	return err
}

func TestTokenIsNarrowAndShared(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "4321")
		fmt.Fprint(w, `{"id": 1}`)
	})
	app, registry := s.app(t)
	for range 3 {
		if err := getRepository(app.Installation(5, "acme", "infra", ".github")); err != nil {
			t.Fatal(err)
		}
	}
	want := []map[string]any{{
		"repositories": []any{"infra", ".github"},
		"permissions":  map[string]any{"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write"},
	}}
	if d := cmp.Diff(want, s.mints); d != "" {
		t.Error(d)
	}
	for _, head := range s.heads {
		if head.Get("X-GitHub-Api-Version") != "2022-11-28" || head.Get("User-Agent") != "kms-review" {
			t.Errorf("headers %v lack version or agent", head)
		}
	}
	if got := s.heads[1].Get("Authorization"); got != "token "+token {
		t.Errorf("Authorization %q", got)
	}
	metrics := map[string]float64{
		"kms_review_github_rate_remaining 5 core":             4321,
		"kms_review_github_requests_total GET repository 200": 3,
		"kms_review_github_requests_total token 201":          1,
	}
	if d := cmp.Diff(metrics, gather(t, registry)); d != "" {
		t.Error(d)
	}
}

// gather reads every metric by its name and the values of its labels.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name += " " + label.GetValue()
			}
			got[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return got
}

func TestLostSettingsRepository(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id": 1}`) })
	s.mint = func(body map[string]any) (int, string) {
		if len(body["repositories"].([]any)) > 1 {
			return 422, "There is at least one repository that does not exist or is not accessible to the parent installation."
		}
		return 201, ""
	}
	app, _ := s.app(t)
	client := app.Installation(5, "acme", "infra", ".github")
	if !client.Covers(".github") {
		t.Error("the settings repository is not covered before it was asked for")
	}
	if err := getRepository(client); err != nil {
		t.Fatal(err)
	}
	if client.Covers(".github") || !client.Covers("infra") {
		t.Error("want infra covered, .github not")
	}
	if len(s.mints) != 2 {
		t.Errorf("%d tokens asked for, want 2", len(s.mints))
	}
}

func TestMintErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		message string
		fate    gh.Fate
		says    string
	}{
		"uninstalled":             {404, "Not Found", gh.Done, "installation 5"},
		"suspended":               {403, "This installation has been suspended", gh.Done, "gone"},
		"repository removed":      {422, "There is at least one repository that does not exist or is not accessible to the parent installation.", gh.Done, "acme/infra"},
		"permission not accepted": {422, "The permissions requested are not granted to this installation.", gh.Retry, "accepted"},
		"wrong key":               {401, "A JSON web token could not be decoded", gh.Retry, "private key"},
		"down":                    {502, "Server Error", gh.Retry, "502"},
		"rate limited":            {403, "You have exceeded a secondary rate limit", gh.RetryAt, "rate limit"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("asked without a token") })
			s.mint = func(map[string]any) (int, string) { return test.status, test.message }
			app, _ := s.app(t)
			err := getRepository(app.Installation(5, "acme", "infra"))
			if fate, _ := gh.Classify(err); fate != test.fate {
				t.Errorf("fate %d of %v, want %d", fate, err, test.fate)
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
		})
	}
}

func TestRevokedTokenIsNotKept(t *testing.T) {
	t.Parallel()
	refused := false
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if !refused {
			refused = true
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, `{"message": "Bad credentials"}`)
	})
	app, _ := s.app(t)
	client := app.Installation(5, "acme", "infra")
	if err := getRepository(client); gh.Status(err) != http.StatusUnauthorized {
		t.Fatalf("error %v, want 401", err)
	}
	if err := getRepository(client); err != nil {
		t.Fatal(err)
	}
	if len(s.mints) != 2 {
		t.Errorf("%d tokens, want a new one after the refusal", len(s.mints))
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	tests := map[string]struct {
		status  int
		headers map[string]string
		body    string
		wait    time.Duration // 0: not a limit
	}{
		"primary": {
			status: 403, headers: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(reset.Unix())},
			body: `{"message": "API rate limit exceeded for installation ID 5."}`, wait: 10 * time.Minute,
		},
		"secondary with retry-after": {status: 403, headers: map[string]string{"Retry-After": "30"}, body: `{}`, wait: 30 * time.Second},
		"secondary without a time":   {status: 403, body: `{"message": "You have exceeded a secondary rate limit."}`, wait: time.Minute},
		"429":                        {status: 429, headers: map[string]string{"Retry-After": "5"}, body: `slow down`, wait: 5 * time.Second},
		"absurd wait":                {status: 429, headers: map[string]string{"Retry-After": "99999999999"}, body: `{}`, wait: time.Hour + time.Minute},
		"unreadable wait":            {status: 429, headers: map[string]string{"Retry-After": "soon"}, body: `{}`, wait: time.Minute},
		"a day":                      {status: 429, headers: map[string]string{"Retry-After": "86400"}, body: `{}`, wait: time.Hour + time.Minute},
		"a permission is missing": {
			status: 403, headers: map[string]string{"X-RateLimit-Remaining": "99"}, body: `{"message": "Resource not accessible by integration"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				for key, value := range test.headers {
					w.Header().Set(key, value)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			app, _ := s.app(t)
			client := app.Installation(5, "acme", "infra")
			err := getRepository(client)
			fate, until := gh.Classify(err)
			if test.wait == 0 {
				if fate != gh.Retry {
					t.Errorf("fate %d of %v, want a retry", fate, err)
				}
				return
			}
			if off := time.Until(until) - test.wait; fate != gh.RetryAt || off.Abs() > 20*time.Second {
				t.Fatalf("fate %d, wait %s of %v, want about %s", fate, time.Until(until), err, test.wait)
			}
			if again, _ := gh.Classify(getRepository(client)); again != gh.RetryAt || requests != 1 {
				t.Errorf("fate %d after %d requests: a limited client must not ask again", again, requests)
			}
			if other, _ := gh.Classify(getRepository(app.Installation(5, "acme", "infra", "more"))); other != gh.RetryAt || requests != 1 {
				t.Errorf("fate %d after %d requests: the limit is the installation's", other, requests)
			}
			if requests = 0; getRepository(app.Installation(6, "acme", "infra")) == nil || requests != 1 {
				t.Errorf("%d requests: another installation has limits of its own", requests)
			}
		})
	}
}

func TestGraphQL(t *testing.T) {
	t.Parallel()
	type result struct {
		A *string `json:"a"`
	}
	tests := map[string]struct {
		status int
		body   string
		fate   gh.Fate
		a      string
		says   string
	}{
		"data":         {200, `{"data": {"a": "x"}}`, gh.Done, "x", ""},
		"partial":      {200, `{"data": {"a": "x", "org": null}, "errors": [{"type": "NOT_FOUND", "path": ["org"], "message": "no"}]}`, gh.Retry, "x", "NOT_FOUND no"},
		"errors alone": {200, `{"errors": [{"message": "Something went wrong"}]}`, gh.Retry, "", "Something went wrong"},
		"rate limited": {200, `{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}`, gh.RetryAt, "", "rate limit"},
		"secondary":    {200, `{"errors": [{"message": "You have exceeded a secondary rate limit"}]}`, gh.RetryAt, "", "rate limit"},
		"nothing":      {200, `{}`, gh.Retry, "", "neither data nor errors"},
		"too heavy":    {502, `<html>`, gh.Retry, "", "502"},
		"cut":          {200, `{"data": {"a": "x`, gh.Retry, "", "EOF"},
		"leaks":        {200, `{"errors": [{"message": "token ` + token + ` is bad"}]}`, gh.Retry, "", "token [redacted] is bad"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, req *http.Request) {
				var body struct {
					Query     string         `json:"query"`
					Variables map[string]any `json:"variables"`
				}
				if err := json.NewDecoder(req.Body).Decode(&body); err != nil || req.URL.Path != "/graphql" || body.Query != "{a}" || body.Variables["n"] != "v" {
					t.Errorf("%s: %+v, %v", req.URL.Path, body, err)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			app, _ := s.app(t)
			var got result
			err := app.Installation(5, "acme", "infra").GraphQL(context.Background(), "{a}", map[string]any{"n": "v"}, &got)
			if fate, _ := gh.Classify(err); fate != test.fate {
				t.Errorf("fate %d of %v, want %d", fate, err, test.fate)
			}
			if (test.says == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), test.says)) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
			if test.a != "" && (got.A == nil || *got.A != test.a) {
				t.Errorf("data %v, want %q", got.A, test.a)
			}
		})
	}
}

func TestGraphQLErrorUnder(t *testing.T) {
	t.Parallel()
	err := &gh.GraphQLError{Errors: []gh.GraphQLProblem{{Path: []any{"org"}}, {Path: []any{"repository", "d0"}}, {}}}
	if problems, all := err.Under("org"); len(problems) != 1 || all {
		t.Errorf("%v, %v: want one of three", problems, all)
	}
}

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	full := 0
	s := newServer(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("ETag", `W/"1"`)
		w.Header().Set("X-RateLimit-Remaining", "50")
		if req.Header.Get("If-None-Match") == `W/"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full++
		fmt.Fprint(w, `{"id": 1, "name": "infra"}`)
	})
	app, _ := s.app(t)
	for range 3 {
		repo, resp, err := app.Installation(5, "acme", "infra").REST.Repositories.Get(context.Background(), "acme", "infra")
		if err != nil || repo.GetName() != "infra" || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", repo, err)
		}
	}
	if full != 1 {
		t.Errorf("%d full answers for one client, want 1", full)
	}
	if err := getRepository(app.Installation(6, "acme", "infra")); err != nil || full != 2 {
		t.Errorf("%d full answers, %v: another installation must not see the first one's", full, err)
	}
}

func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"message": "bad request with %s"}`, token)
	})
	app, _ := s.app(t)
	err := getRepository(app.Installation(5, "acme", "infra"))
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), token[:20]) || !strings.Contains(err.Error(), "[redacted]") {
		t.Errorf("error %v", err)
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		t.Errorf("followed to another host with %q", req.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	s := newServer(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, elsewhere.URL+"/x", http.StatusMovedPermanently)
	})
	app, _ := s.app(t)
	if err := getRepository(app.Installation(5, "acme", "infra")); err == nil || !strings.Contains(err.Error(), "credentials stay") {
		t.Errorf("error %v", err)
	}
}

func TestAnswerIsBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"name": "`)
		chunk := []byte(strings.Repeat("x", 1<<20))
		for range 70 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		_, _ = io.WriteString(w, `"}`)
	})
	app, _ := s.app(t)
	if err := getRepository(app.Installation(5, "acme", "infra")); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	secret := "-----BEGIN NOT A KEY----- hunter2"
	tests := map[string]struct {
		config gh.Config
		says   string
	}{
		"no key":         {gh.Config{AppID: 1, APIURL: "https://api.github.com"}, "private key"},
		"broken key":     {gh.Config{AppID: 1, PrivateKey: []byte(secret), APIURL: "https://api.github.com"}, "private key"},
		"no id":          {gh.Config{PrivateKey: privateKey(), APIURL: "https://api.github.com"}, "id"},
		"no URL":         {gh.Config{AppID: 1, PrivateKey: privateKey()}, "API URL"},
		"another scheme": {gh.Config{AppID: 1, PrivateKey: privateKey(), APIURL: "ftp://x"}, "API URL"},
		"in the clear":   {gh.Config{AppID: 1, PrivateKey: privateKey(), APIURL: "http://github.example.com/api/v3"}, "https"},
		"with a user":    {gh.Config{AppID: 1, PrivateKey: privateKey(), APIURL: "https://u:p@github.example.com"}, "no user"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gh.New(test.config)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want one about %q", err, test.says)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(time.Minute)
	tests := map[string]struct {
		err  error
		fate gh.Fate
	}{
		"none":      {nil, gh.Done},
		"gone":      {fmt.Errorf("read: %w", gh.ErrGone), gh.Done},
		"limited":   {fmt.Errorf("read: %w", &gh.Limited{Until: until}), gh.RetryAt},
		"anything":  {errors.New("connection reset"), gh.Retry},
		"cancelled": {context.Canceled, gh.Retry},
	}
	for name, test := range tests {
		fate, at := gh.Classify(test.err)
		if fate != test.fate || (fate == gh.RetryAt && !at.Equal(until)) {
			t.Errorf("%s: fate %d at %s, want %d", name, fate, at, test.fate)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		token, "ghs_" + strings.Repeat("a", 36), "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0.c2lnbmF0dXJl", "github_pat_" + strings.Repeat("A1", 20),
	} {
		if got := gh.Redact("before " + secret + " after"); got != "before [redacted] after" {
			t.Errorf("%q", got)
		}
	}
	if got := gh.Redact("aws_kms_key.main in ghs_short"); got != "aws_kms_key.main in ghs_short" {
		t.Errorf("%q", got)
	}
}
