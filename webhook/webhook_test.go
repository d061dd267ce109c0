package webhook_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/webhook"
)

const (
	guid   = "0b989ba4-242f-11e5-81e1-c7b6966d2516"
	secret = "It's a Secret to Everybody"
)

// body of a pull request whose fork is gone: head.repo is null.
const pullBody = `{"action":"synchronize","number":3,"pull_request":{"number":3,"draft":true,
	"head":{"sha":"1111111111111111111111111111111111111111","repo":null,"user":null},
	"base":{"sha":"2222222222222222222222222222222222222222","repo":{"id":42,"full_name":"acme/infra"}}},
	"repository":{"id":42,"full_name":"acme/infra","default_branch":"main","private":true},
	"sender":{"login":"author","type":"User"},"installation":{"id":7}}`

// queue is what the handler hands events to.
type queue struct {
	events []webhook.Event
	err    error
}

func (q *queue) enqueue(_ context.Context, event webhook.Event) error {
	q.events = append(q.events, event)
	return q.err
}

func newHandler(t *testing.T, q *queue, registry prometheus.Registerer) http.Handler {
	t.Helper()
	h, err := webhook.New([][]byte{[]byte("the old secret"), []byte(secret)}, 99, q.enqueue, slog.New(slog.DiscardHandler), registry)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// deliver makes a correct delivery, which a test then spoils.
func deliver(name, body string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", name)
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-Hub-Signature-256", webhook.Sign([]byte(secret), []byte(body)))
	if change != nil {
		change(r)
	}
	return r
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request *http.Request
		err     error
		status  int
		text    string
		stored  int
	}{
		{"accepted", deliver("pull_request", pullBody, nil), nil, 202, "accepted", 1},
		{"charset", deliver("pull_request", pullBody, header("Content-Type", "application/json; charset=utf-8")), nil, 202, "accepted", 1},
		{"the other secret", deliver("pull_request", pullBody, header("X-Hub-Signature-256",
			webhook.Sign([]byte("the old secret"), []byte(pullBody)))), nil, 202, "accepted", 1},
		{"ping", deliver("ping", `{"zen":"x","hook_id":1}`, nil), nil, 200, "pong", 0},
		{"unknown event", deliver("star", `{"action":"created"}`, nil), nil, 200, "ignored: this App does nothing about this event", 0},
		{"GET", deliver("ping", "", func(r *http.Request) { r.Method = http.MethodGet }), nil, 405, "POST", 0},
		{"form", deliver("pull_request", pullBody, header("Content-Type", "application/x-www-form-urlencoded")), nil, 415, "only application/json", 0},
		{"no content type", deliver("pull_request", pullBody, func(r *http.Request) { r.Header.Del("Content-Type") }), nil, 415, "only application/json", 0},
		{"no signature", deliver("pull_request", pullBody, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }), nil, 401, "missing or wrong", 0},
		{"wrong secret", deliver("pull_request", pullBody, header("X-Hub-Signature-256",
			webhook.Sign([]byte("guess"), []byte(pullBody)))), nil, 401, "missing or wrong", 0},
		{"no prefix", deliver("pull_request", pullBody, header("X-Hub-Signature-256",
			strings.TrimPrefix(webhook.Sign([]byte(secret), []byte(pullBody)), "sha256="))), nil, 401, "missing or wrong", 0},
		{"half a signature", deliver("pull_request", pullBody, header("X-Hub-Signature-256", "sha256=00")), nil, 401, "missing or wrong", 0},
		{"SHA-1 alone", deliver("pull_request", pullBody, func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1=0000000000000000000000000000000000000000")
		}), nil, 401, "missing or wrong", 0},
		{"empty signature of an empty secret", deliver("pull_request", pullBody, header("X-Hub-Signature-256",
			webhook.Sign(nil, []byte(pullBody)))), nil, 401, "missing or wrong", 0},
		{"changed body", deliver("pull_request", pullBody, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(pullBody, "42", "43", 1)))
		}), nil, 401, "missing or wrong", 0},
		{"no event", deliver("", pullBody, nil), nil, 400, "X-GitHub-Event", 0},
		{"no delivery", deliver("pull_request", pullBody, header("X-GitHub-Delivery", "")), nil, 400, "X-GitHub-Delivery", 0},
		{"strange delivery", deliver("pull_request", pullBody, header("X-GitHub-Delivery", "a b\u00e9")), nil, 400, "X-GitHub-Delivery", 0},
		{"truncated", deliver("pull_request", pullBody[:len(pullBody)/2], nil), nil, 400, "not a complete, valid event", 0},
		{"truncated unknown event", deliver("star", `{"action":`, nil), nil, 400, "not a complete, valid event", 0},
		{"empty", deliver("pull_request", "", nil), nil, 400, "not a complete, valid event", 0},
		{"not an object", deliver("pull_request", `[]`, nil), nil, 400, "not a complete, valid event", 0},
		{"too large", deliver("pull_request", strings.Repeat(" ", 25<<20)+pullBody, nil), nil, 413, "25 MB", 0},
		{"not stored", deliver("pull_request", pullBody, nil), errors.New("disk full"), 503, "redeliver", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := &queue{err: test.err}
			w := httptest.NewRecorder()
			newHandler(t, q, nil).ServeHTTP(w, test.request)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.text) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, test.status, test.text)
			}
			if len(q.events) != test.stored {
				t.Errorf("%d events were enqueued, want %d", len(q.events), test.stored)
			}
			if allow := w.Header().Get("Allow"); (allow == "POST") != (test.status == 405) {
				t.Errorf("Allow is %q", allow)
			}
			if strings.Contains(w.Body.String(), "disk") {
				t.Errorf("the answer tells a stranger about the inside: %q", w.Body)
			}
		})
	}
}

