package queue_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
	"github.com/kms-review/kms-review/webhook"
)

var (
	loadRate     = flag.Int("load.rate", 100, "deliveries a second in TestLoad")
	loadDuration = flag.Duration("load.duration", time.Second, "how long TestLoad delivers")
	loadPulls    = flag.Int("load.pulls", 500, "pull requests that TestLoad's deliveries are about")
	loadWork     = flag.Duration("load.work", 5*time.Millisecond, "how long a review takes in TestLoad")
)

// TestLoad delivers signed webhooks over HTTP at a steady rate to the real receiver, queue and database, and
// checks that each accepted one had its effect: the newest head of every pull request was reviewed. The figures
// are printed, not judged, for they say as much about the machine:
//
//	go test ./app/queue -run TestLoad -v -load.rate 200 -load.duration 30s
func TestLoad(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { load(t, storetest.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { load(t, storetest.Postgres(t, true).URL(t)) })
}

func load(t *testing.T, url string) {
	var mu sync.Mutex
	newest, reviewed := map[int]string{}, map[int]string{} // heads by pull request
	total := int(loadDuration.Seconds() * float64(*loadRate))
	sent, begun := make([]time.Time, total), make([]time.Time, total)
	h := &handler{}
	h.pull = func(ctx context.Context, job queue.PullJob) error {
		started := time.Now()
		mu.Lock()
		truth := newest[job.Number] // as GitHub would tell it; hints may come in any order
		mu.Unlock()
		select {
		case <-time.After(*loadWork):
		case <-ctx.Done():
			return ctx.Err()
		}
		mu.Lock()
		defer mu.Unlock()
		reviewed[job.Number] = truth
		var i int
		_, err := fmt.Sscanf(job.HeadSHA, "%x", &i)
		begun[i] = started
		return err
	}
	f := start(t, openStore(t, url), h, nil)
	secret := []byte("a secret for the load test")
	receiver, err := webhook.New([][]byte{secret}, 1, f.queue.Enqueue, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

	latencies := make([]time.Duration, total)
	var senders sync.WaitGroup
	began := time.Now()
	for i := range total {
		number := 1 + i%*loadPulls
		head := fmt.Sprintf("%040x", i)
		request := delivery(t, server.URL, secret, fmt.Sprintf("load-%d", i), number, head)
		// By the clock, not by pauses: a late answer must not thin out the load.
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(*loadRate))))
		mu.Lock()
		newest[number] = head
		mu.Unlock()
		senders.Go(func() {
			sent[i] = time.Now()
			response, err := client.Do(request)
			latencies[i] = time.Since(sent[i])
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusAccepted {
				t.Errorf("delivery %d: status %d", i, response.StatusCode)
			}
		})
	}
	senders.Wait()
	delivered := time.Since(began)
	f.idle()
	lost := 0
	for i := range total {
		outcome, _, err := f.store.DeliveryOutcome(t.Context(), fmt.Sprintf("load-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		if outcome != store.Done {
			lost++
		}
	}
	for number, head := range newest {
		if reviewed[number] != head {
			t.Errorf("pull request %d: its newest head was never reviewed", number)
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d accepted deliveries had no effect", lost, total)
	}
	var waits []time.Duration
	for i := range total {
		if !begun[i].IsZero() { // else a newer delivery of the same pull request took its place
			waits = append(waits, begun[i].Sub(sent[i]))
		}
	}
	t.Logf("%s: %d deliveries in %s (%.0f/s), %d reviews, %d lost\nanswered:     %s\nreview begun: %s", f.store.Dialect(), total,
		delivered.Round(time.Millisecond), float64(total)/delivered.Seconds(), len(h.calls()), lost, quantiles(latencies), quantiles(waits))
}

func quantiles(durations []time.Duration) string {
	slices.Sort(durations)
	at := func(q float64) time.Duration {
		return durations[int(q*float64(len(durations)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s", at(.5), at(.99), at(1))
}

// delivery makes a signed pull_request event of a usual size: GitHub's have about 25 kB.
func delivery(t *testing.T, url string, secret []byte, guid string, number int, head string) *http.Request {
	t.Helper()
	padding := bytes.Repeat([]byte(`{"login":"author","url":"https://api.github.com/users/author"},`), 350)
	body := fmt.Appendf(nil, `{"action":"synchronize","number":%d,"pull_request":{"number":%d,"requested_reviewers":[%s{}],
		"head":{"sha":%q,"repo":{"id":1}},"base":{"sha":"%040d","repo":{"id":1}}},
		"repository":{"id":1,"full_name":"acme/infra","default_branch":"main"},
		"sender":{"login":"author","type":"User"},"installation":{"id":7}}`, number, number, padding, head, 0)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhook", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-GitHub-Event", "pull_request")
	request.Header.Set("X-GitHub-Delivery", guid)
	request.Header.Set("X-Hub-Signature-256", webhook.Sign(secret, body))
	return request
}
