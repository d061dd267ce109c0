package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/simulator"
)

// BenchmarkReview pushes to a pull request and waits for the completed check run, all in one process: the App with
// SQLite, and the simulated GitHub with its git. It reports the quantiles of the time from the push, whose delivery is
// the first thing that it causes, to the check run.
func BenchmarkReview(b *testing.B) {
	sim, err := simulator.New(simulator.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sim.Close)
	repo, err := sim.CreateRepository("octo", "infra", map[string]string{"main.tf": goodKey})
	if err != nil {
		b.Fatal(err)
	}
	id, key, secret := sim.App()
	a, err := app.New(b.Context(), config.Config{
		AppID: id, PrivateKey: config.NewSecret(string(key)), WebhookSecrets: []config.Secret{config.NewSecret(secret)},
		APIURL: sim.URL(), DatabaseURL: config.NewSecret("sqlite:" + filepath.Join(b.TempDir(), "app.db")),
		ListenAddr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0",
	}, app.Options{Version: "bench", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Errorf("the App did not stop in order: %v", err)
		}
	})
	sim.SetWebhookURL("http://" + a.Addr().String() + "/webhook")
	if _, err := sim.Install("octo"); err != nil {
		b.Fatal(err)
	}
	if _, err := repo.Commit("change", "Change", map[string]string{"new.tf": badKey}); err != nil {
		b.Fatal(err)
	}
	pull, err := repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change"})
	if err != nil {
		b.Fatal(err)
	}
	completed(b, pull)
	var took []time.Duration
	for i := range b.N {
		start := time.Now()
		if _, err := pull.Push("Push", map[string]string{"new.tf": badKey + fmt.Sprintf("# %d\n", i)}); err != nil {
			b.Fatal(err)
		}
		completed(b, pull)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func completed(b *testing.B, pull *simulator.Pull) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, run := range pull.CheckRuns() {
			if run.Status == "completed" {
				return
			}
		}
	}
	b.Fatal("the check run was not completed within a minute")
}
