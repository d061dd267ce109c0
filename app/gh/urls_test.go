package gh

import "testing"

func TestURLs(t *testing.T) {
	t.Parallel()
	for api, want := range map[string][2]string{
		"https://api.github.com":                 {"https://api.github.com/", "https://api.github.com/graphql"},
		"https://github.example.com/api/v3":      {"https://github.example.com/api/v3/", "https://github.example.com/api/graphql"},
		"https://github.example.com/api/v3/":     {"https://github.example.com/api/v3/", "https://github.example.com/api/graphql"},
		"https://api.acme.ghe.com":               {"https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql"},
		"http://127.0.0.1:8081":                  {"http://127.0.0.1:8081/", "http://127.0.0.1:8081/graphql"},
		"https://proxy.example.com/gh/api/v3///": {"https://proxy.example.com/gh/api/v3/", "https://proxy.example.com/gh/api/graphql"},
	} {
		parsed, err := parseAPIURL(api)
		if err != nil || parsed.String() != want[0] || graphqlURL(parsed) != want[1] {
			t.Errorf("%s: %v, %v, want %v", api, parsed, err, want)
		}
	}
}

func TestRouteOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/repos/acme/infra/compare/a...b":     "GET compare",
		"/api/v3/repos/acme/infra/check-runs": "GET check-runs",
		"/repos/acme/infra":                   "GET repository",
		"/repos/acme/infra/who-knows/acme":    "GET other",
		"/graphql":                            "graphql",
		"/api/graphql":                        "graphql",
		"/app/installations/5/access_tokens":  "token",
		"/app/hook/deliveries":                "GET app",
		"/":                                   "GET other",
		"/repos/acme/infra/collaborators/somebody-else/permission/": "GET collaborators",
	} {
		if got := routeOf("GET", path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
