package demo

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/app/simulator"
)

// kinds names GitHub's operations as people call them.
var kinds = []struct {
	name   string
	method string
	path   *regexp.Regexp
	body   string // what the request contains
}{
	{"access token", http.MethodPost, regexp.MustCompile(`/access_tokens$`), ""},
	{"comparison", http.MethodGet, regexp.MustCompile(`/compare/`), ""},
	{"GraphQL mutation", http.MethodPost, regexp.MustCompile(`^/graphql$`), "minimizeComment"},
	{"GraphQL", http.MethodPost, regexp.MustCompile(`^/graphql$`), ""},
	{"review", http.MethodPost, regexp.MustCompile(`/pulls/\d+/reviews$`), ""},
	{"check run", "", regexp.MustCompile(`/check-runs(/\d+)?$`), ""},
	{"permission", http.MethodGet, regexp.MustCompile(`/collaborators/.*/permission$`), ""},
	{"reaction", http.MethodPost, regexp.MustCompile(`/reactions$`), ""},
}

func kindOf(r simulator.Request) string {
	for _, k := range kinds {
		if (k.method == "" || k.method == r.Method) && k.path.MatchString(r.Path) && bytes.Contains(r.Body, []byte(k.body)) {
			return k.name
		}
	}
	return r.Method + " " + r.Path
}

// requests prints what the App has asked of GitHub. What a request does is seen a moment before it is on record, so
// the last ones are waited for: n of a kind.
func (d *demo) requests(ctx context.Context, n int, kind string) error {
	err := d.until(ctx, "the record of the request "+kind, func() bool {
		found := 0
		for _, r := range d.sim.Requests() {
			if kindOf(r) == kind {
				found++
			}
		}
		return found >= n
	})
	if err == nil {
		d.say("Requests", "%s", countRequests(d.sim.Requests()))
	}
	return err
}

// countRequests is like "6 to GitHub (access token, comparison, 2 GraphQL, review, check run)", in the order of first use.
func countRequests(list []simulator.Request) string {
	counts := map[string]int{}
	var order []string
	for _, r := range list {
		kind := kindOf(r)
		if counts[kind] == 0 {
			order = append(order, kind)
		}
		counts[kind]++
	}
	parts := make([]string, 0, len(order))
	for _, kind := range order {
		if counts[kind] > 1 {
			kind = fmt.Sprintf("%d %s", counts[kind], kind)
		}
		parts = append(parts, kind)
	}
	return fmt.Sprintf("%d to GitHub (%s)", len(list), strings.Join(parts, ", "))
}
