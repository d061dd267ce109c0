package simulator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// receiver is the App's side of the webhook.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []received
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusAccepted}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{req.Header, body})
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func wait(t *testing.T, s *simulator.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	check(t, s.WaitDeliveries(ctx))
}

func TestWebhookHeadersAndSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	w.sim.SetWebhookURL(r.URL)
	must(w.pull.Comment("reviewer", "<b>&amp; ü"))(t)
	wait(t, w.sim)
	if len(r.all()) != 1 {
		t.Fatalf("%d deliveries, want 1: earlier events had nowhere to go", len(r.all()))
	}
	got := r.all()[0]
	_, _, secret := w.sim.App()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(got.body)
	if got.header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signature %q", got.header.Get("X-Hub-Signature-256"))
	}
	var payload struct {
		Installation struct{ ID int64 }
		Comment      struct{ Body string }
	}
	check(t, json.Unmarshal(got.body, &payload))
	id := fmt.Sprint(appID(w))
	for name, want := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "issue_comment",
		"X-GitHub-Hook-Installation-Target-Type": "integration", "X-GitHub-Hook-Installation-Target-Id": id, "X-GitHub-Hook-Id": id} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if len(got.header.Get("X-GitHub-Delivery")) != 36 || payload.Installation.ID != w.installation || payload.Comment.Body != "<b>&amp; ü" {
		t.Errorf("delivery %q, payload %+v", got.header.Get("X-GitHub-Delivery"), payload)
	}
}

// Every kind of event, with its payload checked against GitHub's description by the conformance check.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := len(w.sim.Deliveries())
	must(w.repo.Commit("release", "Release", map[string]string{"r.tf": "r\n"}))(t)
	must(w.pull.Push("more", map[string]string{"new.tf": "other\n"}))(t)
	check(t, w.pull.ConvertToDraft("author"))
	check(t, w.pull.ReadyForReview("author"))
	check(t, w.pull.Retarget("release", "author"))
	check(t, w.pull.SetTitle("Other", "author"))
	check(t, w.pull.Close("author"))
	check(t, w.pull.Reopen("author"))
	id := must(w.pull.Comment("reviewer", "Hello"))(t)
	check(t, w.pull.EditComment(id, "reviewer", "Hello again"))
	run := w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": w.pull.HeadSHA(), "conclusion": "failure"})
	number, _ := run.at("id").(float64)
	check(t, w.repo.Rerequest(int64(number), "author"))
	check(t, w.repo.RerequestSuite(w.pull.HeadSHA(), "author"))
	group := must(w.repo.QueueMerge(w.pull))(t)
	check(t, w.pull.Merge("maintainer"))
	issue := must(w.repo.OpenIssue("reviewer", "Summary", "text"))(t)
	check(t, issue.Edit("reviewer", "other text"))
	must(issue.Comment("reviewer", "Hello"))(t)
	check(t, issue.Close("reviewer"))
	check(t, issue.Reopen("reviewer"))
	check(t, issue.Delete("maintainer"))
	check(t, w.repo.Archive())
	check(t, w.repo.Unarchive())
	check(t, w.repo.SetPrivate(false))
	check(t, w.repo.SetPrivate(true))
	check(t, w.repo.SetDefaultBranch("release"))
	check(t, w.repo.Rename("platform"))
	check(t, w.sim.Suspend(w.installation, true))
	check(t, w.repo.Rename("infra"))
	check(t, w.sim.Suspend(w.installation, false))
	check(t, w.sim.Ping())
	other := must(w.sim.CreateRepository("globex", "site", nil))(t)
	third := must(w.sim.CreateRepository("globex", "third", nil))(t)
	selected := must(w.sim.Install("globex", other))(t)
	check(t, w.sim.AddRepositories(selected, third))
	check(t, w.sim.RemoveRepositories(selected, other))
	must(w.sim.Install("initech"))(t)
	check(t, third.Transfer("initech"))
	check(t, third.Delete())
	check(t, w.sim.Uninstall(selected))
	var got []string
	for _, d := range w.sim.Deliveries()[before:] {
		got = append(got, strings.TrimSuffix(d.Event+"."+d.Action, "."))
	}
	want := "push check_suite.requested push check_suite.requested pull_request.synchronize pull_request.converted_to_draft " +
		"pull_request.ready_for_review pull_request.edited pull_request.edited pull_request.closed pull_request.reopened " +
		"issue_comment.created issue_comment.edited check_run.created check_run.completed check_run.rerequested " +
		"check_suite.rerequested merge_group.checks_requested pull_request.closed push check_suite.requested " +
		"issues.opened issues.edited issue_comment.created issues.closed issues.reopened issues.deleted repository.archived " +
		"repository.unarchived repository.publicized repository.privatized repository.edited repository.renamed " +
		"installation.suspend installation.unsuspend ping " +
		"installation.created installation_repositories.added installation_repositories.removed installation.created " +
		"repository.transferred repository.deleted installation.deleted"
	if strings.Join(got, " ") != want {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(got, " "), want)
	}
	if group.BaseSHA == group.HeadSHA || !strings.HasPrefix(group.HeadRef, "refs/heads/gh-readonly-queue/release/pr-1-") {
		t.Errorf("merge group %+v", group)
	}
}

