package gh

import (
	"net/url"
	"strings"
)

// WebURL is the root of GitHub's pages for people, without a slash at the end, derived from the API's: for
// permalinks. https://docs.github.com/enterprise-cloud@latest/rest/about-the-rest-api says how the hosts differ.
func (a *App) WebURL() string {
	web := url.URL{Scheme: a.api.Scheme, Host: strings.TrimPrefix(a.api.Host, "api.")}
	return web.String()
}
