package gh

import "testing"

func TestWebURL(t *testing.T) {
	t.Parallel()
	for api, want := range map[string]string{
		"https://api.github.com":          "https://github.com",
		"https://api.octo.ghe.com/":       "https://octo.ghe.com",
		"https://ghes.example.com/api/v3": "https://ghes.example.com",
		"http://127.0.0.1:4000":           "http://127.0.0.1:4000",
	} {
		parsed, err := parseAPIURL(api)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&App{api: parsed}).WebURL(); got != want {
			t.Errorf("WebURL for %s = %s, want %s", api, got, want)
		}
	}
}
