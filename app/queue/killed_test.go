package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

const victimURL = "KMS_REVIEW_TEST_VICTIM_URL"

// killTimeout is the jobs' timeout in this test. On PostgreSQL a lost job is rescued some time after it.
const killTimeout = 2 * time.Second

// TestVictim is not a test: testKilled runs it as the process that is killed.
func TestVictim(t *testing.T) {
	url := os.Getenv(victimURL)
	if url == "" {
		t.Skip("runs as the other process of the test \"killed\"")
	}
	ctx := context.Background()
	st, err := store.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &handler{pull: func(context.Context, queue.PullJob) error {
		fmt.Println("victim is at work")
		select {}
	}}
	q, err := queue.New(ctx, queue.Config{Store: st, Handler: h, Classify: classify, Timeout: killTimeout,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := q.Enqueue(ctx, dirty("g1", 5, "head1")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Minute) // it is killed long before
}

// testKilled kills a process in the middle of a review, and sees that another one takes over.
func testKilled(t *testing.T, url string) {
	if strings.HasPrefix(url, "postgres") && testing.Short() {
		t.Skip("River rescues a lost job on PostgreSQL only after most of a minute")
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.v")
	victim.Env = append(os.Environ(), victimURL+"="+url)
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	atWork := false
	for lines := bufio.NewScanner(output); !atWork && lines.Scan(); {
		atWork = strings.Contains(lines.Text(), "victim is at work")
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	if !atWork {
		t.Fatal("the other process ended before it was killed")
	}
	f := start(t, openStore(t, url), &handler{}, func(c *queue.Config) { c.Timeout = killTimeout })
	f.enqueue(dirty("g2", 5, "head1")) // joins the lost job, or follows it
	deadline := time.Now().Add(3 * time.Minute)
	for outcome := store.Queued; outcome != store.Done; time.Sleep(20 * time.Millisecond) {
		if outcome, _, err = f.store.DeliveryOutcome(t.Context(), "g2"); err != nil || time.Now().After(deadline) {
			t.Fatalf("the job of the killed process was not taken over (%v)", err)
		}
	}
	f.waitOutcome("g1", store.Done)
	if call := f.handler.calls()[0]; call.Attempt != 2 {
		t.Errorf("the first review is %+v, want the second attempt of the lost job", call)
	}
}
