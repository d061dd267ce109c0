package gh

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v66/github"
)

// installation adds an installation token to each request. ghinstallation mints and keeps the token; what is
// added here are GitHub's answers that need a decision: the installation is gone or suspended, one of the
// repositories is no longer in it, the token was revoked before it expired.
type installation struct {
	id    int64
	owner string
	app   *App
	guard *guard

	permissions func() *github.InstallationPermissions

	mu     sync.Mutex
	repos  []string
	tokens *ghinstallation.Transport // nil until first used, and after a token was refused
}

func (i *installation) covers(repo string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.repos) == 0 || slices.Contains(i.repos, repo)
}

// transport returns the current token holder. Each has an AppsTransport of its own: ghinstallation writes to
// it while it refreshes a token, which would be a data race between installations.
func (i *installation) transport() *ghinstallation.Transport {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tokens == nil {
		i.tokens = ghinstallation.NewFromAppsTransport(i.app.appTransport(i.guard), i.id)
		i.tokens.InstallationTokenOptions = &github.InstallationTokenOptions{
			Repositories: i.repos, Permissions: i.permissions(),
		}
	}
	return i.tokens
}

// forget drops a token holder, unless another request has replaced it already.
func (i *installation) forget(stale *ghinstallation.Transport) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tokens == stale {
		i.tokens = nil
	}
}

// narrow gives up all repositories but the first and tells whether there was something to give up.
func (i *installation) narrow() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.repos) < 2 {
		return false
	}
	i.repos, i.tokens = i.repos[:1], nil
	return true
}

// RoundTrip implements http.RoundTripper.
func (i *installation) RoundTrip(req *http.Request) (*http.Response, error) {
	tokens := i.transport()
	if _, err := tokens.Token(req.Context()); err != nil {
		if !refusedRepositories(err) || !i.narrow() {
			closeBody(req)
			return nil, i.mintError(err)
		}
		// The owner's settings repository left the installation and its delivery was lost: reviews go on.
		i.app.log.WarnContext(req.Context(), "installation has lost a repository", "installation", i.id, "owner", i.owner)
		tokens = i.transport()
		if _, err := tokens.Token(req.Context()); err != nil {
			closeBody(req)
			return nil, i.mintError(err)
		}
	}
	resp, err := tokens.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusUnauthorized {
		// Revoked, as by uninstalling and installing again: without this it would be tried until it expires.
		i.forget(tokens)
	}
	if resp.StatusCode == http.StatusForbidden && isSuspended(resp.StatusCode, errorMessage(resp)) {
		return nil, fmt.Errorf("use the token of installation %d, which is suspended: %w", i.id, ErrGone)
	}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// mintStatus is GitHub's answer to the request for a token, 0 if there was none.
func mintStatus(err error) (int, string) {
	var failed *ghinstallation.HTTPError
	if !errors.As(err, &failed) || failed.Response == nil {
		return 0, ""
	}
	return failed.Response.StatusCode, errorMessage(failed.Response)
}

// refusedRepositories recognises "There is at least one repository that does not exist or is not accessible to
// the parent installation."
// https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
func refusedRepositories(err error) bool {
	status, message := mintStatus(err)
	return status == http.StatusUnprocessableEntity && strings.Contains(message, "repositor")
}

// mintError says what a failed request for a token means.
func (i *installation) mintError(err error) error {
	status, message := mintStatus(err)
	const doing = "get a token for installation %d: %w"
	switch {
	case status == http.StatusNotFound, status == http.StatusGone, isSuspended(status, message):
		return fmt.Errorf(doing, i.id, ErrGone)
	case refusedRepositories(err):
		return fmt.Errorf("get a token for installation %d: repository %s/%s is not in it: %w", i.id, i.owner, i.repos[0], ErrGone)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("get a token for installation %d: GitHub refuses the App's JWT (%s): check the App's id, its private key and this machine's clock", i.id, message)
	case status == http.StatusUnprocessableEntity:
		return fmt.Errorf("get a token for installation %d: %s (has the installation accepted the App's permissions?)", i.id, message)
	case status != 0:
		return fmt.Errorf("get a token for installation %d: status %d: %s", i.id, status, message)
	}
	return fmt.Errorf(doing, i.id, err)
}
