package simulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// A fork's head is reachable in the base repository; when the fork is gone, head.repo is null.
func TestForkPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fork := must(w.repo.Fork("outsider"))(t)
	must(fork.Commit("topic", "Theirs", map[string]string{"x.tf": "x\n"}, simulator.By("outsider")))(t)
	if a := w.do("GET", base+"/compare/main...outsider:topic", nil); a.status != 404 {
		t.Errorf("a fork's commit that no pull request proposes: status %d, want 404", a.status)
	}
	p := must(w.repo.OpenPull(simulator.PullOptions{Title: "Theirs", Head: "topic", HeadRepo: fork, Author: "outsider"}))(t)
	a := w.want(200, "GET", base+"/pulls/2", nil)
	if a.at("head", "label") != "outsider:topic" || a.at("head", "repo", "full_name") != "outsider/infra" || a.at("author_association") != "NONE" {
		t.Errorf("head %v of %v, %v", a.at("head", "label"), a.at("head", "repo", "full_name"), a.at("author_association"))
	}
	w.want(200, "GET", base+"/compare/main...outsider:topic", nil)
	w.want(404, "GET", "/repos/outsider/infra", nil)
	sha := must(p.Push("again", map[string]string{"x.tf": "y\n"}, simulator.By("outsider")))(t)
	w.want(200, "GET", base+"/compare/main..."+sha, nil)
	w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": sha, "conclusion": "success"})

	check(t, fork.Delete())
	if a := w.want(200, "GET", base+"/pulls/2", nil); a.at("head", "repo") != nil || a.at("head", "sha") != sha {
		t.Errorf("head repository %v, commit %v", a.at("head", "repo"), a.at("head", "sha"))
	}
	check(t, p.ConvertToDraft("outsider")) // and its payload is as described
	if _, err := p.Push("no more", map[string]string{"x.tf": "z\n"}); err == nil {
		t.Error("pushed to a repository that is gone")
	}
	w.want(200, "GET", base+"/compare/main..."+sha, nil)
}

func TestTransitionsThatGitHubRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, err := range map[string]error{
		"ready without draft":  w.pull.ReadyForReview("author"),
		"reopen while open":    w.pull.Reopen("author"),
		"retarget to nothing":  w.pull.Retarget("nowhere", "author"),
		"rerequest nothing":    w.repo.Rerequest(1, "author"),
		"edit no comment":      w.pull.EditComment(1, "author", "x"),
		"uninstall nothing":    w.sim.Uninstall(1),
		"select where all are": w.sim.AddRepositories(w.installation, w.repo),
		"redeliver nothing":    second(w.sim.Redeliver("none")),
		"reply to nothing":     second(w.pull.Reply(1, "author", "x")),
		"the name is taken":    second(w.sim.CreateRepository("Acme", "Infra", nil)),
		"no such branch":       second(w.repo.OpenPull(simulator.PullOptions{Title: "x", Head: "nowhere"})),
		"no commits":           second(w.repo.OpenPull(simulator.PullOptions{Title: "x", Head: "main"})),
		"queue nothing":        second(w.repo.QueueMerge()),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	check(t, w.pull.Close("author"))
	if w.pull.Close("author") == nil || w.pull.Merge("maintainer") == nil {
		t.Error("closed or merged what is closed")
	}
}

func second[T any](_ T, err error) error { return err }

// Two pull requests that change the same line conflict in a queue.
func TestMergeConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.repo.Commit("rival", "Rival", map[string]string{"main.tf": numbered(60, map[int]string{10: "rival\n"})}))(t)
	p := must(w.repo.OpenPull(simulator.PullOptions{Title: "Rival", Head: "rival"}))(t)
	if _, err := w.repo.QueueMerge(w.pull, p); err == nil || !strings.Contains(err.Error(), "conflicts") {
		t.Errorf("error %v, want conflicts", err)
	}
	check(t, w.pull.Merge("maintainer"))
	if got := w.want(200, "GET", base+"/pulls/1", nil); got.at("merged") != true || got.at("state") != "closed" {
		t.Errorf("merged %v, state %v", got.at("merged"), got.at("state"))
	}
}

