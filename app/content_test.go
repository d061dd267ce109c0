package app_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

// TestManyFiles: GitHub's comparison stops at 300 files without a word; the finding in the last one is still found.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	files := map[string]string{"zz/last.tf": badKey}
	for i := range 399 {
		files[fmt.Sprintf("notes/%03d.md", i)] = "text\n"
	}
	pull := w.open(files, simulator.PullOptions{})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
}

// TestRename: moving a file makes nothing new of what it holds; what is written into it is new.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, "old.tf": badKey})
	second := strings.ReplaceAll(badKey, "backup", "second")
	_, err := w.repo.Commit("change", "Move", map[string]string{"new.tf": badKey + "\n" + second}, simulator.Rename("old.tf", "new.tf"))
	w.must(err)
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Move", Head: "change"})
	w.must(err)
	w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	w.quiet()
	comments := pull.Comments()
	if len(comments) != 1 || comments[0].Path != "new.tf" || comments[0].Line < 5 {
		t.Errorf("comments: %+v, want one on the new key", comments)
	}
}

// TestRenameAlone has no patch and nothing new.
func TestRenameAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, "old.tf": badKey})
	_, err := w.repo.Commit("change", "Move", nil, simulator.Rename("old.tf", "new.tf"))
	w.must(err)
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Move", Head: "change"})
	w.must(err)
	if run := w.check(pull, 1); run.Conclusion != "success" && run.Conclusion != "neutral" || len(run.Annotations) > 0 {
		t.Errorf("concluded %q with %d annotations, want no failure and none", run.Conclusion, len(run.Annotations))
	}
}

// TestCarriageReturns: how GitHub writes a suggestion into such a file is not known, so the fix is shown, not offered.
func TestCarriageReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": strings.ReplaceAll(badKey, "\n", "\r\n")}, simulator.PullOptions{})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	body := pull.Comments()[0].Body
	if strings.Contains(body, "```suggestion") || !strings.Contains(body, "```diff") || strings.Contains(body, "\r") {
		t.Errorf("want a diff, no suggestion and no carriage return:\n%q", body)
	}
}

const variableKey = `variable "rotate" {
  type    = bool
  default = %t
}

resource "aws_kms_key" "backup" {
  description         = "Backups"
  enable_key_rotation = var.rotate
}
`

// TestCureElsewhere: a key is added, the value that makes it wrong stands in a file that the change does not show. The
// comment is at the key, and its cure is shown there, not offered on lines that GitHub would refuse.
func TestCureElsewhere(t *testing.T) {
	t.Parallel()
	variable, key, _ := strings.Cut(fmt.Sprintf(variableKey, false), "\n\n")
	w := newWorld(t, map[string]string{"main.tf": goodKey, "variables.tf": variable + "\n"})
	pull := w.open(map[string]string{"backup.tf": key}, simulator.PullOptions{})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	c := pull.Comments()[0]
	if c.Path != "backup.tf" || strings.Contains(c.Body, "```suggestion") || !strings.Contains(c.Body, "variables.tf") {
		t.Errorf("comment on %s:%d, want one on backup.tf that shows the fix in variables.tf:\n%s", c.Path, c.Line, c.Body)
	}
}

// TestCureInAnotherFile: where the change shows the other file, the suggestion stands there and works.
func TestCureInAnotherFile(t *testing.T) {
	t.Parallel()
	variable, key, _ := strings.Cut(fmt.Sprintf(variableKey, false), "\n\n")
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("author", "write")
	pull := w.open(map[string]string{"backup.tf": key, "variables.tf": variable + "\n"}, simulator.PullOptions{})
	w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	c := pull.Comments()[0]
	if c.Path != "variables.tf" || !strings.Contains(c.Body, "backup.tf") {
		t.Errorf("comment on %s:%d, want one on variables.tf that names backup.tf:\n%s", c.Path, c.Line, c.Body)
	}
	if _, err := pull.ApplySuggestion(c.ID, "author"); err != nil {
		t.Fatal(err)
	}
	if run := w.check(pull, 1); run.Conclusion != "success" {
		t.Errorf("after the suggestion: %q, want success", run.Conclusion)
	}
}

