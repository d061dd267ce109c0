package page_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v66/github"
)

// get reads a page.
func (w *world) get(t *testing.T, path string) (int, http.Header, string) {
	t.Helper()
	return w.request(t, http.MethodGet, path)
}

func (w *world) request(t *testing.T, method, path string) (int, http.Header, string) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), method, w.url+path, nil))(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header, string(must(io.ReadAll(resp.Body))(t))
}

func TestPagesWithoutABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, comments := w.failing()
	run := p.CheckRuns()[0]
	sha := p.HeadSHA()
	const pull = "/acme/platform/pull/1"
	issue := must(w.repo.OpenIssue("maintainer", "Everything", "- [ ] a box\n"))(t)
	must(issue.Comment("maintainer", "said under it"))(t)
	for _, c := range []struct {
		name, path string
		status     int
		want       []string
	}{
		{"index", "/", 200, []string{"acme/platform", "Turn rotation off", "Checks: failure"}},
		{"repository", "/acme/platform", 200, []string{"Turn rotation off"}},
		{"conversation", pull, 200, []string{"It is <strong>cheaper</strong>", "Some checks were not successful", "discussion_r" + itoa(comments[0])}},
		{"files", pull + "/files", 200, []string{"KMS104 rotation-turned-off", "Changes in main.tf"}},
		{"checks", pull + "/checks", 200, []string{"2 new findings (2 high)", "<summary>Undecided</summary>", "lines 7 to 9"}},
		{"check run", pull + "/checks?check_run_id=" + itoa(run.ID), 200, []string{"2 new findings (2 high)"}},
		{"issue", "/acme/platform/issues/2", 200, []string{"Everything", `<input type="checkbox" disabled>`, "said under it", "Open"}},
		{"list with the issue", "/acme/platform", 200, []string{"/acme/platform/issues/2", "/acme/platform/pull/1"}},
		{"no issue", "/acme/platform/issues/1", 404, []string{"There is no issue 1 in acme/platform."}},
		{"file", "/acme/platform/blob/" + sha + "/main.tf?lines=7-8", 200, []string{`id="L7" class="marked"`, `id="L9">`}},
		{"style", "/style.css", 200, []string{"prefers-color-scheme: dark"}},
		{"icon", "/icon.svg", 200, []string{"<svg"}},
		{"no repository", "/acme/other", 404, []string{"There is no repository acme/other."}},
		{"no pull request", "/acme/platform/pull/2", 404, []string{"There is no pull request 2 in acme/platform."}},
		{"no number", "/acme/platform/pull/x", 404, []string{"There is no pull request x"}},
		{"no check run", pull + "/checks?check_run_id=1", 404, []string{"There is no check run 1"}},
		{"no file", "/acme/platform/blob/" + sha + "/none.tf", 404, []string{"There is no file none.tf"}},
		{"no commit", "/acme/platform/blob/main/main.tf", 404, []string{"There is no file main.tf at main."}},
		{"git expression", "/acme/platform/blob/HEAD%5E/main.tf", 404, []string{"There is no file"}},
		{"line end in a path", "/acme/platform/blob/" + sha + "/main.tf%0Ax", 404, []string{"There is no file"}},
		{"no page", "/acme/platform/settings/x", 404, []string{"There is no page /acme/platform/settings/x."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, header, body := w.get(t, c.path)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("does not show %q", want)
				}
			}
			if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; img-src 'self'") {
				t.Errorf("Content-Security-Policy %q", policy)
			}
			if strings.Contains(body, "<script") || strings.Contains(body, "style=") {
				t.Error("has a script or a style of an element, which the policy refuses")
			}
		})
	}
}

func TestCheckRunAddressLeadsToItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _ := w.failing()
	id := itoa(p.CheckRuns()[0].ID)
	status, header, _ := w.get(t, "/acme/platform/runs/"+id)
	if want := "/acme/platform/pull/1/checks?check_run_id=" + id; status != http.StatusFound || header.Get("Location") != want {
		t.Errorf("status %d, location %q; want %q", status, header.Get("Location"), want)
	}
}

func TestOnlyReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.failing()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if status, header, _ := w.request(t, method, "/acme/platform/pull/1"); status != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, status, header.Get("Allow"))
		}
	}
}

// TestRefresh: a page reloads itself only while something is still to come.
func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("Turn rotation off", "", map[string]string{"main.tf": after})
	const refresh = `http-equiv="refresh"`
	if _, _, body := w.get(t, "/acme/platform/pull/1"); !strings.Contains(body, refresh) || !strings.Contains(body, "No check has reported yet") {
		t.Error("before the first check run: no refresh")
	}
	w.checkRun(p, "", &github.CheckRunOutput{Title: github.String("Reviewing"), Summary: github.String("…")})
	if _, _, body := w.get(t, "/acme/platform/pull/1"); !strings.Contains(body, refresh) || !strings.Contains(body, "Some checks haven’t completed yet") {
		t.Error("while a check runs: no refresh")
	}
	w.checkRun(p, "success", &github.CheckRunOutput{Title: github.String("No problem"), Summary: github.String("…")})
	if _, _, body := w.get(t, "/acme/platform/pull/1"); strings.Contains(body, refresh) || !strings.Contains(body, "All checks have passed") {
		t.Error("after the check: still a refresh")
	}
}

// TestOddPullRequests: each of these has a page, whatever is missing from it.
func TestOddPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("Binary", "", map[string]string{"picture.png": "\x89PNG\r\n\x00\x01", "empty.tf": "", "end.tf": "a = 1"})
	if _, _, body := w.get(t, "/acme/platform/pull/1/files"); !strings.Contains(body, "There is no text to show") || !strings.Contains(body, "No newline at end of file") {
		t.Error("a binary file or a missing line end is not said")
	}
	check(t, p.Close("author"))
	if _, _, body := w.get(t, "/acme/platform/pull/1"); !strings.Contains(body, "Closed") {
		t.Error("a closed pull request is not shown as closed")
	}
	if status, _, body := w.get(t, "/acme/platform/pull/1/checks"); status != http.StatusOK || !strings.Contains(body, "No check has reported") {
		t.Error("no page of checks without a check")
	}
}
