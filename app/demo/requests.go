package demo

import (
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
}{
	{"access token", http.MethodPost, regexp.MustCompile(`/access_tokens$`)},
	{"comparison", http.MethodGet, regexp.MustCompile(`/compare/`)},
	{"GraphQL", http.MethodPost, regexp.MustCompile(`^/graphql$`)},
	{"review", http.MethodPost, regexp.MustCompile(`/pulls/\d+/reviews$`)},
	{"check run", "", regexp.MustCompile(`/check-runs(/\d+)?$`)},
	{"permission", http.MethodGet, regexp.MustCompile(`/collaborators/.*/permission$`)},
	{"reaction", http.MethodPost, regexp.MustCompile(`/reactions$`)},
}

func kindOf(r simulator.Request) string {
	for _, k := range kinds {
		if (k.method == "" || k.method == r.Method) && k.path.MatchString(r.Path) {
			return k.name
		}
	}
	return r.Method + " " + r.Path
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