// TestRepair: where the base's settings are broken, a pull request that mends them is not locked out by a red check,
// and one that does not is told.
func TestRepair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey, ".github/kms-review.yml": "fail_on: sometimes\n"})
	repair := w.open(map[string]string{".github/kms-review.yml": "fail_on: high\n"}, simulator.PullOptions{})
	if run := w.check(repair, 1); run.Conclusion != "neutral" || !strings.Contains(run.Summary, "sometimes") {
		t.Errorf("the repair: %q, want neutral with the mistake:\n%s", run.Conclusion, run.Summary)
	}
	_, err := w.repo.Commit("other", "Other", map[string]string{"main.tf": goodKey + "\n"})
	w.must(err)
	other, err := w.repo.OpenPull(simulator.PullOptions{Title: "Other", Head: "other"})
	w.must(err)
	if run := w.check(other, 1); run.Conclusion != "action_required" || !strings.Contains(run.Summary, "kms-review.yml:1") {
		t.Errorf("another one: %q, want action_required with file and line:\n%s", run.Conclusion, run.Summary)
	}
}

// TestOrganisationSettings: what an organisation says in its .github repository holds where the repository is silent,
// and reviews go on when the App loses that repository.
func TestOrganisationSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	defaults, err := w.sim.CreateRepository("acme", ".github", map[string]string{".github/kms-review.yml": "fail_on: critical\n"})
	w.must(err)
	infra, err := w.sim.CreateRepository("acme", "network", map[string]string{"main.tf": goodKey})
	w.must(err)
	installation, err := w.sim.Install("acme", defaults, infra)
	w.must(err)
	w.settle()
	w.repo = infra
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	if run := w.check(pull, 1); run.Conclusion != "success" || !strings.Contains(run.Summary, "acme/.github:") {
		t.Errorf("concluded %q, want success by the organisation's settings:\n%s", run.Conclusion, run.Summary)
	}
	w.sim.SetWebhookURL("http://127.0.0.1:1/lost") // the delivery that says so is lost
	w.must(w.sim.RemoveRepositories(installation, defaults))
	w.settle()
	w.sim.SetWebhookURL("http://" + w.app.Addr().String() + "/webhook")
	w.push(pull, map[string]string{"more.tf": strings.ReplaceAll(badKey, "backup", "more")})
	if run := w.check(pull, 1); run.Conclusion != "failure" {
		t.Errorf("without the organisation's settings: %q, want failure by the defaults", run.Conclusion)
	}
}

// TestHostileNames: names, paths and texts of a repository take no effect in what the App says.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	marker := "<!-- kms-review:v1 fp=000000000000000000000000 rule=KMS101 -->"
	pull := w.open(map[string]string{
		"a](evil.example) @everyone #1 <img src=x>.tf": strings.ReplaceAll(badKey, "Backups", "``` "+marker),
	}, simulator.PullOptions{})
	run := w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	body := pull.Comments()[0].Body
	if run.Conclusion != "failure" || !strings.HasSuffix(body, "rule=KMS101 -->\n") && !strings.HasSuffix(body, "rule=KMS101 -->") {
		t.Errorf("concluded %q, want failure; the comment must end with the App's own marker:\n%s", run.Conclusion, body)
	}
	spans := regexp.MustCompile("(?s)```+.*?```+|`[^`]*`|<!-- kms-review[^>]*-->")
	for _, text := range []string{run.Summary, run.Text, body} {
		rest := spans.ReplaceAllString(text, "")
		for _, effect := range []string{"](evil", "@everyone", "<img", "#1 "} {
			if strings.Contains(rest, effect) {
				t.Errorf("%q takes effect in:\n%s", effect, text)
			}
		}
	}
}

// TestGapsAreShown: what is never followed or read is said with its path, and the check is not green.
func TestGapsAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	_, err := w.repo.Commit("change", "Change", map[string]string{
		"link.tf": "../../../etc/passwd", "large.tf": "# " + strings.Repeat("x", 30<<20) + "\n", "backup.tf": badKey,
	}, simulator.Symlink("link.tf"))
	w.must(err)
	pull, err := w.repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change"})
	w.must(err)
	run := w.check(pull, 1)
	if run.Conclusion != "failure" { // the finding is still found
		t.Errorf("concluded %q, want failure", run.Conclusion)
	}
	for _, said := range []string{"link.tf", "large.tf", "MB", "symbolic link"} {
		if !strings.Contains(run.Summary, said) {
			t.Errorf("the summary does not say %q:\n%s", said, run.Summary)
		}
	}
}
