package simulator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Request is one request that the simulator has answered.
type Request struct {
	Method string
	Path   string // decoded
	Query  string
	Status int
	Token  string // "app" (a JWT), "installation", or "none"
	Body   []byte
	Answer []byte
	Fault  bool // answered by an injected fault
}

// Requests lists what came in since the start or the last ResetRequests.
func (s *Simulator) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// ResetRequests forgets the requests so far.
func (s *Simulator) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Unknown lists requests for which the simulator has no operation, and GraphQL documents that GitHub's schema does
// not allow. A test that ends with any of them should fail.
func (s *Simulator) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.unknown...)
}

// ResetUnknown forgets them, for tests that send them on purpose.
func (s *Simulator) ResetUnknown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown = nil
}

// Fault replaces answers, as GitHub's bad days do.
type Fault struct {
	Method      string         // "" for any
	PathPattern *regexp.Regexp // nil for any
	Contains    string         // in the request body, "" for any: tells GraphQL operations apart
	Skip        int            // leave out the first matches
	Times       int            // how many requests it hits; 0 means one
	After       bool           // the operation is carried out and only its answer is lost
	Delay       time.Duration  // before the answer
	Status      int            // 0: only the delay
	Headers     map[string]string
	Body        string
}

// Fail injects a fault into the next requests that match.
func (s *Simulator) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// SecondaryLimit is a fault as GitHub answers bursts. Source:
// docs:rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits.
func SecondaryLimit(method string, path *regexp.Regexp, retryAfter string) Fault {
	return Fault{Method: method, PathPattern: path, Status: http.StatusForbidden,
		Headers: map[string]string{"Retry-After": retryAfter, "Content-Type": "application/json; charset=utf-8"},
		Body: `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",` +
			`"documentation_url":"https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}
}

// GraphQLLimit is a fault as GraphQL answers an empty budget: with status 200. The next budget starts at reset.
// Source: docs:graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit.
func GraphQLLimit(reset string) Fault {
	return Fault{Method: http.MethodPost, PathPattern: regexp.MustCompile(`^/graphql$`), Status: http.StatusOK,
		Headers: map[string]string{"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Remaining": "0",
			"X-RateLimit-Reset": reset, "X-RateLimit-Resource": "graphql"},
		Body: `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for installation."}]}`}
}

// matchFault takes the first fault that a request meets.
func (s *Simulator) matchFault(req *http.Request, body []byte) *Fault {
	for i, f := range s.faults {
		if f.Method != "" && f.Method != req.Method || f.PathPattern != nil && !f.PathPattern.MatchString(req.URL.Path) ||
			!bytes.Contains(body, []byte(f.Contains)) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		if f.Times <= 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// recordKey finds the request's record in its context.
type recordKey struct{}

func (s *Simulator) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequestBytes))
		if err != nil {
			http.Error(w, "request body: too large or cut off", http.StatusRequestEntityTooLarge)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		record, _ := req.Context().Value(recordKey{}).(*Request)
		record.Body = body
		s.mu.Lock()
		f := s.matchFault(req, body)
		s.mu.Unlock()
		if f == nil {
			next.ServeHTTP(w, req)
			return
		}
		s.applyFault(w, req, next, f, record)
	})
}

func (s *Simulator) applyFault(w http.ResponseWriter, req *http.Request, next http.Handler, f *Fault, record *Request) {
	record.Fault = true
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-req.Context().Done():
			return
		}
	}
	if f.Status == 0 {
		next.ServeHTTP(w, req)
		return
	}
	if f.After {
		next.ServeHTTP(&lost{header: http.Header{}}, req)
	}
	for k, v := range f.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}

// lost is an answer that never arrives.
type lost struct{ header http.Header }

func (l *lost) Header() http.Header         { return l.header }
func (l *lost) Write(b []byte) (int, error) { return len(b), nil }
func (l *lost) WriteHeader(int)             {}

// recorded keeps a log of requests with their answers, in the order in which they were answered. An answer leaves only
// when it is in the log: otherwise the client's next request can come in before it, and a count can miss it.
func (s *Simulator) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		record := &Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery, Token: tokenKind(req)}
		held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(held, req.WithContext(context.WithValue(req.Context(), recordKey{}, record)))
		record.Status, record.Answer = held.status, held.body.Bytes()
		s.mu.Lock()
		s.requests = append(s.requests, *record)
		s.mu.Unlock()
		s.log.Debug("github answered", "method", record.Method, "path", record.Path, "status", record.Status)
		w.WriteHeader(held.status)
		_, _ = w.Write(record.Answer)
	})
}

// heldAnswer keeps status and body back; headers go through.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func tokenKind(req *http.Request) string {
	_, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	switch {
	case credential == "":
		return "none"
	case strings.HasPrefix(credential, "ghs_"):
		return "installation"
	default:
		return "app"
	}
}