// A forced push replaces the head; pushes say so.
func TestForcedPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.pull.HeadSHA()
	must(w.repo.Commit("change", "Again", map[string]string{"main.tf": numbered(60, map[int]string{10: "forced\n"})},
		simulator.From(w.repo.Head("main"))))(t)
	if commits := must(w.pull.Commits())(t); len(commits) != 1 || commits[0].Message != "Again" {
		t.Errorf("commits %+v", commits)
	}
	var forced []any
	for _, d := range w.sim.Deliveries() {
		if d.Event == "push" {
			var payload map[string]any
			check(t, json.Unmarshal(d.Payload, &payload))
			forced = append(forced, payload["forced"], payload["created"])
		}
	}
	if fmt.Sprint(forced) != "[false true true false]" {
		t.Errorf("forced, created of the pushes: %v", forced)
	}
	review := fields{"event": "COMMENT", "body": "b", "commit_id": old}
	if a := w.do("POST", base+"/pulls/1/reviews", review); a.status != 422 {
		t.Errorf("review of a commit that is no longer there: status %d", a.status)
	}
}

// What a page shows of a pull request.
func TestState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.post(remark(fields{"body": "```suggestion\nfixed\n```"}))
	w.want(201, "POST", base+"/check-runs", fields{"name": "KMS Review", "head_sha": w.pull.HeadSHA(), "conclusion": "failure",
		"actions": []any{fields{"label": "Again", "description": "d", "identifier": "i"}}, "output": output(fields{"annotations": annotations(2)})})
	must(w.pull.Reply(id, "reviewer", "Right"))(t)
	must(w.pull.ApplySuggestion(id, "author"))(t)
	check(t, w.pull.Close("author"))

	var kinds []string
	for _, e := range w.pull.Timeline() {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, ", "); got != "opened, review, check run, reply, pushed, suggestion applied, closed" {
		t.Errorf("timeline: %s", got)
	}
	state := w.pull.State()
	if state.HeadRepository != "acme/infra" || state.State != "closed" || state.Additions == 0 || state.MergeBase != state.BaseSHA {
		t.Errorf("state %+v", state)
	}
	files := must(w.pull.Files())(t)
	paths := ""
	for _, f := range files {
		paths += fmt.Sprintf("%s %s %d; ", f.Path, f.Status, len(f.Hunks))
	}
	if paths != "gone.tf removed 1; main.tf modified 3; new.tf added 1; new/name.tf renamed 0; picture.png added 0; " {
		t.Errorf("files: %s", paths)
	}
	thread := w.pull.Threads()[0]
	if !thread.Outdated || len(thread.Comments) != 2 || thread.Comments[1].ReplyTo != id || !strings.HasPrefix(thread.Comments[0].DiffHunk, "@@ ") {
		t.Errorf("thread %+v", thread)
	}
	if runs := w.repo.CheckRuns(w.pull.Timeline()[0].SHA); len(runs) != 1 || len(runs[0].Annotations) != 2 || runs[0].App != "kms-review" || runs[0].Actions[0] != "Again" {
		t.Errorf("runs %+v", runs)
	}
	if r, found := w.sim.Repository("acme", "infra"); !found || r.FullName() != "acme/infra" || len(r.Pulls()) != 1 || len(w.sim.Repositories()) != 1 {
		t.Error("repository is not listed")
	}
}

// Paths that need quoting travel unharmed through git and the API.
func TestStrangePaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paths := []string{"a b/c.tf", "ümlaut.tf", `quo"te.tf`, `back\slash.tf`, "new\nline.tf", "tab\t.tf", "per%20cent.tf"}
	files := map[string]string{}
	for _, p := range paths {
		files[p] = "x\n"
	}
	must(w.repo.Commit("strange", "Strange", files))(t)
	seen := map[any]bool{}
	a := w.want(200, "GET", base+"/compare/main...strange", nil)
	for i := range a.at("files").([]any) {
		seen[a.at("files", i, "filename")] = a.at("files", i, "patch") == "@@ -0,0 +1 @@\n+x"
	}
	for _, p := range paths {
		if !seen[p] {
			t.Errorf("%q is not in the comparison with its patch", p)
		}
	}
	w.want(200, "GET", base+"/contents/per%2520cent.tf?ref=strange", nil)
}

// The simulator needs a directory, and says which request fails when it has been closed.
func TestNewNeedsDirectory(t *testing.T) {
	t.Parallel()
	if _, err := simulator.New(simulator.Options{}); err == nil {
		t.Error("no error without a directory")
	}
	s := conformance.Start(t)
	s.Close()
	s.Close() // the test's own cleanup will do it once more
}
