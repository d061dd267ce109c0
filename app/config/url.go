package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

const defaultAPIURL = "https://api.github.com"

// apiURLs returns the REST root without a slash at the end, and the GraphQL endpoint that belongs to it.
func (r *reader) apiURLs() (rest, graphQL string) {
	const name = "GITHUB_API_URL"
	value := r.get(name, defaultAPIURL)
	parsed, err := url.Parse(value)
	switch {
	case err != nil || parsed.Host == "":
		r.fail(name, "is not a URL; it must look like "+defaultAPIURL+" or https://HOST/api/v3")
		return "", ""
	case parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "":
		r.fail(name, "must have no user, query or fragment; it must look like "+defaultAPIURL+" or https://HOST/api/v3")
		return "", ""
	case parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLocal(parsed.Hostname())):
		r.fail(name, fmt.Sprintf("is %q; it must start with https:// (tokens are sent there), except on localhost", value))
		return "", ""
	}
	parsed.Path = strings.TrimRight(parsed.Path, "/")
	parsed.RawPath = ""
	return parsed.String(), GraphQLURL(parsed.String())
}

// GraphQLURL derives the GraphQL endpoint from the REST root: /graphql below it, but /api/graphql beside the
// /api/v3 of GitHub Enterprise Server.
// https://docs.github.com/en/enterprise-server@latest/graphql/guides/managing-enterprise-accounts
func GraphQLURL(rest string) string {
	rest = strings.TrimRight(rest, "/")
	if root, found := strings.CutSuffix(rest, "/api/v3"); found {
		return root + "/api/graphql"
	}
	return rest + "/graphql"
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
