package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// world is a simulator with a repository, an installation and one open pull request. Requests go out by net/http
// alone: a client of ours would hide a rule that it never breaks.
type world struct {
	t            *testing.T
	sim          *simulator.Simulator
	repo         *simulator.Repository
	installation int64
	pull         *simulator.Pull
	token        string
}

const base = "/repos/acme/infra"

// numbered is a file of n lines "line 1" ..., with some replaced.
func numbered(n int, replaced map[int]string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if text, ok := replaced[i]; ok {
			b.WriteString(text)
			continue
		}
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func newWorld(t *testing.T, opts ...conformance.Option) *world {
	t.Helper()
	w := &world{t: t, sim: conformance.Start(t, opts...)}
	w.repo = must(w.sim.CreateRepository("acme", "infra", map[string]string{
		"main.tf": numbered(60, nil), "gone.tf": "a\nb\n", "old/name.tf": numbered(20, nil), "README.md": "# Infra\n",
	}))(t)
	w.installation = must(w.sim.Install("acme"))(t)
	must(w.repo.Commit("change", "Change the key", map[string]string{
		"main.tf": numbered(60, map[int]string{10: "changed 10\n", 11: "changed 11\n", 40: "", 50: "line 50\nnew 50\n"}),
		"new.tf":  "first\nsecond\n", "picture.png": "\x89PNG\r\n\x00\x01",
	}, simulator.Delete("gone.tf"), simulator.Rename("old/name.tf", "new/name.tf")))(t)
	w.pull = must(w.repo.OpenPull(simulator.PullOptions{Title: "Change the key", Head: "change"}))(t)
	w.repo.SetPermission("author", "write")
	w.token = w.mint(nil)
	w.sim.ResetRequests()
	return w
}

// must takes a result or ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a decoded answer.
type answer struct {
	status int
	header http.Header
	text   string
	body   any
}

// at follows keys and indexes into the body.
func (a answer) at(keys ...any) any {
	v := a.body
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[k]
		case int:
			list, _ := v.([]any)
			if k >= len(list) {
				return nil
			}
			v = list[k]
		}
	}
	return v
}

// send sends a request as it is given; header values override.
func (w *world) send(method, path, credential string, body any, header map[string]string) answer {
	w.t.Helper()
	var reader io.Reader
	if text, raw := body.(string); raw {
		reader = strings.NewReader(text)
	} else if body != nil {
		encoded, err := json.Marshal(body)
		check(w.t, err)
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, w.sim.URL()+path, reader)
	check(w.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if credential != "" {
		req.Header.Set("Authorization", "Bearer "+credential)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	check(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	check(w.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &a.body); err != nil {
			w.t.Fatalf("%s %s: answer is no JSON: %v", method, path, err)
		}
	}
	return a
}

// do sends a request with the world's token.
func (w *world) do(method, path string, body any) answer {
	w.t.Helper()
	return w.send(method, path, w.token, body, nil)
}

// want sends a request and expects a status.
func (w *world) want(status int, method, path string, body any) answer {
	w.t.Helper()
	a := w.do(method, path, body)
	if a.status != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.text)
	}
	return a
}

// jwt signs the App's JWT, with claims replaced.
func (w *world) jwt(replaced jwt.MapClaims) string {
	w.t.Helper()
	id, key, _ := w.sim.App()
	private, err := jwt.ParseRSAPrivateKeyFromPEM(key)
	check(w.t, err)
	now := time.Now()
	claims := jwt.MapClaims{"iss": fmt.Sprint(id), "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	for k, v := range replaced {
		claims[k] = v
		if v == nil {
			delete(claims, k)
		}
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(private)
	check(w.t, err)
	return text
}

// mint makes an installation token.
func (w *world) mint(body any) string {
	w.t.Helper()
	a := w.mintAnswer(body)
	token, _ := a.at("token").(string)
	if a.status != http.StatusCreated || token == "" {
		w.t.Fatalf("mint: status %d: %s", a.status, a.text)
	}
	return token
}

func (w *world) mintAnswer(body any) answer {
	w.t.Helper()
	return w.send("POST", fmt.Sprintf("/app/installations/%d/access_tokens", w.installation), w.jwt(nil), body, nil)
}

// graph runs a GraphQL document.
func (w *world) graph(query string, variables map[string]any) answer {
	w.t.Helper()
	return w.want(http.StatusOK, "POST", "/graphql", map[string]any{"query": query, "variables": variables})
}
