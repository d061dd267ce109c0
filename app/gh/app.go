// Package gh owns the App's identity at GitHub: its JWT, installation tokens narrowed to what one review
// needs, and one way in which every request is sent, limited, measured and classified when it fails.
//
// A request passes, from the outside in: conditional GET (etag.go), the installation's token (identity.go),
// and the guard (guard.go) that adds the version header, bounds the answer, turns rate limits into Limited and
// keeps tokens out of errors. GitHub Enterprise Server differs only by its URLs.
package gh

import (
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v66/github"
	"github.com/prometheus/client_golang/prometheus"
)

// requestTimeout bounds one request with its answer. GitHub itself gives up after 10 s; the rest is transfer.
const requestTimeout = 30 * time.Second

// Config is what the App needs to speak to GitHub.
type Config struct {
	AppID      int64
	PrivateKey []byte // PEM, PKCS#1 or PKCS#8
	// APIURL is the root of the REST API: "https://api.github.com", "https://api.SUB.ghe.com" or
	// "https://HOST/api/v3". Plain http is accepted on this machine only: the App's JWT travels there.
	APIURL    string
	Transport http.RoundTripper // nil: a clone of the default transport
	Log       *slog.Logger
	Registry  prometheus.Registerer // nil: no metrics
}

// App is the App's identity; it hands out clients. Safe for concurrent use.
type App struct {
	id         int64
	key        *rsa.PrivateKey
	api        *url.URL // with a trailing slash
	graphqlURL string
	base       http.RoundTripper
	etags      *etagCache
	metrics    *metrics
	log        *slog.Logger

	mu      sync.Mutex
	clients map[string]*cachedClient
	limits  map[int64]*limits // GitHub counts an installation's requests, whatever the token; 0: the App itself
}

type cachedClient struct {
	client *Client
	used   time.Time
}

// Permissions is what an installation token is narrowed to: all that a review uses. Reactions on a pull
// request's comments are covered by pull_requests:write.
// https://docs.github.com/rest/authentication/permissions-required-for-github-apps
func Permissions() *github.InstallationPermissions {
	return &github.InstallationPermissions{
		Metadata:     github.String("read"),
		Contents:     github.String("read"),
		PullRequests: github.String("write"),
		Checks:       github.String("write"),
	}
}

// ScanPermissions is what a token for looking at all of an installation's repositories is narrowed to: it writes nothing.
func ScanPermissions() *github.InstallationPermissions {
	return &github.InstallationPermissions{
		Metadata:     github.String("read"),
		Contents:     github.String("read"),
		PullRequests: github.String("read"),
	}
}

// SummaryPermissions is what a token for the summary issue is narrowed to: it reads no contents.
func SummaryPermissions() *github.InstallationPermissions {
	return &github.InstallationPermissions{
		Metadata: github.String("read"),
		Issues:   github.String("write"),
	}
}

// New checks the key and the URL; it sends nothing.
func New(cfg Config) (*App, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(cfg.PrivateKey)
	if err != nil {
		// The parser's own text may quote what it was given; a key never belongs in a message.
		return nil, fmt.Errorf("the App's private key is not an RSA key in PEM form: use the .pem file that GitHub offers under the App's settings")
	}
	api, err := parseAPIURL(cfg.APIURL)
	if err != nil {
		return nil, err
	}
	if cfg.AppID <= 0 {
		return nil, fmt.Errorf("the App's id must be a positive number, not %d", cfg.AppID)
	}
	metrics, err := newMetrics(cfg.Registry)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of GitHub requests: %w", err)
	}
	base := cfg.Transport
	if base == nil {
		base = defaultTransport()
	}
	return &App{
		id: cfg.AppID, key: key, api: api, graphqlURL: graphqlURL(api), base: base,
		etags: newETagCache(), metrics: metrics, log: cfg.Log, clients: map[string]*cachedClient{},
		limits: map[int64]*limits{},
	}, nil
}

func defaultTransport() http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32 // the default of 2 would dial anew for most of a burst of reviews
	return transport
}

