package gh

import (
	"fmt"
	"net/url"
	"strings"
)

// WebURL is the root of GitHub's pages for people, without a slash at the end, derived from the API's: for
// permalinks. https://docs.github.com/enterprise-cloud@latest/rest/about-the-rest-api says how the hosts differ.
func (a *App) WebURL() string { return webURL(a.api) }

// WebURL is App.WebURL for the root of an API of which there is no App.
func WebURL(apiURL string) (string, error) {
	api, err := url.Parse(apiURL)
	if err != nil {
		return "", fmt.Errorf("parse the API's URL: %w", err)
	}
	return webURL(api), nil
}

func webURL(api *url.URL) string {
	web := url.URL{Scheme: api.Scheme, Host: strings.TrimPrefix(api.Host, "api.")}
	return web.String()
}
