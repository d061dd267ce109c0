package publish_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/publish"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store"
)

// world is a pull request on a GitHub of this machine, and a publisher that knows it. main.tf has forty lines, of
// which 10 to 29 are changed.
type world struct {
	t         *testing.T
	sim       *simulator.Simulator
	repo      *simulator.Repository
	pull      *simulator.Pull
	client    *gh.Client
	publisher *publish.Publisher
	store     *store.Store
	install   int64
}

func text(changed string) string {
	var b strings.Builder
	for n := 1; n <= 40; n++ {
		word := "line"
		if n >= 10 && n < 30 {
			word = changed
		}
		fmt.Fprintf(&b, "# %s %d\n", word, n)
	}
	return b.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	sim, err := simulator.New(simulator.Options{Dir: t.TempDir(), Log: log})
	must(t, err)
	t.Cleanup(sim.Close)
	repo, err := sim.CreateRepository("acme", "infra", map[string]string{"main.tf": text("line")})
	must(t, err)
	install, err := sim.Install("acme")
	must(t, err)
	_, err = repo.Commit("change", "Change the keys", map[string]string{"main.tf": text("changed")})
	must(t, err)
	pull, err := repo.OpenPull(simulator.PullOptions{Title: "Change the keys", Head: "change"})
	must(t, err)
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: log})
	must(t, err)
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), log)
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if unknown := sim.Unknown(); len(unknown) > 0 {
			t.Errorf("requests that GitHub does not know: %q", unknown)
		}
	})
	return &world{
		t: t, sim: sim, repo: repo, pull: pull, client: app.Installation(install, "acme", "infra"),
		publisher: publish.New(db, log), store: db, install: install,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) state(p *simulator.Pull) change.Pull {
	return change.Pull{
		Repo:           change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"},
		InstallationID: w.install, Number: p.Number(), HeadSHA: p.HeadSHA(), Open: true,
	}
}

// conversation is what the App finds of its own comments.
func (w *world) conversation(p *simulator.Pull) change.Conversation {
	var conv change.Conversation
	replied := map[int64]bool{}
	for _, c := range p.Comments() {
		replied[c.ReplyTo] = true
	}
	for _, c := range p.Comments() {
		marker, ok := render.ParseMarker(c.Body)
		if !ok || c.ReplyTo != 0 {
			continue
		}
		conv.Comments = append(conv.Comments, change.Comment{
			ID: c.ID, NodeID: c.NodeID, ThreadID: c.ThreadID, Fingerprint: marker.Fingerprint, Path: c.Path, Line: c.Line,
			Body: c.Body, Minimized: c.Minimized != "", Resolved: c.Resolved, HumanReplied: replied[c.ID],
		})
	}
	return conv
}

// review is what should be said: a finding on each of the lines.
func (w *world) review(lines ...int) render.Review {
	review := render.Review{HeadSHA: w.pull.HeadSHA(), Complete: true}
	for _, line := range lines {
		fingerprint := fingerprintOf(line)
		marker := render.Marker{Fingerprint: fingerprint, Rule: "KMS101"}
		review.Standing = append(review.Standing, fingerprint)
		review.Comments = append(review.Comments, render.Comment{
			Fingerprint: fingerprint, Path: "main.tf", Line: line, Body: fmt.Sprintf("Line %d is wrong.\n\n%s\n", line, marker),
		})
		review.Check.Annotations = append(review.Check.Annotations, render.Annotation{
			Path: "main.tf", StartLine: line, EndLine: line, Level: "failure", Title: "KMS101", Message: fmt.Sprintf("Line %d is wrong.", line),
		})
	}
	review.Check.Conclusion, review.Check.Title, review.Check.Summary = render.Success, "No new findings", "Nothing to say."
	if len(lines) > 0 {
		review.Check.Conclusion, review.Check.Title = render.Failure, fmt.Sprintf("%d new findings", len(lines))
		review.Check.Summary = fmt.Sprintf("%d new findings.", len(lines))
	}
	review.Own = render.Result{Number: w.pull.Number(), Conclusion: review.Check.Conclusion, Title: review.Check.Title}
	return review
}

func fingerprintOf(line int) string {
	return finding.Fingerprint("KMS101", ".", fmt.Sprint("aws_kms_key.line", line), "", "")
}

// publish runs the publisher and returns the writes that it took, tokens aside.
func (w *world) publish(review render.Review, opts publish.Options) (writes []string, err error) {
	w.t.Helper()
	w.sim.ResetRequests()
	err = w.publisher.Publish(context.WithoutCancel(w.t.Context()), w.client, w.state(w.pull), w.conversation(w.pull), review, opts)
	return w.writes(), err
}

func (w *world) writes() []string {
	var writes []string
	for _, r := range w.sim.Requests() {
		if strings.HasSuffix(r.Path, "/access_tokens") {
			continue
		}
		name := r.Path[strings.LastIndexByte(r.Path, '/')+1:]
		if r.Method == "PATCH" {
			name = "check-run"
		}
		writes = append(writes, fmt.Sprintf("%s %s %d", r.Method, name, r.Status))
	}
	return writes
}

// expect publishes and compares the writes.
func (w *world) expect(review render.Review, opts publish.Options, want ...string) {
	w.t.Helper()
	writes, err := w.publish(review, opts)
	if err != nil {
		w.t.Fatalf("publish: %v", err)
	}
	if got := strings.Join(writes, ", "); got != strings.Join(want, ", ") {
		w.t.Fatalf("requests: %s\nwant: %s", got, strings.Join(want, ", "))
	}
}

// shown lists the comments as a reader sees them: line and, where folded, the reason.
func (w *world) shown() string {
	var parts []string
	for _, c := range w.pull.Comments() {
		part := fmt.Sprint(c.OriginalLine)
		if c.Minimized != "" {
			part += " " + strings.ToLower(c.Minimized)
		}
		if c.ReplyTo != 0 {
			part = "reply"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
