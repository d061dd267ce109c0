package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

// TestPullRequest is the main job: findings appear with a suggestion that works, and disappear when it is applied.
func TestPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("author", "write") // who may push may apply a suggestion
	w.sim.ResetRequests()
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	run := w.check(pull, 1)
	if run.Conclusion != "failure" || run.Name != "KMS Review" {
		t.Errorf("check run %q concluded %q, want failure", run.Name, run.Conclusion)
	}
	comments := pull.Comments()
	if len(comments) != 1 || comments[0].Path != "backup.tf" || !strings.Contains(comments[0].Body, "```suggestion") {
		t.Fatalf("comments: %+v; want one on backup.tf with a suggestion", comments)
	}
	if asked, tokens := w.requests(); asked > 5 || asked+tokens > 6 {
		t.Errorf("cold review: %d requests and %d tokens, want at most 5 and 1: %v", asked, tokens, paths(w))
	}

	w.sim.ResetRequests()
	if _, err := pull.ApplySuggestion(comments[0].ID, "author"); err != nil {
		t.Fatal(err)
	}
	run = w.check(pull, 1)
	if run.Conclusion != "success" {
		t.Errorf("after the suggestion: %q (%s), want success", run.Conclusion, run.Summary)
	}
	w.eventually("the comment is minimised", func() bool { return pull.Comments()[0].Minimized != "" })
	if got := pull.Comments()[0].Minimized; !strings.EqualFold(got, "resolved") {
		t.Errorf("minimised as %q, want resolved", got)
	}
}

// TestWarmReview counts what a push costs when the base is known.
func TestWarmReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, "modules/x/main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.forget()
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	w.eventually("a second comment", func() bool { return len(pull.Comments()) == 2 })
	if asked, tokens := w.requests(); asked > 4 || tokens != 0 {
		t.Errorf("warm review: %d requests and %d tokens, want at most 4 and 0: %v", asked, tokens, paths(w))
	}
}

// TestWithoutTerraform: a pull request that cannot concern us costs two requests and says nothing.
func TestWithoutTerraform(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.check(w.open(map[string]string{"notes.md": "first\n"}, simulator.PullOptions{}), 1) // mints the token
	w.forget()
	if _, err := w.repo.Commit("docs", "Docs", map[string]string{"README.md": "text\n"}); err != nil {
		t.Fatal(err)
	}
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Docs", Head: "docs"})
	if err != nil {
		t.Fatal(err)
	}
	if run := w.check(pull, 1); run.Conclusion != "neutral" {
		t.Errorf("concluded %q, want neutral", run.Conclusion)
	}
	if asked, _ := w.requests(); asked > 2 {
		t.Errorf("%d requests, want at most 2: %v", asked, paths(w))
	}
	if n := len(pull.Comments()); n != 0 {
		t.Errorf("%d comments on a clean pull request", n)
	}
}

func TestSameDeliveryTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.settle()
	for _, d := range w.sim.Deliveries() {
		if d.Event == "pull_request" {
			if _, err := w.sim.Redeliver(d.GUID); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.quiet()
	if runs, comments := len(pull.CheckRuns()), len(pull.Comments()); runs != 1 || comments != 1 {
		t.Errorf("after the same delivery again: %d check runs and %d comments, want 1 and 1", runs, comments)
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("maintainer", "write")
	w.repo.SetPermission("outsider", "read")
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)

	asked, err := pull.Comment("maintainer", "/kms-recheck\n")
	w.must(err)
	w.check(pull, 2)
	w.eventually("🚀", func() bool { return slices.Contains(reactions(pull, asked), "rocket") })
	if got := reactions(pull, asked); !slices.Equal(got, []string{"eyes", "rocket"}) {
		t.Errorf("reactions: %v, want eyes, then rocket", got)
	}
	if n := len(pull.Comments()); n != 1 {
		t.Errorf("%d comments after a recheck, want the same one", n)
	}

	stranger, err := pull.Comment("outsider", "/kms-recheck")
	w.must(err)
	chatter, err := pull.Comment("maintainer", "please /kms-recheck")
	w.must(err)
	w.must(pull.EditComment(chatter, "maintainer", "/kms-recheck"))
	w.quiet()
	if got := append(reactions(pull, stranger), reactions(pull, chatter)...); len(got) != 0 || len(pull.CheckRuns()) != 2 {
		t.Errorf("comments that ask for nothing: reactions %v, %d check runs, want none and 2", got, len(pull.CheckRuns()))
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{Draft: true})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("draft concluded %q, want failure", run.Conclusion)
	}
	w.quiet()
	if n := len(pull.Comments()); n != 0 {
		t.Errorf("%d comments on a draft", n)
	}
	w.must(pull.ReadyForReview("author"))
	w.eventually("a comment once it is ready", func() bool { return len(pull.Comments()) == 1 })
}

func TestFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{Fork: true, Author: "contributor"})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
}

// TestSettings: the base commit's settings hold, not the ones that the pull request brings.
func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, ".github/kms-review.yml": "fail_on: critical\n"})
	pull := w.open(map[string]string{"backup.tf": badKey, ".github/kms-review.yml": "rules:\n  KMS101: off\n"}, simulator.PullOptions{})
	if run := w.check(pull, 1); run.Conclusion != "success" || len(run.Annotations) == 0 {
		t.Errorf("concluded %q with %d annotations, want success with some", run.Conclusion, len(run.Annotations))
	}
}

func TestBrokenSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, ".github/kms-review.yml": "fail_on: critical\nnonsense: true\n"})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	run := w.check(pull, 1)
	if run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure by the default settings", run.Conclusion)
	}
	if !strings.Contains(run.Summary+run.Text, "kms-review.yml") || !strings.Contains(run.Summary+run.Text, "nonsense") {
		t.Errorf("the check run does not name the broken setting:\n%s\n%s", run.Summary, run.Text)
	}
}

func TestRerunButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	run := w.check(pull, 1)
	w.must(w.repo.Rerequest(run.ID, "author"))
	w.check(pull, 2)
	w.must(w.repo.RerequestSuite(pull.HeadSHA(), "author"))
	w.check(pull, 3)
	if n := len(pull.Comments()); n != 1 {
		t.Errorf("%d comments after two re-runs, want 1", n)
	}
}

// TestUnreadable: what is broken is said with its line, the rest is reviewed, and the check is not green.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"broken.tf": "resource \"aws_kms_key\" \"x\" {\n"}, simulator.PullOptions{})
	run := w.check(pull, 1)
	if run.Conclusion != "action_required" {
		t.Errorf("concluded %q, want action_required", run.Conclusion)
	}
	if !strings.Contains(run.Summary+run.Text, "broken.tf") {
		t.Errorf("the check run does not name the file:\n%s", run.Summary)
	}
}

func paths(w *world) []string {
	var list []string
	for _, r := range w.sim.Requests() {
		list = append(list, r.Method+" "+r.Path)
	}
	return list
}

func reactions(pull *simulator.Pull, comment int64) []string {
	for _, c := range pull.Conversation() {
		if c.ID == comment {
			var list []string
			for _, r := range c.Reactions {
				list = append(list, r.Content)
			}
			return list
		}
	}
	return nil
}
