package posture_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
	"github.com/kms-review/kms-review/app/store"
)

var pushes = flag.Int("pushes", 12, "pushes to each repository in TestPartsAndWhole")

// keeper looks at repositories of one installation, with a database of its own.
type keeper struct {
	*posture.Keeper
	store        *store.Store
	installation int64
}

func newKeeper(t *testing.T, sim *simulator.Simulator, installation int64) *keeper {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: log})
	must(t, err)
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), log)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	k := &keeper{Keeper: posture.New(posture.Config{App: app, Store: db, Version: "test", Log: log}), store: db, installation: installation}
	_, err = k.HandleTask(t.Context(), queue.TaskJob{Kind: store.Reconcile, Subject: installation, InstallationID: installation})
	must(t, err)
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scan looks at a repository and returns how it stands.
func (k *keeper) scan(ctx context.Context, t *testing.T, repo *simulator.Repository) posture.Repository {
	t.Helper()
	_, err := k.HandleTask(ctx, queue.TaskJob{Kind: store.Scan, Subject: repo.ID(), InstallationID: k.installation})
	must(t, err)
	installation, _, err := k.store.Installation(ctx, k.installation)
	must(t, err)
	o, err := posture.Load(ctx, k.store, installation)
	must(t, err)
	r := o.Repositories[slices.IndexFunc(o.Repositories, func(r posture.Repository) bool { return r.ID == repo.ID() })]
	slices.SortFunc(r.Findings, func(a, b posture.Finding) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	slices.SortFunc(r.Waivers, func(a, b posture.Waiver) int {
		return strings.Compare(a.Rule+a.Address+a.File+a.Reason, b.Rule+b.Address+b.File+b.Reason)
	})
	return r
}

// TestPartsAndWhole: what is kept of a repository from push to push, of which only what a push touches is judged again, is
// what somebody finds who scans all of it for the first time.
func TestPartsAndWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			g := &generator{random: rand.New(rand.NewPCG(seed, 7)), files: map[string]string{}}
			for range 25 {
				g.change()
			}
			sim := conformance.Start(t)
			repo, err := sim.CreateRepository("octo", "infra", g.files)
			must(t, err)
			installation, err := sim.Install("octo")
			must(t, err)
			kept := newKeeper(t, sim, installation)
			kept.scan(t.Context(), t, repo)
			findings := 0
			for push := range *pushes {
				before := maps.Clone(g.files)
				var log []string
				for range 1 + g.random.IntN(3) {
					log = append(log, g.change())
				}
				if maps.Equal(before, g.files) {
					continue
				}
				var removed []string
				for name := range before {
					if _, stays := g.files[name]; !stays {
						removed = append(removed, name)
					}
				}
				_, err := repo.Commit("main", "Push", g.files, simulator.Delete(removed...))
				must(t, err)
				got, want := kept.scan(t.Context(), t, repo), newKeeper(t, sim, installation).scan(t.Context(), t, repo)
				findings += len(want.Findings)
				if d := cmp.Diff(summarised(want), summarised(got)); d != "" {
					t.Fatalf("push %d (%s): whole -, parts +:\n%s", push, strings.Join(log, "; "), d)
				}
			}
			if findings == 0 {
				t.Error("no push left a finding: the test shows nothing")
			}
		})
	}
}

// summarised is how a repository stands, without when that was seen and what brought it.
func summarised(r posture.Repository) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s %s\n%+v %+v\n", r.State, r.Reason, r.Commit, r.Keys, r.Consumers)
	for _, f := range r.Findings {
		fmt.Fprintf(&s, "%s %s %s %s %s:%d-%d %s %s\n", f.Fingerprint, f.Rule, f.Severity, f.Address, f.File, f.StartLine, f.EndLine, f.Commit, f.Message)
	}
	for _, w := range r.Waivers {
		fmt.Fprintf(&s, "waived %s %s %s:%d %s %q %s\n", w.Rule, w.Address, w.File, w.Line, w.Commit, w.Reason, w.Until)
	}
	for _, u := range r.Undecided {
		fmt.Fprintf(&s, "undecided %s %d\n", u.Rule, u.Count)
	}
	for _, d := range r.Unread {
		fmt.Fprintf(&s, "unread %s %s:%d %s %s\n", d.Severity, d.File, d.StartLine, d.Summary, d.Detail)
	}
	return s.String()
}
