package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/simulator"
)

// victimVariable holds what the process that is killed works with.
const victimVariable = "KMS_REVIEW_TEST_VICTIM"

type victim struct {
	AppID                      int64
	Key, Secret, API, Database string
}

// TestVictim is not a test: TestKilledDuringTheScan runs it as the process that is killed.
func TestVictim(t *testing.T) {
	text := os.Getenv(victimVariable)
	if text == "" {
		t.Skip("runs as the other process of another test")
	}
	var v victim
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), config.Config{
		AppID: v.AppID, PrivateKey: config.NewSecret(v.Key), WebhookSecrets: []config.Secret{config.NewSecret(v.Secret)},
		APIURL: v.API, DatabaseURL: config.NewSecret(v.Database), ListenAddr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0",
	}, app.Options{Version: "test", Log: slog.New(slog.DiscardHandler), SummarySettle: time.Millisecond, SummaryEvery: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("victim listens on", a.Addr())
	if err := a.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// victim starts a process that works for the simulated GitHub, and returns what kills it.
func (w *world) victim() (kill func()) {
	w.t.Helper()
	id, key, secret := w.sim.App()
	text, err := json.Marshal(victim{AppID: id, Key: string(key), Secret: secret, API: w.sim.URL(), Database: w.db})
	w.must(err)
	process := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.v")
	process.Env = append(os.Environ(), victimVariable+"="+string(text))
	output, err := process.StdoutPipe()
	w.must(err)
	w.must(process.Start())
	address := ""
	for lines := bufio.NewScanner(output); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "victim listens on ")
	}
	if address == "" {
		w.t.Fatal("the other process ended before it was killed")
	}
	w.sim.SetWebhookURL("http://" + address + "/webhook")
	return func() {
		w.must(process.Process.Kill())
		_ = process.Wait() // it was killed
	}
}

// TestKilledDuringTheScan: a process dies in the middle of the first scan. The next one finishes it, and nothing is there
// twice.
func TestKilledDuringTheScan(t *testing.T) {
	t.Parallel()
	w := newGitHub(t)
	o := newLoad(w)
	w.repo = o.terraform[0]
	pull := w.open(map[string]string{"change.tf": strings.ReplaceAll(badKey, "backup", "change")}, simulator.PullOptions{})
	trees := regexp.MustCompile("/git/trees/")
	w.sim.Fail(simulator.Fault{PathPattern: trees, Delay: 200 * time.Millisecond, Times: 100})
	kill := w.victim()
	_, err := w.sim.Install("octo")
	w.must(err)
	w.eventually("the scan has begun", func() bool {
		return slices.ContainsFunc(w.sim.Requests(), func(r simulator.Request) bool { return trees.MatchString(r.Path) })
	})
	kill()
	w.start()
	o.patiently("the first scan", func() bool { return strings.Contains(o.body(), fmt.Sprintf("| Scanned | %d |", len(o.terraform))) })
	w.idle()
	if n := len(o.private.Issues()); n != 1 {
		t.Errorf("%d issues, want 1", n)
	}
	if runs, comments := len(pull.CheckRuns()), len(pull.Comments()); runs != 1 || comments != 0 {
		t.Errorf("%d check runs and %d comments on a pull request that was open, want 1 and 0", runs, comments)
	}
}
