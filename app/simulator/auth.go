package simulator

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// authKind is how an operation wants its caller to sign in.
type authKind int

const (
	asInstallation authKind = iota // a token of an installation
	asApp                          // the App's JWT
)

// grant is a permission with a level.
type grant struct{ name, level string }

var levels = map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}

// token is an installation access token.
type token struct {
	installation *installation
	permissions  map[string]string
	repos        map[int64]bool // nil: all of the installation
	expires      time.Time
}

// may tells whether the token has a permission, at this moment.
func (t *token) may(g grant) bool { return levels[t.permissions[g.name]] >= levels[g.level] }

// covers tells whether the token may see a repository.
func (t *token) covers(r *Repository) bool {
	return !r.deleted && t.installation.covers(r) && (t.repos == nil || t.repos[r.id])
}

// tokenLifetime is an hour: docs:rest/apps/apps#create-an-installation-access-token-for-an-app.
const tokenLifetime = time.Hour

// newToken makes a token of the long form that GitHub gives since 2026-04-27: "ghs_APPID_" and a JWT, about 520
// characters with dots, dashes and underscores. Source: OAS, note at create-installation-access-token.
func (s *Simulator) newToken() string {
	part := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return fmt.Sprintf("ghs_%d_%s.%s-_.%s", s.app.id, part(27), part(210), part(142))
}

// authorise checks the caller's identity and, of a route in a repository, that the token reaches it. Repositories
// outside the token are 404, missing permissions 403, as GitHub documents at
// docs:rest/using-the-rest-api/troubleshooting-the-rest-api.
func (c *call) authorise(r route) *reply {
	if c.req.Header.Get("User-Agent") == "" { // docs:rest/using-the-rest-api/troubleshooting-the-rest-api#user-agent-required
		return refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	}
	// GitHub also has 2026-03-10 (docs:rest/about-the-rest-api/api-versions); the description here is of this one.
	if apiVersion(c.req) != "2022-11-28" {
		return refuse(http.StatusBadRequest, "The X-GitHub-Api-Version header has an unsupported version.")
	}
	scheme, credential, _ := strings.Cut(c.req.Header.Get("Authorization"), " ")
	if credential == "" || !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		return refuse(http.StatusUnauthorized, "Requires authentication")
	}
	if r.auth == asApp {
		if !strings.EqualFold(scheme, "bearer") {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return c.sim.checkJWT(credential)
	}
	t, known := c.sim.tokens[credential]
	if !known || !c.sim.now().Before(t.expires) || t.installation.deleted {
		return refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if t.installation.suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	c.token = t
	return c.authoriseRepository(r)
}

func (c *call) authoriseRepository(r route) *reply {
	if owner := c.req.PathValue("owner"); owner != "" {
		repo, found := c.sim.findRepository(owner, c.req.PathValue("repo"))
		if !found || !c.token.covers(repo) {
			return refuse(http.StatusNotFound, "Not Found")
		}
		c.repo = repo
		if repo.archived && c.req.Method != http.MethodGet {
			return refuse(http.StatusForbidden, "Repository was archived so is read-only.")
		}
	}
	for _, g := range r.needs {
		if c.token.may(g) {
			return nil
		}
	}
	if len(r.needs) > 0 {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return nil
}

func refuse(status int, message string) *reply {
	rep := failure(status, message)
	return &rep
}

// checkJWT verifies the App's JWT: RS256, iss is the App's id, exp at most ten minutes ahead, iat not in the future.
// Source: docs:apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app.
func (s *Simulator) checkJWT(credential string) *reply {
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(credential, claims, func(*jwt.Token) (any, error) { return &s.app.key.PublicKey, nil }); err != nil {
		return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	if issuer := claimText(claims["iss"]); issuer != strconv.FormatInt(s.app.id, 10) {
		return refuse(http.StatusNotFound, "Integration not found")
	}
	now := s.now()
	exp, ok := claimTime(claims["exp"])
	switch {
	case !ok:
		return refuse(http.StatusUnauthorized, "Missing 'exp' claim in assertion")
	case !exp.After(now):
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case exp.After(now.Add(10 * time.Minute)):
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	iat, ok := claimTime(claims["iat"])
	if !ok || iat.After(now) {
		return refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return nil
}

// claimText reads iss, which may be a string or a number.
func claimText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// claimTime reads a NumericDate in whole seconds. GitHub refuses fractions of iat; of exp it is not known.
func claimTime(v any) (time.Time, bool) {
	f, ok := v.(float64)
	if !ok || f != math.Trunc(f) {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}
