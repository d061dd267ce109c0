package gh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v66/github"
)

// ErrGone says that the work has lost its object: the pull request is closed, its head moved on, the
// installation is removed or suspended. There is nothing to repeat and nobody to tell.
var ErrGone = errors.New("gone")

// Limited says that GitHub takes no more requests until a moment.
type Limited struct {
	Until time.Time
}

func (l *Limited) Error() string {
	return "GitHub's rate limit is reached until " + l.Until.UTC().Format(time.RFC3339)
}

// Fate is what becomes of a job whose work returned an error.
type Fate int

// The fates.
const (
	Done    Fate = iota // no error, or nothing left to do
	Retry               // transient: with backoff
	RetryAt             // not before the given time
)

// Classify sorts an error of this App's work. The time is set for RetryAt alone. A 404 is transient here:
// directly after a delivery GitHub may not know yet what it has just told.
func Classify(err error) (Fate, time.Time) {
	var limited *Limited
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	switch {
	case err == nil, errors.Is(err, ErrGone):
		return Done, time.Time{}
	case errors.As(err, &limited):
		return RetryAt, limited.Until
	case errors.As(err, &primary): // go-github refuses by itself what it knows to be over the limit
		return RetryAt, clampWait(primary.Rate.Reset.Time)
	case errors.As(err, &secondary):
		return RetryAt, clampWait(time.Now().Add(secondary.GetRetryAfter()))
	}
	return Retry, time.Time{}
}

// NotFound tells whether GitHub answered that something is not there (404 or 410), or hid it from the App.
func NotFound(err error) bool {
	status := Status(err)
	return status == http.StatusNotFound || status == http.StatusGone
}

// Status is the HTTP status of the answer that an error of the REST client is about, 0 if it is about none.
func Status(err error) int {
	var response *github.ErrorResponse
	if errors.As(err, &response) && response.Response != nil {
		return response.Response.StatusCode
	}
	return 0
}

func isSuspended(status int, message string) bool {
	return status == http.StatusForbidden && strings.Contains(message, "suspended")
}

// credential matches GitHub's tokens (installation tokens have been up to 520 characters of letters, digits,
// dots, dashes and underscores since April 2026) and JWTs.
var credential = regexp.MustCompile(`(gh[a-z]_|github_pat_)[A-Za-z0-9._-]{20,}|eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)+`)

// Redact replaces whatever looks like a token of GitHub's.
func Redact(text string) string { return credential.ReplaceAllString(text, "[redacted]") }

// redactError hides credentials in an error's text and keeps what errors.Is and errors.As see.
func redactError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || !credential.MatchString(err.Error()) {
		return err
	}
	return &redacted{text: Redact(err.Error()), err: err}
}

type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }

// Is keeps errors.Is working; there is no Unwrap, through which the raw text could be printed.
func (r *redacted) Is(target error) bool { return errors.Is(r.err, target) }

// tooLarge says that an answer passed the bound on what is read of one.
type tooLarge struct{ limit int64 }

func (t *tooLarge) Error() string {
	return fmt.Sprintf("GitHub's answer is larger than %d bytes", t.limit)
}
