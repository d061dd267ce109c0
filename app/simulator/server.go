package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object of an answer.
type object = map[string]any

// maxRequestBytes bounds a request body. GitHub's own bound is not known; a check run with 50 annotations of
// 64 KB each is the largest legal request of this App.
const maxRequestBytes = 8 << 20

// route is one operation of the REST API.
type route struct {
	pattern string // of http.ServeMux
	auth    authKind
	needs   []grant // any one of them; none: every token will do
	handle  func(*call) reply
}

// call is one request while it is answered, under the simulator's lock.
type call struct {
	sim   *Simulator
	req   *http.Request
	body  []byte
	token *token // of an installation
	repo  *Repository
}

// reply is an answer before it is encoded.
type reply struct {
	status int
	body   any
	header http.Header
}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }

// failure is an error in GitHub's form.
func failure(status int, message string, errs ...any) reply {
	body := object{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)}
	if len(errs) > 0 {
		body["errors"] = errs
	}
	return reply{status: status, body: body}
}

func notFound() reply { return failure(http.StatusNotFound, "Not Found") }

// invalid is GitHub's usual 422. Some operations list sentences in errors, most list objects.
func invalid(field, format string, args ...any) reply {
	return failure(http.StatusUnprocessableEntity, "Validation Failed", object{
		"resource": "", "code": "custom", "field": field, "message": fmt.Sprintf(format, args...)})
}

func (s *Simulator) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.answer(w, req, r) })
	}
	mux.HandleFunc("/", s.unknownRoute)
	var inner http.Handler = mux
	if s.opts.Middleware != nil {
		inner = s.opts.Middleware(inner)
	}
	return s.recorded(s.faulty(inner))
}

// answer authenticates, authorises, runs the operation and writes its reply.
func (s *Simulator) answer(w http.ResponseWriter, req *http.Request, r route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequestBytes))
	s.mu.Lock()
	c := &call{sim: s, req: req, body: body}
	var rep reply
	resource := "core"
	if req.URL.Path == "/graphql" {
		resource = "graphql"
	}
	if err != nil {
		rep = failure(http.StatusRequestEntityTooLarge, "Payload too large")
	} else if refused := c.authorise(r); refused != nil {
		rep = *refused
	} else if b := s.budget(resource, c.holder()); b.used >= s.limit {
		rep = exhausted(resource)
	} else {
		rep = r.handle(c)
	}
	send := s.prepareAnswer(w, req, rep, resource, c.holder())
	s.mu.Unlock()
	send()
}

// prepareAnswer encodes a reply and sets its headers, under the lock. What it returns sends them, without the lock: a
// client that reads slowly must not stop the others.
func (s *Simulator) prepareAnswer(w http.ResponseWriter, req *http.Request, rep reply, resource, holder string) func() {
	var body bytes.Buffer
	if rep.body != nil {
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(rep.body); err != nil {
			s.log.Error("encode answer", "path", req.URL.Path, "error", err)
			return func() { http.Error(w, "encode answer", http.StatusInternalServerError) }
		}
	}
	h := w.Header()
	for k, v := range rep.header {
		h[k] = v
	}
	h.Set("X-GitHub-Request-Id", strings.ToUpper(strconv.FormatInt(s.newID(), 16)))
	h.Set("X-GitHub-Api-Version-Selected", apiVersion(req))
	if rep.status == http.StatusOK && req.Method == http.MethodGet {
		sum := sha256.Sum256(body.Bytes())
		tag := `"` + hex.EncodeToString(sum[:16]) + `"`
		h.Set("ETag", tag)
		if strings.TrimPrefix(req.Header.Get("If-None-Match"), "W/") == tag {
			s.rateHeaders(h, resource, holder) // not counted: docs:rest/using-the-rest-api/best-practices-for-using-the-rest-api
			return func() { w.WriteHeader(http.StatusNotModified) }
		}
	}
	if b := s.budget(resource, holder); b.used < s.limit {
		b.used++
	}
	s.rateHeaders(h, resource, holder)
	if rep.body != nil {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	return func() {
		w.WriteHeader(rep.status)
		_, _ = w.Write(body.Bytes()) // the client has gone: nothing to tell it
	}
}

// unknownRoute answers what the simulator does not have. It is recorded, so that a test can fail on it: a client
// that takes 404 for "not there" would hide a wrong path.
func (s *Simulator) unknownRoute(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	s.unknown = append(s.unknown, req.Method+" "+req.URL.Path)
	send := s.prepareAnswer(w, req, notFound(), "core", "")
	s.mu.Unlock()
	send()
}

// apiVersion is the version of the REST API that a request asks for.
func apiVersion(req *http.Request) string {
	if v := req.Header.Get("X-GitHub-Api-Version"); v != "" {
		return v
	}
	return "2022-11-28"
}

// decode reads a request body strictly. Whether GitHub ignores a key that it does not know differs by operation and
// is not documented; here it is refused.
func (c *call) decode(into any) *reply {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		var rep reply
		if strings.HasPrefix(err.Error(), "json: unknown field") {
			rep = failure(http.StatusUnprocessableEntity, "Invalid request.\n\n"+strings.TrimPrefix(err.Error(), "json: ")+" is not a permitted key.")
		} else if isTypeError(err) {
			rep = failure(http.StatusUnprocessableEntity, "Invalid request.\n\n"+strings.TrimPrefix(err.Error(), "json: "))
		} else {
			rep = failure(http.StatusBadRequest, "Problems parsing JSON")
		}
		return &rep
	}
	if dec.More() {
		rep := failure(http.StatusBadRequest, "Problems parsing JSON")
		return &rep
	}
	return nil
}

// isTypeError tells JSON of the wrong type from text that is no JSON.
func isTypeError(err error) bool {
	var wrongType *json.UnmarshalTypeError
	var wrongTime *time.ParseError
	return errors.As(err, &wrongType) || errors.As(err, &wrongTime)
}

// id reads a number from the path, 0 where it is none.
func (c *call) id(name string) int64 {
	n, err := strconv.ParseInt(c.req.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// page cuts a list as the query parameters page and per_page say and sets the Link header.
// Bounds: default 30, at most 100 (OAS, parameter per-page).
func page[T any](c *call, list []T) ([]T, http.Header) {
	number, size := c.number("page", 1), min(c.number("per_page", 30), 100)
	last := max(1, (len(list)+size-1)/size)
	header := http.Header{}
	var links []string
	link := func(n int, rel string) {
		q := c.req.URL.Query()
		q.Set("page", strconv.Itoa(n))
		u := url.URL{Path: c.req.URL.Path, RawQuery: q.Encode()}
		links = append(links, fmt.Sprintf("<%s%s>; rel=%q", c.sim.url, u.RequestURI(), rel))
	}
	if number > 1 {
		link(number-1, "prev")
		link(1, "first")
	}
	if number < last {
		link(number+1, "next")
		link(last, "last")
	}
	if len(links) > 0 {
		header.Set("Link", strings.Join(links, ", "))
	}
	from := min((number-1)*size, len(list))
	return list[from:min(from+size, len(list))], header
}

func (c *call) number(name string, fallback int) int {
	n, err := strconv.Atoi(c.req.URL.Query().Get(name))
	if err != nil || n < 1 {
		return fallback
	}
	return n
}
