package simulator

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Options configures a simulator. Only Dir is required.
type Options struct {
	Dir string       // an empty or missing directory for the git repositories; the caller removes it
	Log *slog.Logger // nil: silent
	Now func() time.Time

	// Permissions and Events are what the App was registered with; nil means DefaultPermissions, DefaultEvents.
	Permissions map[string]string
	Events      []string

	// Middleware wraps the HTTP handler and OnDelivery sees each webhook payload before it is sent. Tests put
	// GitHub's own API description there; it would be dead weight in the demo.
	Middleware func(http.Handler) http.Handler
	OnDelivery func(event string, payload []byte)

	Key *rsa.PrivateKey // of the App; nil: a new one, which takes a moment
}

// DefaultPermissions are the App's permissions as in app.yml.
func DefaultPermissions() map[string]string {
	return map[string]string{
		"metadata": "read", "checks": "write", "contents": "read", "pull_requests": "write",
		"issues": "write", "merge_queues": "read",
	}
}

// DefaultEvents are the events to which the App subscribes. Events that need no subscription come by themselves.
func DefaultEvents() []string {
	return []string{"issue_comment", "issues", "merge_group", "pull_request", "push", "repository"}
}

// Simulator is a running GitHub. Its methods may be used from any goroutine.
type Simulator struct {
	opts   Options
	log    *slog.Logger
	now    func() time.Time
	app    appIdentity
	schema *ast.Schema
	url    string
	server *http.Server
	served chan struct{} // closed when the server has ended

	mu            sync.Mutex // guards everything below and everything reachable from it
	html          string
	lastID        int64
	users         map[string]*user
	repos         []*Repository
	installations []*installation
	tokens        map[string]*token
	nodes         map[string]any // by GraphQL id
	faults        []*Fault
	requests      []Request
	unknown       []string
	budgets       map[string]*budget // by resource and who asks
	limit         int                // of each
	window        time.Duration      // after which a budget is whole again

	hooks *dispatcher
}

// appIdentity is the registration of the App under test.
type appIdentity struct {
	id      int64
	slug    string
	name    string
	key     *rsa.PrivateKey
	pem     []byte
	secret  string
	owner   *user
	bot     *user
	nodeID  string
	created time.Time
}

// appKeyBits is what GitHub gives.
const appKeyBits = 2048

// New starts a simulator on a free port of 127.0.0.1. Close ends it.
func New(opts Options) (*Simulator, error) {
	if opts.Dir == "" {
		return nil, errors.New("start simulator: no directory given")
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("start simulator in %q: %w", opts.Dir, err)
	}
	opts.Dir = dir
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o750); err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	s := &Simulator{
		opts: opts, log: opts.Log, now: opts.Now, html: "https://github.localhost",
		users: map[string]*user{}, tokens: map[string]*token{}, nodes: map[string]any{},
		budgets: map[string]*budget{}, limit: rateLimit, window: time.Hour, lastID: 1000, served: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.opts.Permissions == nil {
		s.opts.Permissions = DefaultPermissions()
	}
	if s.opts.Events == nil {
		s.opts.Events = DefaultEvents()
	}
	if s.schema, err = loadGraphSchema(); err != nil {
		return nil, fmt.Errorf("start simulator: read GitHub's GraphQL schema: %w", err)
	}
	if err := s.registerApp(); err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	s.hooks = newDispatcher(s)
	if err := s.serve(); err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	return s, nil
}

func (s *Simulator) registerApp() error {
	key := s.opts.Key
	if key == nil {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, appKeyBits); err != nil {
			return fmt.Errorf("make the App's key: %w", err)
		}
	}
	secret := make([]byte, 20)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("make the webhook secret: %w", err)
	}
	s.app = appIdentity{
		id: s.newID(), slug: "kms-review", name: "KMS Review", key: key,
		pem: pem.EncodeToMemory(&pem.Block{
			Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		secret: hex.EncodeToString(secret), created: s.clock(),
	}
	s.app.nodeID = s.nodeID("A", s.app.id)
	s.app.owner = s.account("app-owner", "Organization")
	s.app.bot = s.account(s.app.slug+"[bot]", "Bot")
	return nil
}

func (s *Simulator) serve() error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.url = "http://" + listener.Addr().String()
	s.server = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulator stopped", "error", err)
		}
	}()
	return nil
}

// Close stops the server, the deliveries and git. The directory stays.
func (s *Simulator) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.hooks.close()
	if err := s.server.Shutdown(ctx); err != nil {
		_ = s.server.Close() // a client keeps a request open: it is cut off
	}
	<-s.served
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.repos {
		r.objects.close()
	}
}

// URL is the root of the REST API; GraphQL is at URL()+"/graphql".
func (s *Simulator) URL() string { return s.url }

// App returns what GitHub shows once at registration: the App's id, its private key in PEM and the webhook secret.
func (s *Simulator) App() (id int64, privateKeyPEM []byte, webhookSecret string) {
	return s.app.id, append([]byte(nil), s.app.pem...), s.app.secret
}

// SetHTMLURL says where the pages are to which the html_url fields point, without a slash at the end.
func (s *Simulator) SetHTMLURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.html = url
}

// Repositories lists the repositories in order of their creation, deleted ones left out.
func (s *Simulator) Repositories() []*Repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Repository
	for _, r := range s.repos {
		if !r.deleted {
			list = append(list, r)
		}
	}
	return list
}

// Repository finds a repository by name.
func (s *Simulator) Repository(owner, name string) (*Repository, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findRepository(owner, name)
}

// clock is the time with GitHub's precision of a second.
func (s *Simulator) clock() time.Time { return s.now().UTC().Truncate(time.Second) }

func (s *Simulator) newID() int64 {
	s.lastID++
	return s.lastID
}