// TestSignatureVector is the example of GitHub's documentation.
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	const want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if got := webhook.Sign([]byte(secret), []byte("Hello, World!")); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
	w := httptest.NewRecorder()
	newHandler(t, &queue{}, nil).ServeHTTP(w, deliver("star", "Hello, World!", header("X-Hub-Signature-256", want)))
	if w.Code != http.StatusBadRequest { // the signature is right, the body is no JSON
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][][]byte{"none": nil, "empty": {[]byte("a"), {}}} {
		if _, err := webhook.New(secrets, 1, (&queue{}).enqueue, slog.New(slog.DiscardHandler), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	h := newHandler(t, &queue{}, registry)
	for _, r := range []*http.Request{
		deliver("pull_request", pullBody, nil),
		deliver("made-up-by-a-stranger", `{}`, nil),
		deliver("pull_request", pullBody, header("X-Hub-Signature-256", "")),
	} {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "kms_review_webhook_requests_total" {
				got[metric.GetLabel()[0].GetValue()+" "+metric.GetLabel()[1].GetValue()] = metric.GetCounter().GetValue()
			}
		}
	}
	want := map[string]float64{"other 200": 1, "pull_request 202": 1, "unverified 401": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests by event and status (-want +got):\n%s", diff)
	}
}

// TestLargeBodiesWait: strangers cannot fill the memory with bodies whose signature nobody has seen yet, and small
// deliveries are taken meanwhile.
func TestLargeBodiesWait(t *testing.T) {
	t.Parallel()
	const slots = 8
	h := newHandler(t, &queue{}, nil)
	large := func(ctx context.Context, body io.Reader) int {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhook", body)
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = 2 << 20
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	reading, done := make(chan struct{}), make(chan int)
	over := make(chan struct{})
	for range slots {
		go func() { done <- large(t.Context(), &slow{reading: reading, over: over}) }()
	}
	for range slots {
		<-reading
	}
	full, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if status := large(full, strings.NewReader("")); status != http.StatusServiceUnavailable {
		t.Errorf("one large body more was answered with %d, want 503", status)
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, deliver("ping", `{"zen":"x","hook_id":1}`, nil)); w.Code != http.StatusOK {
		t.Errorf("a small delivery was answered with %d", w.Code)
	}
	close(over)
	for range slots {
		if status := <-done; status != http.StatusUnauthorized {
			t.Errorf("a large body without a signature was answered with %d, want 401", status)
		}
	}
}

// slow is a body that ends when it may.
type slow struct {
	reading chan<- struct{}
	over    <-chan struct{}
}

func (s *slow) Read([]byte) (int, error) {
	s.reading <- struct{}{}
	<-s.over
	return 0, io.EOF
}
