package queue_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

func (h *handler) done() []queue.TaskJob {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.tasks)
}

func installed(guid, action string) webhook.Event {
	return webhook.Event{Delivery: guid, Kind: webhook.Installation, Action: action, InstallationID: 7, Account: "acme",
		AddedRepos: []webhook.RepoRef{{ID: 42, Owner: "acme", Name: "infra"}}}
}

// testTasks: an installation is compared, what that finds is done after it, and what is dirty anew meanwhile once more.
func testTasks(t *testing.T, url string) {
	scanning, proceed := make(chan struct{}), make(chan struct{})
	first := true
	h := &handler{}
	h.task = func(_ context.Context, job queue.TaskJob) (queue.Effect, error) {
		switch {
		case job.Kind == store.Reconcile && job.First:
			return queue.Effect{
				Tasks: []queue.Task{{Kind: store.Scan, Subject: 42, InstallationID: 7}},
				Open:  []store.Pull{{RepoID: 42, Number: 3, InstallationID: 7, Owner: "acme", Name: "infra", HeadSHA: "head1"}},
			}, nil
		case job.Kind == store.Reconcile:
			return queue.Effect{Tasks: []queue.Task{{Kind: store.Scan, Subject: 42, InstallationID: 7, Force: true}}}, nil
		case first:
			first = false
			close(scanning)
			<-proceed
		}
		return queue.Effect{}, nil
	}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(installed("g1", "created"))
	<-scanning
	f.enqueue(installed("g2", "added"))
	wait(t, "the second comparison", func() bool { return len(h.done()) == 3 })
	f.waitOutcome("g2", store.Done)
	close(proceed)
	f.idle()
	var got []queue.TaskJob
	for _, job := range h.done() {
		if job.Kind == store.Scan {
			got = append(got, job)
		}
	}
	want := []queue.TaskJob{
		{Kind: store.Scan, Subject: 42, InstallationID: 7, First: true},
		{Kind: store.Scan, Subject: 42, InstallationID: 7, Force: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("scans (-want +got):\n%s", d)
	}
	if pulls := f.wantPulls(1); !pulls[0].Quiet || pulls[0].HeadSHA != "head1" {
		t.Errorf("a pull request that was open before: %+v", pulls[0])
	}
	f.enqueue(dirty("g3", 3, "head2"))
	f.waitOutcome("g3", store.Done)
	if pulls := f.wantPulls(2); pulls[1].Quiet {
		t.Error("a pull request that was reviewed is still quiet")
	}
}

// testTaskLater: a task that may wait does, however often it is asked for, until somebody wants it now.
func testTaskLater(t *testing.T, url string) {
	h := &handler{}
	later := []queue.Task{{Kind: store.Summary, Subject: 7, InstallationID: 7, After: time.Hour}}
	h.task = func(_ context.Context, job queue.TaskJob) (queue.Effect, error) {
		if job.Kind == store.Reconcile {
			return queue.Effect{Tasks: later}, nil
		}
		return queue.Effect{Again: time.Hour}, nil
	}
	f := start(t, openStore(t, url), h, nil)
	for _, guid := range []string{"g1", "g2"} {
		f.enqueue(installed(guid, "added"))
		f.waitOutcome(guid, store.Done)
		wait(t, "the comparison", func() bool {
			task, _, err := f.store.Task(t.Context(), store.Reconcile, 7)
			return err == nil && task.Finished == task.Generation
		})
	}
	if i := slices.IndexFunc(h.done(), func(job queue.TaskJob) bool { return job.Kind == store.Summary }); i >= 0 {
		t.Error("a task that may wait was done at once")
	}
	later = []queue.Task{{Kind: store.Summary, Subject: 7, InstallationID: 7, Force: true}}
	f.enqueue(installed("g3", "added"))
	wait(t, "the task that somebody wants now", func() bool {
		return slices.ContainsFunc(h.done(), func(job queue.TaskJob) bool { return job.Kind == store.Summary && job.Force })
	})
}

// testRemovedTask: what is removed is not looked at any more.
func testRemovedTask(t *testing.T, url string) {
	h := &handler{}
	h.task = func(_ context.Context, job queue.TaskJob) (queue.Effect, error) {
		if job.Kind == store.Reconcile {
			return queue.Effect{Tasks: []queue.Task{{Kind: store.Scan, Subject: 42, InstallationID: 7, After: 2 * time.Second}}}, nil
		}
		return queue.Effect{}, nil
	}
	f := start(t, openStore(t, url), h, nil)
	f.enqueue(installed("g1", "created"))
	wait(t, "the comparison", func() bool {
		task, _, err := f.store.Task(t.Context(), store.Scan, 42)
		return err == nil && task.JobID != 0
	})
	f.enqueue(installed("g2", "deleted"))
	f.waitOutcome("g2", store.Done)
	f.idle()
	if slices.ContainsFunc(h.done(), func(job queue.TaskJob) bool { return job.Kind == store.Scan }) {
		t.Error("a repository was scanned after the App was removed")
	}
}
