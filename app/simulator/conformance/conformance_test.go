package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// log takes the failures that a checker reports.
type log struct {
	testing.TB
	lines []string
}

func (l *log) Errorf(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func newChecker(t *testing.T) (*checker, *log) {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	l := &log{TB: t}
	return &checker{t: l, description: d}, l
}

// A checker that finds nothing would pass every test.
func TestCheckerFindsViolations(t *testing.T) {
	t.Parallel()
	const repo = "/repos/acme/infra"
	for name, tc := range map[string]struct {
		method, target, body string
		status               int
		answer               string
		want                 string
	}{
		"unknown field": {
			"POST", repo + "/issues/1/comments", `{"body":"x","colour":"red"}`, 422, `{"message":"m"}`, `property "colour" is unsupported`},
		"unknown nested field": {
			"POST", repo + "/pulls/1/reviews", `{"comments":[{"path":"a","body":"b","subject_type":"file"}]}`, 422, `{"message":"m"}`,
			`property "subject_type" is unsupported`},
		"missing field": {"POST", repo + "/issues/1/comments", `{}`, 422, `{"message":"m"}`, `property "body" is missing`},
		"too many annotations": {
			"POST", repo + "/check-runs", `{"name":"n","head_sha":"s","output":{"title":"t","summary":"s","annotations":[` +
				strings.TrimSuffix(strings.Repeat(`{"path":"p","start_line":1,"end_line":1,"annotation_level":"notice","message":"m"},`, 51), ",") + `]}}`,
			422, `{"message":"m"}`, "maximum number of items is 50"},
		"unknown query parameter": {"GET", repo + "/pulls?pagesize=3", "", 200, `[]`, `no query parameter "pagesize"`},
		"wrong enum":              {"GET", repo + "/pulls?state=merged", "", 422, `{"message":"m"}`, "state"},
		"body without type":       {"DELETE", repo + "/issues/comments/1/reactions/2", `{}`, 204, ``, "body"},
		"answer without required field": {
			"GET", repo + "/collaborators/author/permission", "", 200, `{"permission":"read","user":null}`, `property "role_name" is missing`},
		"answer of a wrong type": {
			"GET", repo + "/git/trees/main", "", 200, `{"sha":"s","truncated":"no","tree":[]}`, "truncated"},
		"status that is not described": {"POST", repo + "/check-runs", `{"name":"n","head_sha":"s"}`, 200, `{}`, "status is not supported"},
		"error in another form":        {"GET", repo + "/pulls/1/comments", "", 403, `{"message":7}`, "message"},
		"date that is none": {
			"GET", repo + "/issues/comments/1/reactions", "", 200,
			`[{"id":1,"node_id":"n","user":null,"content":"eyes","created_at":"yesterday"}]`, `string doesn't match the format "date-time"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, l := newChecker(t)
			handler := c.middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			}))
			req := httptest.NewRequest(tc.method, tc.target, strings.NewReader(tc.body))
			if tc.body != "" && tc.method != "DELETE" {
				req.Header.Set("Content-Type", "application/json")
			}
			handler.ServeHTTP(httptest.NewRecorder(), req)
			if !slices.ContainsFunc(l.lines, func(line string) bool { return strings.Contains(line, tc.want) }) {
				t.Errorf("no failure with %q in %q", tc.want, l.lines)
			}
		})
	}
}

// With RefusedRequests a bad request is no failure, unless it was let through.
func TestBadRequestMustBeRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{422: 0, 201: 1} {
		c, l := newChecker(t)
		c.refused = true
		handler := c.middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"message":"m","documentation_url":"d","id":1,"node_id":"n","url":"u","html_url":"h","issue_url":"i","user":null,` +
				`"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`))
		}))
		req := httptest.NewRequest("POST", "/repos/acme/infra/issues/1/comments", strings.NewReader(`{}`))
		req.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(httptest.NewRecorder(), req)
		if len(l.lines) != want {
			t.Errorf("status %d: %d failures, want %d: %q", status, len(l.lines), want, l.lines)
		}
	}
}

func TestWebhookViolations(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ event, payload, want string }{
		"missing field":  {"push", `{"ref":"refs/heads/main"}`, "is missing"},
		"unknown action": {"pull_request", `{"action":"exploded"}`, `no webhook "pull-request-exploded"`},
		"no JSON":        {"ping", `{`, "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, l := newChecker(t)
			c.delivery(tc.event, []byte(tc.payload))
			if len(l.lines) == 0 || !strings.Contains(strings.Join(l.lines, "\n"), tc.want) {
				t.Errorf("no failure with %q in %q", tc.want, l.lines)
			}
		})
	}
}
