package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

// sharedKey is a module that does not ask its callers whether the key rotates.
const sharedKey = `variable "rotation" {
  type = bool
}

resource "aws_kms_key" "this" {
  description         = "Shared"
  enable_key_rotation = true
}

output "rotation" {
  value = true
}
`

// caller is a root module that calls sharedKey, with whether it wants rotation.
const caller = `terraform {
  backend "s3" {}
}

module "key" {
  source   = "../../modules/kms"
  rotation = %t
}

resource "aws_kms_key" "own" {
  description         = "Own"
  enable_key_rotation = module.key.rotation
}
`

func callers() map[string]string {
	return map[string]string{
		"modules/kms/main.tf": sharedKey, "env/prod/main.tf": fmt.Sprintf(caller, false), "env/dev/main.tf": fmt.Sprintf(caller, true),
		"network/main.tf": goodKey,
	}
}

// TestChangedModule: what a module makes of an argument is judged as its callers use it, though they do not change.
func TestChangedModule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, callers())
	w.sim.ResetRequests()
	pull := w.open(map[string]string{
		"modules/kms/main.tf": strings.Replace(sharedKey, "rotation = true", "rotation = var.rotation", 1),
	}, simulator.PullOptions{})
	run := w.check(pull, 1)
	if run.Conclusion != "failure" || !strings.Contains(run.Text, "env/prod/main.tf:7") || strings.Contains(run.Text, "env/dev/main.tf") {
		t.Errorf("concluded %q, want failure because of prod and not of dev:\n%s", run.Conclusion, run.Text)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	c := pull.Comments()[0]
	if c.Path != "modules/kms/main.tf" || c.Line != 7 || !strings.Contains(c.Body, "env/prod/main.tf:7") {
		t.Errorf("comment on %s:%d, want one on the changed line that names the caller:\n%s", c.Path, c.Line, c.Body)
	}
	if asked, tokens := w.requests(); asked > 7 || tokens != 1 { // the tree and its configuration, once in a repository
		t.Errorf("first change to a module: %d requests, want at most 7: %v", asked, paths(w))
	}

	w.forget()
	w.push(pull, map[string]string{"modules/kms/main.tf": sharedKey + "# the same\n"})
	if run := w.check(pull, 1); run.Conclusion == "failure" {
		t.Errorf("after it was taken back: %q, %s", run.Conclusion, run.Summary)
	}
	w.eventually("the comment is minimised", func() bool { return pull.Comments()[0].Minimized != "" })
	if asked, tokens := w.requests(); asked > 4 || tokens != 0 {
		t.Errorf("warm: %d requests and %d tokens, want at most 4 and 0: %v", asked, tokens, paths(w))
	}
}

// TestFindingInACaller: a finding in a file that the pull request does not show stands in the check run alone.
func TestFindingInACaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, callers())
	pull := w.open(map[string]string{
		"modules/kms/main.tf": strings.Replace(sharedKey, "value = true", "value = false", 1),
	}, simulator.PullOptions{})
	run := w.check(pull, 1)
	for _, place := range []string{"env/dev/main.tf:12", "env/prod/main.tf:12"} {
		if run.Conclusion != "failure" || !strings.Contains(run.Text, place) {
			t.Errorf("concluded %q, want failure that names %s:\n%s", run.Conclusion, place, run.Text)
		}
	}
	for _, c := range pull.Comments() {
		if c.Path != "modules/kms/main.tf" {
			t.Errorf("a comment on %s, which is not part of the change", c.Path)
		}
	}
}

// TestPushBringsACaller: what is merged to the default branch after the map was made is found by its push.
func TestPushBringsACaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, callers())
	first := w.open(map[string]string{"modules/kms/main.tf": sharedKey + "# one\n"}, simulator.PullOptions{})
	w.check(first, 1)
	w.forget()
	if _, err := w.repo.Commit("main", "Stage", map[string]string{"env/stage/main.tf": fmt.Sprintf(caller, false) + "# stage\n"}, simulator.Delete("env/prod/main.tf")); err != nil {
		t.Fatal(err)
	}
	w.eventually("the map is refreshed", func() bool {
		return slices.Contains(paths(w), "GET /repos/octo/infra/git/trees/HEAD")
	})
	w.settle()
	w.idle()
	w.stop() // in order, so what was read is in the books
	w.start()
	if _, err := w.repo.Commit("second", "Second", map[string]string{
		"modules/kms/main.tf": strings.Replace(sharedKey, "rotation = true", "rotation = var.rotation", 1),
	}); err != nil {
		t.Fatal(err)
	}
	second, err := w.repo.OpenPull(simulator.PullOptions{Title: "Second", Head: "second"})
	if err != nil {
		t.Fatal(err)
	}
	run := w.check(second, 1)
	if run.Conclusion != "failure" || !strings.Contains(run.Text, "env/stage/main.tf:7") || strings.Contains(run.Text, "env/prod") {
		t.Errorf("concluded %q, want failure because of stage:\n%s", run.Conclusion, run.Text)
	}
}

// TestLargeRepository: the first verdict does not wait for the search through thousands of files; a second follows.
func TestLargeRepository(t *testing.T) {
	t.Parallel()
	files := callers()
	for i := range 400 {
		files[fmt.Sprintf("other/d%03d/main.tf", i)] = fmt.Sprintf("# %d\n", i)
	}
	w := newWorld(t, files)
	pull := w.open(map[string]string{
		"modules/kms/main.tf": strings.Replace(sharedKey, "rotation = true", "rotation = var.rotation", 1),
	}, simulator.PullOptions{})
	w.check(pull, 2)
	runs := pull.CheckRuns()
	if first := runs[0]; first.Conclusion == "failure" || !strings.Contains(first.Summary, "Who calls the changed modules is not known") {
		t.Errorf("the first run concluded %q, or does not say what it lacks:\n%s", first.Conclusion, first.Summary)
	}
	if second := runs[1]; second.Conclusion != "failure" || strings.Contains(second.Summary, "Who calls") || !strings.Contains(second.Text, "env/prod/main.tf:7") {
		t.Errorf("the second run concluded %q, want failure because of prod:\n%s", second.Conclusion, second.Text)
	}
}
