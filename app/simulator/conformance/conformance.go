// Package conformance owns the check of everything that passes the simulator against GitHub's own description of its
// API (testdata/github): each REST request and response, each webhook payload. It is for tests only; GraphQL
// documents are checked by the simulator itself, with GitHub's schema.
package conformance

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/testdata/github"
)

// Option changes a check.
type Option func(*checker)

// WithOptions changes how the simulator is started, besides its directory and its hooks.
func WithOptions(o simulator.Options) Option { return func(c *checker) { c.options = o } }

// RefusedRequests is for tests that send bad requests on purpose: what the description does not allow, and what the
// simulator does not know, is no failure if the simulator refuses it.
func RefusedRequests() Option { return func(c *checker) { c.refused = true } }

// Start starts a simulator for one test. The test fails on a request or an answer that GitHub's description does not
// allow, on a webhook payload that it does not allow, and on a request that the simulator does not know.
func Start(t testing.TB, opts ...Option) *simulator.Simulator {
	t.Helper()
	c := &checker{t: t}
	for _, o := range opts {
		o(c)
	}
	var err error
	if c.description, err = load(); err != nil {
		t.Fatalf("load GitHub's API description: %v", err)
	}
	o := c.options
	if o.Key, err = appKey(); err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Middleware, o.OnDelivery = t.TempDir(), c.middleware, c.delivery
	s, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, u := range s.Unknown() {
			if !c.refused {
				t.Errorf("the simulator does not know %s", u)
			}
		}
	})
	return s
}

// appKey is one key for all tests of a process: making one takes longer than most tests.
var appKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// description is GitHub's description with its paths compiled.
type description struct {
	doc    *openapi3.T
	routes []compiled
}

type compiled struct {
	path    string
	pattern *regexp.Regexp
	names   []string
	item    *openapi3.PathItem
}

var load = sync.OnceValues(func() (*description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(github.OpenAPI)
	if err != nil {
		return nil, err
	}
	d := &description{doc: doc}
	for path, item := range doc.Paths.Map() {
		d.routes = append(d.routes, compile(path, item))
	}
	return d, nil
})

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// compile makes a pattern of a path. The last parameter may span slashes: a file's path and a comparison do.
func compile(path string, item *openapi3.PathItem) compiled {
	c := compiled{path: path, item: item}
	for _, m := range placeholder.FindAllStringSubmatch(path, -1) {
		c.names = append(c.names, m[1])
	}
	pattern := placeholder.ReplaceAllString(path, `([^/]+)`)
	if strings.HasSuffix(path, "/{path}") || strings.HasSuffix(path, "/{basehead}") {
		pattern = strings.TrimSuffix(pattern, `([^/]+)`) + `(.+)`
	}
	c.pattern = regexp.MustCompile("^" + pattern + "$")
	return c
}

// find finds the operation of a request. The most literal path wins.
func (d *description) find(req *http.Request) (*routers.Route, map[string]string) {
	var best *compiled
	var values []string
	for i := range d.routes {
		c := &d.routes[i]
		m := c.pattern.FindStringSubmatch(req.URL.Path)
		if m != nil && c.item.GetOperation(req.Method) != nil && (best == nil || len(c.names) < len(best.names)) {
			best, values = c, m[1:]
		}
	}
	if best == nil {
		return nil, nil
	}
	params := map[string]string{}
	for i, name := range best.names {
		params[name] = values[i]
	}
	return &routers.Route{Spec: d.doc, Server: &openapi3.Server{URL: "/"}, Path: best.path, PathItem: best.item,
		Method: req.Method, Operation: best.item.GetOperation(req.Method)}, params
}

// strict checks formats too, and keeps whole schemas out of the messages.
var strict = []openapi3.SchemaValidationOption{
	openapi3.MultiErrors(), openapi3.EnableFormatValidation(), openapi3.DisableSchemaErrorDetails(),
}

type checker struct {
	t           testing.TB
	description *description
	options     simulator.Options
	refused     bool
}

// middleware checks a request, lets the simulator answer and checks the answer.
func (c *checker) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		route, params := c.description.find(req)
		if route == nil { // GraphQL, or unknown to the simulator as well
			next.ServeHTTP(w, req)
			return
		}
		input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
			Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
				AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SchemaValidationOptions: strict}}
		bad := checkRequest(req, input)
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, req)
		if bad != nil && (!c.refused || answer.Code < 400) {
			c.t.Errorf("%s %s: GitHub does not take this request (answered %d): %v", req.Method, req.URL, answer.Code, bad)
		}
		if err := c.checkAnswer(req.Context(), input, answer); err != nil {
			c.t.Errorf("%s %s: GitHub would not answer this (%d): %v", req.Method, req.URL, answer.Code, err)
		}
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// checkRequest checks path, query and body. Unknown query parameters are GitHub's to ignore and a mistake of ours.
func checkRequest(req *http.Request, input *openapi3filter.RequestValidationInput) error {
	var unknown []error
	for name := range req.URL.Query() {
		if input.Route.Operation.Parameters.GetByInAndName("query", name) == nil {
			unknown = append(unknown, fmt.Errorf("no query parameter %q", name))
		}
	}
	// A body of no bytes is none: go-github says so with a content length only.
	if req.ContentLength > 0 && req.Header.Get("Content-Type") == "" {
		unknown = append(unknown, errors.New("a body without Content-Type"))
	}
	return errors.Join(append(unknown, openapi3filter.ValidateRequest(req.Context(), input))...)
}

// checkAnswer checks the body. Success must be described; errors that an operation does not list have GitHub's
// common form.
func (c *checker) checkAnswer(ctx context.Context, input *openapi3filter.RequestValidationInput, answer *httptest.ResponseRecorder) error {
	listed := input.Route.Operation.Responses.Status(answer.Code) != nil
	if !listed && answer.Code >= 400 {
		var body any
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			return fmt.Errorf("decode error: %w", err)
		}
		return c.description.doc.Components.Schemas["basic-error"].Value.VisitJSON(body, strict...)
	}
	output := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
		Options: &openapi3filter.Options{MultiError: true, IncludeResponseStatus: true, SchemaValidationOptions: strict}}
	output.SetBodyBytes(answer.Body.Bytes())
	return openapi3filter.ValidateResponse(ctx, output)
}

// delivery checks a webhook payload.
func (c *checker) delivery(event string, payload []byte) {
	var body struct {
		Action string `json:"action"`
	}
	var value any
	if err := errors.Join(json.Unmarshal(payload, &body), json.Unmarshal(payload, &value)); err != nil {
		c.t.Errorf("webhook %s: %v", event, err)
		return
	}
	name := event
	if body.Action != "" {
		name += "_" + body.Action
	}
	schema, err := c.description.webhook(strings.ReplaceAll(name, "_", "-"))
	if err == nil {
		err = schema.VisitJSON(value, strict...)
	}
	if err != nil {
		c.t.Errorf("GitHub would not send this webhook %s: %v", name, err)
	}
}

// webhook finds the schema of a payload.
func (d *description) webhook(name string) (*openapi3.Schema, error) {
	hooks, _ := d.doc.Extensions["x-webhooks"].(map[string]any)
	entry, _ := hooks[name].(map[string]any)
	ref, _ := entry["$ref"].(string)
	schema := d.doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	if schema == nil {
		return nil, fmt.Errorf("no webhook %s among %s", strconv.Quote(name), "testdata/github/openapi.keep")
	}
	return schema.Value, nil
}
