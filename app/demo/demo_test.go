package demo

import (
	"bytes"
	"context"
	"errors"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/kms-review/kms-review/app/simulator"
)

// output is what the demo prints, to be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// patience is for a machine that is busy with other tests.
const patience = time.Minute

// wait waits until the demo has printed what the pattern says, and returns the match.
func (o *output) wait(t *testing.T, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if m := expression.FindStringSubmatch(o.String()); m != nil {
			return m
		}
	}
	t.Fatalf("%q was not printed:\n%s", pattern, o)
	return nil
}

// inside makes the demo's temporary directory the test's own, and checks at the end that nothing is left in it.
func inside(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("the demo left %v behind (%v)", left, err)
		}
	})
}

func TestOnce(t *testing.T) {
	inside(t)
	var out output
	if err := Run(t.Context(), Options{Out: &out, Once: true, Patience: patience}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{
		`Webhook +pull_request opened: answered 202 in [\d.]+ ms`,
		`Check run +failure: \d+ new findings`,
		`storage/main\.tf:5 +KMS104 rotation-turned-off · high · aws_kms_key\.storage, with a suggestion`,
		`storage/analytics\.tf:\d+ +KMS101 rotation-disabled · high · aws_kms_key\.analytics, with a suggestion`,
		`storage/analytics\.tf:\d+ +KMS501 key-set-but-ignored · high · aws_db_instance\.analytics, with a suggestion`,
		`Requests +\d+ to GitHub \(.*review, check run\)`,
		`Suggestion +KMS104 .*: committed as [0-9a-f]{7}\n`,
		`Check run +success: `,
		`Comments +3 of 3 folded away as resolved`,
		`Reaction +👀(?s:.*)Check run +success(?s:.*)Reaction +🚀`,
		`suggestions have cured the pull request`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("does not print %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestPage(t *testing.T) {
	inside(t)
	var out output
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	reader, enter := io.Pipe()
	defer enter.Close()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Out: &out, In: reader, Listen: "127.0.0.1:0", Patience: patience})
	}()
	url := out.wait(t, `\n  (http://127\.0\.0\.1:\d+/acme/platform/pull/1)\n`)[1]
	if body := get(t, url); !strings.Contains(body, "Suggested change") || !strings.Contains(body, "Some checks were not successful") {
		t.Error("the page does not show the first review")
	}
	links := regexp.MustCompile(`href="(/acme/platform/blob/[^"]+)"`).FindAllStringSubmatch(get(t, url+"/checks"), -1)
	for _, link := range links {
		get(t, strings.TrimSuffix(url, "/acme/platform/pull/1")+html.UnescapeString(link[1]))
	}
	if len(links) == 0 {
		t.Error("the check run has no links to lines")
	}
	if _, err := io.WriteString(enter, "\n"); err != nil {
		t.Fatal(err)
	}
	out.wait(t, `suggestions have cured the pull request`)
	if body := get(t, url); !strings.Contains(body, "comment marked as resolved") || !strings.Contains(body, "All checks have passed") {
		t.Error("the page does not show the second review")
	}
	interrupt()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended by an interrupt: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("an interrupt does not end it")
	}
	if conn, err := net.Dial("tcp", strings.Split(url, "/")[2]); err == nil {
		conn.Close()
		t.Error("the page is still served")
	}
}

// get reads a page that must be there.
func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d (%v)", url, resp.StatusCode, err)
	}
	return string(body)
}

// TestErrorsNameTheStep: who runs the demo must learn what did not happen.
func TestErrorsNameTheStep(t *testing.T) {
	inside(t)
	err := Run(t.Context(), Options{Out: io.Discard, Once: true, Patience: time.Nanosecond})
	if err == nil || !strings.Contains(err.Error(), "did not come within 1ns") {
		t.Errorf("without patience: %v", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = Run(t.Context(), Options{Out: io.Discard, Listen: taken.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), "serve the page on "+taken.Addr().String()) {
		t.Errorf("on a port that is taken: %v", err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := Run(ctx, Options{Out: io.Discard, Once: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestNextFreePort(t *testing.T) {
	t.Parallel()
	first, err := listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if a, b := first.Addr().(*net.TCPAddr), second.Addr().(*net.TCPAddr); !a.IP.IsLoopback() || b.Port <= a.Port {
		t.Errorf("pages at %s and %s", a, b)
	}
}

// TestContentIsFormatted: a reader copies from the demo.
func TestContentIsFormatted(t *testing.T) {
	t.Parallel()
	files := 0
	err := fs.WalkDir(content, "repository", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".tf" {
			return err
		}
		files++
		text, err := fs.ReadFile(content, name)
		if formatted := hclwrite.Format(text); !bytes.Equal(formatted, text) {
			t.Errorf("%s is not formatted; want\n%s", name, formatted)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files: %v", files, err)
	}
}

func TestCountRequests(t *testing.T) {
	t.Parallel()
	got := countRequests([]simulator.Request{
		{Method: "POST", Path: "/app/installations/1/access_tokens"}, {Method: "POST", Path: "/graphql"}, {Method: "POST", Path: "/graphql"},
		{Method: "POST", Path: "/graphql", Body: []byte(`{"query":"mutation($id0: ID!) { m0: minimizeComment`)},
		{Method: "PATCH", Path: "/repos/acme/platform/check-runs/7"}, {Method: "GET", Path: "/rate_limit"},
	})
	if want := "6 to GitHub (access token, 2 GraphQL, GraphQL mutation, check run, GET /rate_limit)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	kept := &tail{limit: 2}
	for _, line := range []string{"a\n", "b\n", "c\n"} {
		_, _ = io.WriteString(kept, line)
	}
	if got := strings.Join(kept.lines(), " "); got != "b c" {
		t.Errorf("kept %q", got)
	}
}
