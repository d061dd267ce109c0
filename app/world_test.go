package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// world is the whole App against a simulated GitHub with one repository. Whatever passes between the two is checked
// against GitHub's description of its API.
type world struct {
	t    *testing.T
	sim  *simulator.Simulator
	repo *simulator.Repository
	app  *app.App
	db   string
	opts app.Options
	stop func() // the App, in order; again without effect

	waiting string // label of jobs that idle does not wait for
}

const goodKey = `resource "aws_kms_key" "main" {
  description         = "Data at rest"
  enable_key_rotation = true
}
`

const badKey = `resource "aws_kms_key" "backup" {
  description = "Backups"
}
`

// newWorld starts GitHub with a repository of the given files on main, and the App, installed there.
func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	sim := conformance.Start(t)
	repo, err := sim.CreateRepository("octo", "infra", files)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, sim: sim, repo: repo, db: newDatabase(t), waiting: `state="scheduled"`}
	w.start()
	if _, err := sim.Install("octo"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.idle()
	return w
}

func newDatabase(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "app.db") }

// idle waits until nothing is left to do but what waits for its time.
func (w *world) idle() {
	w.t.Helper()
	w.eventually("there is nothing left to do", func() bool {
		response, err := http.Get("http://" + w.app.MetricsAddr().String() + "/metrics")
		w.must(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		w.must(err)
		for line := range strings.SplitSeq(string(text), "\n") {
			if strings.HasPrefix(line, "kms_review_queue_jobs{") && !strings.Contains(line, w.waiting) {
				return false
			}
		}
		return true
	})
}

// start starts the App, also once more after stop.
func (w *world) start() {
	w.t.Helper()
	id, key, secret := w.sim.App()
	cfg := config.Config{
		AppID: id, PrivateKey: config.NewSecret(string(key)), WebhookSecrets: []config.Secret{config.NewSecret(secret)},
		APIURL: w.sim.URL(), DatabaseURL: config.NewSecret(w.db),
		ListenAddr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0",
	}
	log := slog.New(slog.NewTextHandler(testWriter{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if os.Getenv("KMS_REVIEW_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w.opts.Version, w.opts.Log = "test", log
	a, err := app.New(w.t.Context(), cfg, w.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.app = a
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the App did not stop in order: %v", err)
		}
	})
	w.t.Cleanup(w.stop)
	w.sim.SetWebhookURL("http://" + a.Addr().String() + "/webhook")
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

// settle waits until every delivery was answered.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := w.sim.WaitDeliveries(ctx); err != nil {
		w.t.Fatalf("deliveries were not answered: %v", err)
	}
}

// open commits files on a branch and opens a pull request.
func (w *world) open(files map[string]string, options simulator.PullOptions) *simulator.Pull {
	w.t.Helper()
	options.Head = "change"
	if options.Title == "" {
		options.Title = "Change"
	}
	if _, err := w.repo.Commit("change", "Change", files); err != nil {
		w.t.Fatal(err)
	}
	pull, err := w.repo.OpenPull(options)
	if err != nil {
		w.t.Fatal(err)
	}
	return pull
}

func (w *world) push(pull *simulator.Pull, files map[string]string, options ...simulator.CommitOption) {
	w.t.Helper()
	if _, err := pull.Push("Push", files, options...); err != nil {
		w.t.Fatal(err)
	}
}

// eventually waits for what the App does by itself.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			w.t.Fatalf("did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// check waits for the nth completed check run of the pull request's head.
func (w *world) check(pull *simulator.Pull, n int) simulator.CheckRun {
	w.t.Helper()
	var run simulator.CheckRun
	w.eventually("a completed check run", func() bool {
		completed := 0
		for _, r := range pull.CheckRuns() {
			if r.Status == "completed" {
				completed, run = completed+1, r
			}
		}
		return completed >= n
	})
	return run
}

// quiet waits long enough for a review that must not happen, had it been queued: it lets another pull request's
// review overtake it.
func (w *world) quiet() {
	w.t.Helper()
	w.settle()
	branch := "quiet-" + w.t.Name()
	branch = strings.NewReplacer("/", "-").Replace(branch) + time.Now().Format("150405.000000000")
	if _, err := w.repo.Commit(branch, "Nothing", map[string]string{"notes.md": branch}); err != nil {
		w.t.Fatal(err)
	}
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Nothing", Head: branch})
	if err != nil {
		w.t.Fatal(err)
	}
	w.check(pull, 1)
}

// requests counts what the App asked of GitHub for installations, whose budgets it uses up, tokens apart.
func (w *world) requests() (asked, tokens int) {
	for _, r := range w.sim.Requests() {
		if strings.HasSuffix(r.Path, "/access_tokens") {
			tokens++
		} else if r.Token != "app" {
			asked++
		}
	}
	return asked, tokens
}

// forget empties the list of requests once it holds the check run's: a request has its effect before it is on
// record.
func (w *world) forget() {
	w.t.Helper()
	w.eventually("the check run's request is on record", func() bool {
		return slices.ContainsFunc(w.sim.Requests(), func(r simulator.Request) bool { return strings.HasSuffix(r.Path, "/check-runs") })
	})
	w.sim.ResetRequests()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// last is the GUID of the newest delivery of an event.
func (w *world) last(event string) string {
	w.t.Helper()
	guid := ""
	for _, d := range w.sim.Deliveries() {
		if d.Event == event {
			guid = d.GUID
		}
	}
	if guid == "" {
		w.t.Fatalf("there was no delivery of %s", event)
	}
	return guid
}

// deliver sends one of the deliveries that are held back.
func (w *world) deliver(guid string) {
	w.t.Helper()
	d, err := w.sim.Deliver(guid)
	if err != nil {
		w.t.Fatal(err)
	}
	if d.StatusCode >= 300 {
		w.t.Fatalf("%s was answered with status %d", d.Event, d.StatusCode)
	}
}

// asked tells whether a request for a route was answered.
func (w *world) asked(route *regexp.Regexp) bool {
	return slices.ContainsFunc(w.sim.Requests(), func(r simulator.Request) bool { return route.MatchString(r.Path) })
}