func parseAPIURL(text string) (*url.URL, error) {
	api, err := url.Parse(text)
	if err != nil || api.Host == "" || (api.Scheme != "https" && api.Scheme != "http") {
		return nil, fmt.Errorf("GitHub's API URL must look like https://api.github.com or https://HOST/api/v3, not %q", Redact(text))
	}
	if api.User != nil || api.RawQuery != "" || api.Fragment != "" {
		return nil, fmt.Errorf("GitHub's API URL must have no user, query or fragment")
	}
	if api.Scheme == "http" && !loopback(api.Hostname()) {
		return nil, fmt.Errorf("GitHub's API URL must use https: the App's credentials would travel to %s in the clear", api.Hostname())
	}
	api.Path = strings.TrimRight(api.Path, "/") + "/"
	return api, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// graphqlURL derives the GraphQL endpoint: /graphql, or /api/graphql beside GitHub Enterprise Server's /api/v3.
// https://docs.github.com/enterprise-server/graphql/guides/forming-calls-with-graphql
func graphqlURL(api *url.URL) string {
	u := *api
	if root, ok := strings.CutSuffix(api.Path, "/api/v3/"); ok {
		u.Path = root + "/api/graphql"
	} else {
		u.Path = api.Path + "graphql"
	}
	return u.String()
}

// ID is the App's number, by which GitHub says what was done by it.
func (a *App) ID() int64 { return a.id }

// Installation gives the client of an installation whose token covers the named repositories of owner, the
// first of which is the one under review; without names it covers all that the installation has. Nothing is
// sent yet. Clients are kept, so that their tokens (one hour) and rate limits are shared by all who ask.
func (a *App) Installation(id int64, owner string, repos ...string) *Client {
	return a.client("review", access{permissions: Permissions}, id, owner, repos)
}

// Background gives a client that reads all repositories of an installation, and leaves a part of GitHub's budget to the
// others: what it does can wait, and a pull request cannot.
func (a *App) Background(id int64, owner string) *Client {
	return a.client("scan", access{permissions: ScanPermissions, background: true}, id, owner, nil)
}

// Summary gives a client that writes issues in one repository. It leaves nothing to the others: what it asks is little,
// and the issue must say how far a scan has come that waits for the next hour's budget.
func (a *App) Summary(id int64, owner, repo string) *Client {
	return a.client("summary", access{permissions: SummaryPermissions}, id, owner, []string{repo})
}

// access is what a client may do.
type access struct {
	permissions func() *github.InstallationPermissions
	background  bool
}

func (a *App) client(purpose string, may access, id int64, owner string, repos []string) *Client {
	key := fmt.Sprintf("%s/%d/%s/%s", purpose, id, owner, strings.Join(repos, "/"))
	a.mu.Lock()
	defer a.mu.Unlock()
	entry, ok := a.clients[key]
	if !ok {
		a.evict()
		entry = &cachedClient{client: a.newClient(key, may, id, owner, slices.Clone(repos))}
		a.clients[key] = entry
	}
	entry.used = time.Now()
	return entry.client
}

// maxClients bounds the memory that an installation with very many repositories can take.
const maxClients = 2000

// evict drops what has not been used for an hour, when every token has expired anyway, and failing that the
// longest unused. The caller holds a.mu.
func (a *App) evict() {
	if len(a.clients) < maxClients {
		return
	}
	oldest := ""
	for key, entry := range a.clients {
		if time.Since(entry.used) > time.Hour {
			delete(a.clients, key)
		} else if oldest == "" || entry.used.Before(a.clients[oldest].used) {
			oldest = key
		}
	}
	if len(a.clients) >= maxClients {
		delete(a.clients, oldest)
	}
}

// limitsOf are the limits that all clients of an installation share. The caller holds a.mu.
func (a *App) limitsOf(installation int64) *limits {
	known, ok := a.limits[installation]
	if !ok {
		known = &limits{}
		a.limits[installation] = known
	}
	return known
}

func (a *App) newClient(key string, may access, id int64, owner string, repos []string) *Client {
	inst := &installation{
		id: id, owner: owner, repos: repos, app: a, permissions: may.permissions,
		guard: &guard{base: a.base, limits: a.limitsOf(id), metrics: a.metrics, holder: fmt.Sprint(id), background: may.background},
	}
	return &Client{
		REST:         a.rest(&conditional{base: inst, cache: a.etags, holder: key}),
		Installation: id,
		Owner:        owner,
		graphqlURL:   a.graphqlURL,
		inst:         inst,
	}
}

// JWTClient speaks as the App itself: GET /app, webhook deliveries, installations.
func (a *App) JWTClient() *github.Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rest(a.appTransport(&guard{base: a.base, limits: a.limitsOf(0), metrics: a.metrics, holder: "app"}))
}

func (a *App) appTransport(under http.RoundTripper) *ghinstallation.AppsTransport {
	transport := ghinstallation.NewAppsTransportFromPrivateKey(under, a.id, a.key)
	transport.BaseURL = strings.TrimRight(a.api.String(), "/")
	return transport
}

func (a *App) rest(transport http.RoundTripper) *github.Client {
	client := github.NewClient(&http.Client{
		Transport:     transport,
		Timeout:       requestTimeout,
		CheckRedirect: a.sameHost,
	})
	client.BaseURL = a.api
	client.UserAgent = userAgent
	return client
}

// sameHost follows GitHub's redirects for renamed repositories and no other: every request of these clients
// carries a credential, and a redirect to another host would hand it over.
func (a *App) sameHost(req *http.Request, via []*http.Request) error {
	if req.URL.Host != a.api.Host || req.URL.Scheme != a.api.Scheme {
		return fmt.Errorf("refuse the redirect to %s: credentials stay with %s", req.URL.Host, a.api.Host)
	}
	if len(via) > 3 {
		return fmt.Errorf("stop after %d redirects", len(via))
	}
	return nil
}

// Client speaks as an installation.
type Client struct {
	REST         *github.Client
	Installation int64
	Owner        string

	graphqlURL string
	inst       *installation
}

// Covers tells whether the client's token reaches the named repository of its owner.
func (c *Client) Covers(repo string) bool { return c.inst.covers(repo) }