// An installation hears nothing of events for which it lacks the permission or to which the App has not subscribed.
func TestEventsNeedPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := len(w.sim.Deliveries())
	for _, permission := range []string{"merge_queues", "issues", "pull_requests", "contents", "checks"} {
		check(t, w.sim.Grant(w.installation, permission, ""))
	}
	must(w.pull.Comment("reviewer", "Hello"))(t)
	must(w.pull.Push("more", map[string]string{"new.tf": "other\n"}))(t)
	must(w.repo.QueueMerge(w.pull))(t)
	check(t, w.pull.Close("author"))
	if got := w.sim.Deliveries()[before:]; len(got) != 0 {
		t.Errorf("%d events, the first is %s", len(got), got[0].Event)
	}
}

func TestRedelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	r.answer(http.StatusServiceUnavailable)
	w.sim.SetWebhookURL(r.URL)
	must(w.pull.Comment("reviewer", "Hello"))(t)
	wait(t, w.sim)
	failed := w.send("GET", "/app/hook/deliveries?status=failure", w.jwt(nil), nil, nil)
	if failed.status != 200 || len(failed.body.([]any)) != 1 || failed.at(0, "status_code") != 503.0 || failed.at(0, "event") != "issue_comment" {
		t.Fatalf("failed deliveries: %s", failed.text)
	}
	r.answer(http.StatusAccepted)
	if a := w.send("POST", fmt.Sprintf("/app/hook/deliveries/%.0f/attempts", failed.at(0, "id")), w.jwt(nil), nil, nil); a.status != 202 {
		t.Fatalf("redelivery: status %d: %s", a.status, a.text)
	}
	wait(t, w.sim)
	guid, _ := failed.at(0, "guid").(string)
	again := must(w.sim.Redeliver(guid))(t)
	if again.StatusCode != 202 || again.GUID != guid || !again.Redelivery {
		t.Errorf("redelivered: %+v", again)
	}
	got := r.all()
	if len(got) != 3 {
		t.Fatalf("%d deliveries, want 3", len(got))
	}
	for _, g := range got[1:] {
		if g.header.Get("X-GitHub-Delivery") != guid || string(g.body) != string(got[0].body) {
			t.Error("a redelivery has another GUID or payload")
		}
	}
	page := w.send("GET", "/app/hook/deliveries?per_page=1", w.jwt(nil), nil, nil)
	if len(page.body.([]any)) != 1 || !strings.Contains(page.header.Get("Link"), "cursor=") {
		t.Errorf("first page %s, Link %q", page.text, page.header.Get("Link"))
	}
}

func TestHeldDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	w.sim.SetWebhookURL(r.URL)
	w.sim.HoldDeliveries(true)
	must(w.pull.Comment("reviewer", "one"))(t)
	must(w.pull.Comment("reviewer", "two"))(t)
	list := w.sim.Deliveries()
	second := must(w.sim.Deliver(list[len(list)-1].GUID))(t)
	if len(r.all()) != 1 || second.StatusCode != 202 || !strings.Contains(string(r.all()[0].body), `"two"`) {
		t.Fatalf("%d deliveries, status %d", len(r.all()), second.StatusCode)
	}
	if _, err := w.sim.Deliver(second.GUID); err == nil {
		t.Error("delivered twice from the queue")
	}
	w.sim.HoldDeliveries(false)
	wait(t, w.sim)
	if len(r.all()) != 2 {
		t.Errorf("%d deliveries, want 2", len(r.all()))
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newReceiver(t)
	url := r.URL
	r.Close()
	w.sim.SetWebhookURL(url)
	must(w.pull.Comment("reviewer", "one"))(t)
	wait(t, w.sim)
	list := w.sim.Deliveries()
	if last := list[len(list)-1]; !last.Done || last.StatusCode != 0 || last.Error == "" {
		t.Errorf("delivery %+v", last)
	}
}
