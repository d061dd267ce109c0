package github_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

// world is a repository on a GitHub of this machine, and a source that reads it.
type world struct {
	t       *testing.T
	sim     *simulator.Simulator
	repo    *simulator.Repository
	app     *gh.App
	store   *store.Store
	source  *github.Source
	install int64
	repos   []string // of the token
}

func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	sim := conformance.Start(t)
	repo, err := sim.CreateRepository("acme", "infra", files)
	must(t, err)
	install, err := sim.Install("acme")
	must(t, err)
	id, key, _ := sim.App()
	app, err := gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: log})
	must(t, err)
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), log)
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{
		t: t, sim: sim, repo: repo, app: app, store: db, source: github.New(db, log), install: install, repos: []string{"infra"},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pull commits files on a branch and opens a pull request from it.
func (w *world) pull(files map[string]string, opts ...simulator.CommitOption) *simulator.Pull {
	w.t.Helper()
	_, err := w.repo.Commit("change", "Change", files, opts...)
	must(w.t, err)
	p, err := w.repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change"})
	must(w.t, err)
	return p
}

func (w *world) ref(p *simulator.Pull) github.Ref {
	return github.Ref{
		Repo:           change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"},
		InstallationID: w.install, Number: p.Number(), BaseSHA: w.repo.Head("main"), HeadSHA: p.HeadSHA(),
	}
}

func (w *world) client() *gh.Client { return w.app.Installation(w.install, "acme", w.repos...) }

func (w *world) try(ref github.Ref) (github.Fetched, error) {
	w.t.Helper()
	w.sim.ResetRequests()
	return w.source.Fetch(context.Background(), w.client(), ref)
}

func (w *world) fetch(ref github.Ref) github.Fetched {
	w.t.Helper()
	fetched, err := w.try(ref)
	must(w.t, err)
	return fetched
}

// requests names what was asked since the last fetch began.
func (w *world) requests() []string {
	var names []string
	for _, r := range w.sim.Requests() {
		name := strings.TrimPrefix(r.Path, "/repos/acme/infra/")
		if strings.HasSuffix(name, "/access_tokens") {
			name = "token"
		}
		if before, _, found := strings.Cut(strings.TrimPrefix(name, "/"), "/"); found {
			name = before
		}
		names = append(names, strings.TrimPrefix(name, "/"))
	}
	return names
}

func (w *world) wantRequests(want ...string) {
	w.t.Helper()
	if d := cmp.Diff(want, w.requests()); d != "" {
		w.t.Errorf("requests (-want +got):\n%s", d)
	}
}

// files reads a whole tree.
func files(t *testing.T, tree fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		all[name] = string(content)
		return err
	}))
	return all
}

func (w *world) wantTrees(c change.Change, base, head map[string]string) {
	w.t.Helper()
	if d := cmp.Diff(base, files(w.t, c.Base)); d != "" {
		w.t.Errorf("base (-want +got):\n%s", d)
	}
	if d := cmp.Diff(head, files(w.t, c.Head)); d != "" {
		w.t.Errorf("head (-want +got):\n%s", d)
	}
}

func (w *world) wantGaps(c change.Change, want ...string) {
	w.t.Helper()
	var got []string
	for _, gap := range c.Gaps {
		got = append(got, gap.Path+": "+gap.Reason)
	}
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("gaps (-want +got):\n%s", d)
	}
}

const key = "resource \"aws_kms_key\" \"main\" {\n  description = \"main\"\n}\n"

func TestColdThenWarm(t *testing.T) {
	t.Parallel()
	lock := "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"5.100.0\"\n}\n"
	w := newWorld(t, map[string]string{
		"main.tf": key, "variables.tf": "variable \"a\" {}\nprovider \"aws\" {}\n", ".terraform.lock.hcl": lock, "README.md": "# infra\n", "other/main.tf": "# other\n", "web/index.js": "1\n",
	})
	p := w.pull(map[string]string{"main.tf": strings.Replace(key, "\"main\"\n}", "\"key\"\n}", 1), "web/index.js": "2\n"})

	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql")
	base := map[string]string{"main.tf": key, "variables.tf": "variable \"a\" {}\nprovider \"aws\" {}\n", ".terraform.lock.hcl": lock}
	head := map[string]string{"main.tf": strings.Replace(key, "\"main\"\n}", "\"key\"\n}", 1), "variables.tf": "variable \"a\" {}\nprovider \"aws\" {}\n", ".terraform.lock.hcl": lock}
	w.wantTrees(fetched.Change, base, head)
	w.wantGaps(fetched.Change)
	wantPull := change.Pull{
		Repo: w.ref(p).Repo, InstallationID: w.install, Number: 1, NodeID: fetched.Pull.NodeID, BaseSHA: w.repo.Head("main"),
		HeadSHA: p.HeadSHA(), Author: "author", Open: true,
	}
	if d := cmp.Diff(wantPull, fetched.Pull); d != "" || fetched.Pull.NodeID == "" {
		t.Errorf("pull (-want +got):\n%s", d)
	}
	wantFiles := []change.File{
		{Path: "main.tf", Status: change.Modified, Hunks: []change.Hunk{{OldStart: 1, OldLines: 3, NewStart: 1, NewLines: 3, Added: []int{2}, Removed: []int{2}}}},
		{Path: "web/index.js", Status: change.Modified, Hunks: []change.Hunk{{OldStart: 1, OldLines: 1, NewStart: 1, NewLines: 1, Added: []int{1}, Removed: []int{1}}}},
	}
	if d := cmp.Diff(wantFiles, fetched.Change.Files); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if fetched.Irrelevant || fetched.Change.BaseSHA != w.repo.Head("main") || fetched.Change.HeadSHA != p.HeadSHA() {
		t.Errorf("%+v", fetched.Change)
	}

	_, err := p.Push("More", map[string]string{"main.tf": "# empty now\n"})
	must(t, err)
	fetched = w.fetch(w.ref(p))
	w.wantRequests("compare", "graphql")
	head["main.tf"] = "# empty now\n"
	w.wantTrees(fetched.Change, base, head)
	for _, r := range w.sim.Requests() {
		if strings.Contains(string(r.Answer), "aws_kms_key") && r.Method == "POST" {
			t.Error("contents that the store has were fetched again")
		}
	}
}

func TestIrrelevant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, "src/app.go": "package app\n", "package.json": "{}\n"})
	p := w.pull(map[string]string{"src/app.go": "package main\n", "package.json": "{\"a\": 1}\n"})
	_, err := w.try(w.ref(p))
	must(t, err) // the token is minted here
	fetched := w.fetch(w.ref(p))
	w.wantRequests("compare")
	if !fetched.Irrelevant || fetched.Pull.HeadSHA != p.HeadSHA() || fetched.Pull.Number != 1 || len(fetched.Change.Files) != 2 {
		t.Errorf("%+v", fetched)
	}

	must(t, w.store.SavePublished(t.Context(), store.Published{RepoID: w.repo.ID(), Number: 1, HeadSHA: "0", Comments: 1}))
	fetched = w.fetch(w.ref(p))
	w.wantRequests("compare", "graphql")
	if fetched.Pull.NodeID == "" || fetched.Irrelevant {
		t.Errorf("a pull request with our comments on it was not looked at: %+v", fetched)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("# a line that stays the same\n", 30)
	w := newWorld(t, map[string]string{
		"main.tf": key, "gone.tf": "# gone\n", "old.tf": long, "moved.tf": long + "# moved\n", "crlf.tf": "# a\r\n# b\r\n",
		"noeol.tf": "# a\n# b", "mod/main.tf": "# mod\n", "notes.txt": long + "# was text\n", "emptied.tf": "# x\n", "run.tf": "# run\n",
	})
	p := w.pull(map[string]string{
		"added.tf": "# added\n", "empty.tf": "", "crlf.tf": "# a\r\n# c\r\n", "noeol.tf": "# a\n# c", "emptied.tf": "",
		"mod/moved.tf": long + "# moved and changed\n", "env/new/main.tf": "# new directory",
	}, simulator.Delete("gone.tf"), simulator.Rename("old.tf", "new.tf"), simulator.Rename("moved.tf", "mod/moved.tf"),
		simulator.Rename("notes.txt", "notes.tf"), simulator.Executable("run.tf"))
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change,
		map[string]string{
			"main.tf": key, "gone.tf": "# gone\n", "old.tf": long, "moved.tf": long + "# moved\n", "crlf.tf": "# a\r\n# b\r\n",
			"noeol.tf": "# a\n# b", "mod/main.tf": "# mod\n", "emptied.tf": "# x\n", "run.tf": "# run\n",
		},
		map[string]string{
			"main.tf": key, "new.tf": long, "mod/moved.tf": long + "# moved and changed\n", "crlf.tf": "# a\r\n# c\r\n",
			"noeol.tf": "# a\n# c", "mod/main.tf": "# mod\n", "added.tf": "# added\n", "empty.tf": "", "emptied.tf": "",
			"env/new/main.tf": "# new directory", "notes.tf": long + "# was text\n", "run.tf": "# run\n",
		})
	w.wantGaps(fetched.Change)
	var statuses []string
	for _, f := range fetched.Change.Files {
		statuses = append(statuses, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Status, f.Path, f.OldPath)))
	}
	want := []string{
		"added added.tf", "modified crlf.tf", "modified emptied.tf", "added empty.tf", "added env/new/main.tf", "removed gone.tf",
		"renamed mod/moved.tf moved.tf", "renamed new.tf old.tf", "modified noeol.tf", "renamed notes.tf notes.txt",
	}
	statuses = slices.DeleteFunc(statuses, func(s string) bool { return strings.HasSuffix(s, "run.tf") })
	if d := cmp.Diff(want, statuses); d != "" {
		t.Errorf("statuses (-want +got):\n%s", d)
	}
}

func TestLocalModulesAndFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"env/prod/main.tf":              "module \"kms\" {\n  source = \"../../modules/kms\"\n}\n",
		"env/prod/prod.auto.tfvars":     "a = 1\n",
		"modules/kms/main.tf":           "module \"inner\" {\n  source = \"./inner\"\n}\nlocals {\n  p = file(\"${path.module}/policies/key.json\")\n}\n",
		"modules/kms/policies/key.json": "{}\n", "modules/kms/policies/other.json": "[]\n",
		"modules/kms/inner/main.tf": "# inner\n", "modules/unused/main.tf": "# unused\n",
		"modules/kms/inner/lambda.py": "print()\n",
	})
	p := w.pull(map[string]string{"env/prod/main.tf": "# first\nmodule \"kms\" {\n  source = \"../../modules/kms\"\n}\n"})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "graphql", "graphql") // each level of calls is one more, once
	base := map[string]string{
		"env/prod/main.tf": "module \"kms\" {\n  source = \"../../modules/kms\"\n}\n", "env/prod/prod.auto.tfvars": "a = 1\n",
		"modules/kms/main.tf":           "module \"inner\" {\n  source = \"./inner\"\n}\nlocals {\n  p = file(\"${path.module}/policies/key.json\")\n}\n",
		"modules/kms/policies/key.json": "{}\n", "modules/kms/inner/main.tf": "# inner\n",
	}
	head := map[string]string{}
	for name, text := range base {
		head[name] = text
	}
	head["env/prod/main.tf"] = "# first\n" + base["env/prod/main.tf"]
	w.wantTrees(fetched.Change, base, head)

	_, err := p.Push("More", map[string]string{"env/prod/main.tf": "# second\n" + base["env/prod/main.tf"]})
	must(t, err)
	w.fetch(w.ref(p))
	w.wantRequests("compare", "graphql")
}

func TestPolicyFileBelowAConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"kms/main.tf": "locals {\n  p = file(\"${path.module}/policies/key.json\")\n}\n", "kms/policies/key.json": "{}\n", "docs/policy/a.json": "{}\n",
	})
	p := w.pull(map[string]string{"kms/policies/key.json": "{\"a\": 1}\n"})
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change,
		map[string]string{"kms/main.tf": "locals {\n  p = file(\"${path.module}/policies/key.json\")\n}\n", "kms/policies/key.json": "{}\n"},
		map[string]string{"kms/main.tf": "locals {\n  p = file(\"${path.module}/policies/key.json\")\n}\n", "kms/policies/key.json": "{\"a\": 1}\n"})
	if n := len(w.requests()); n > 4 {
		t.Errorf("%d requests: %v, want at most 4", n, w.requests())
	}

	_, err := w.repo.Commit("docs", "Docs", map[string]string{"docs/policy/a.json": "[]\n"})
	must(t, err)
	p, err = w.repo.OpenPull(simulator.PullOptions{Title: "Docs", Head: "docs"})
	must(t, err)
	if fetched := w.fetch(w.ref(p)); !fetched.Irrelevant {
		t.Error("a policy that no configuration is near to counts as Terraform")
	}
}

func TestVarFilesRightBelow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"main.tf": key, "vars/prod.tfvars": "a = 1\n", "vars/dev.tfvars.json": "{}\n", "vars/notes.md": "x\n", "vars/deep/x.tfvars": "b = 1\n",
		"vars/gone.tfvars": "c = 1\n",
	})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "graphql")
	base := map[string]string{"main.tf": key, "vars/prod.tfvars": "a = 1\n", "vars/dev.tfvars.json": "{}\n", "vars/gone.tfvars": "c = 1\n"}
	head := map[string]string{"main.tf": "# one\n" + key, "vars/prod.tfvars": "a = 1\n", "vars/dev.tfvars.json": "{}\n", "vars/gone.tfvars": "c = 1\n"}
	w.wantTrees(fetched.Change, base, head)

	_, err := p.Push("Change the values", map[string]string{"vars/prod.tfvars": "a = 2\n"}, simulator.Delete("vars/gone.tfvars"))
	must(t, err)
	fetched = w.fetch(w.ref(p))
	head["vars/prod.tfvars"] = "a = 2\n"
	delete(head, "vars/gone.tfvars")
	w.wantTrees(fetched.Change, base, head)
	w.wantRequests("compare", "graphql")
}

// TestNamedVarFiles asserts that the var files which the settings of the base name are read wherever they lie, and
// that a change of one leads to the directories that are given it.
func TestNamedVarFiles(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		".github/kms-review.yml": "var_files:\n  live/prod: [../../vars/prod.tfvars, own.tfvars]\n  stacks/*: [/vars/stacks.tfvars]\n",
		"live/prod/main.tf":      key, "live/prod/own.tfvars": "a = 1\n", "vars/prod.tfvars": "b = 1\n", "vars/stacks.tfvars": "c = 1\n",
		"stacks/a/main.tf": key, "stacks/b/main.tf": key, "stacks/notes.md": "x\n", "other/main.tf": key,
	}
	pick := func(names ...string) map[string]string {
		picked := map[string]string{}
		for _, name := range names {
			picked[name] = files[name]
		}
		return picked
	}
	w := newWorld(t, files)
	p := w.pull(map[string]string{"live/prod/main.tf": "# one\n" + key})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "graphql")
	base := pick("live/prod/main.tf", "live/prod/own.tfvars", "vars/prod.tfvars", "vars/stacks.tfvars")
	head := maps.Clone(base)
	head["live/prod/main.tf"] = "# one\n" + key
	w.wantTrees(fetched.Change, base, head)

	w = newWorld(t, files)
	p = w.pull(map[string]string{"vars/prod.tfvars": "b = 2\n", "vars/stacks.tfvars": "c = 2\n"})
	fetched = w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "git", "graphql")
	base = pick("live/prod/main.tf", "live/prod/own.tfvars", "vars/prod.tfvars", "vars/stacks.tfvars", "stacks/a/main.tf", "stacks/b/main.tf")
	head = maps.Clone(base)
	head["vars/prod.tfvars"], head["vars/stacks.tfvars"] = "b = 2\n", "c = 2\n"
	w.wantTrees(fetched.Change, base, head)
	if fetched.Irrelevant {
		t.Error("values of keys are irrelevant")
	}
}

func TestHintsAreOnlyHints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	old := w.ref(p)
	_, err := p.Push("Two", map[string]string{"main.tf": "# two\n" + key})
	must(t, err)
	fetched := w.fetch(old)
	w.wantRequests("token", "compare", "graphql", "compare", "graphql")
	if fetched.Pull.HeadSHA != p.HeadSHA() || files(t, fetched.Change.Head)["main.tf"] != "# two\n"+key {
		t.Errorf("read %s, want the truth %s", fetched.Pull.HeadSHA, p.HeadSHA())
	}

	none := w.ref(p)
	none.BaseSHA, none.HeadSHA = "", ""
	fetched = w.fetch(none)
	w.wantRequests("graphql", "compare", "graphql")
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# two\n" + key})
}

// TestLateHint: a harmless older push whose delivery came last does not hide the newer one.
func TestLateHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"notes.md": "one\n"})
	late := w.ref(p)
	late.Unsure = true
	if fetched := w.fetch(late); !fetched.Irrelevant {
		t.Error("the pull request without Terraform is relevant")
	}
	w.wantRequests("token", "compare", "graphql")
	_, err := p.Push("Two", map[string]string{"main.tf": "# two\n" + key})
	must(t, err)
	fetched := w.fetch(late)
	w.wantRequests("compare", "graphql", "compare", "graphql")
	if fetched.Irrelevant || fetched.Pull.HeadSHA != p.HeadSHA() {
		t.Errorf("read %s (irrelevant: %t), want the truth %s", fetched.Pull.HeadSHA, fetched.Irrelevant, p.HeadSHA())
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	_, err := w.repo.Commit("change", "Change", map[string]string{"main.tf": "# fork\n" + key})
	must(t, err)
	p, err := w.repo.OpenPull(simulator.PullOptions{Title: "Fork", Head: "change", Author: "outsider", Fork: true, Draft: true})
	must(t, err)
	fetched := w.fetch(w.ref(p))
	if !fetched.Pull.Fork || !fetched.Pull.Draft || fetched.Pull.Author != "outsider" {
		t.Errorf("%+v", fetched.Pull)
	}
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# fork\n" + key})
}

func TestGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	must(t, p.Close("author"))
	if _, err := w.try(w.ref(p)); !errors.Is(err, gh.ErrGone) {
		t.Errorf("closed: %v, want gone", err)
	}
	must(t, w.sim.Uninstall(w.install))
	if _, err := w.try(w.ref(p)); err == nil {
		t.Error("uninstalled: no error")
	}
	if _, err := w.try(w.ref(p)); !errors.Is(err, gh.ErrGone) { // the token in hand was refused; no new one is given
		t.Errorf("uninstalled: %v, want gone", err)
	}
}

func TestNotThereYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("/compare/"), Status: 404, Body: `{"message":"Not Found"}`})
	_, err := w.try(w.ref(p))
	if fate, _ := gh.Classify(err); fate != gh.Retry || !strings.Contains(err.Error(), "pull request 1 of acme/infra") {
		t.Errorf("%v: want it to be tried again", err)
	}
	w.fetch(w.ref(p))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, ".github/kms-review.yml": "fail_on: high\n"})
	settings, err := w.sim.CreateRepository("acme", ".github", map[string]string{".github/kms-review.yml": "fail_on: low\n"})
	must(t, err)
	p := w.pull(map[string]string{".github/kms-review.yml": "fail_on: never\n"})
	fetched := w.fetch(w.ref(p))
	repo := change.SettingsFile{Origin: "acme/infra:.github/kms-review.yml@" + w.repo.Head("main"), Text: []byte("fail_on: high\n")}
	if d := cmp.Diff(change.Conversation{RepoSettings: repo}, fetched.Conversation); d != "" || fetched.Irrelevant {
		t.Errorf("without the organisation's (-want +got):\n%s", d)
	}

	w.repos = []string{"infra", ".github"}
	fetched = w.fetch(w.ref(p))
	org := change.SettingsFile{Origin: "acme/.github:.github/kms-review.yml@" + settings.Head("main"), Text: []byte("fail_on: low\n")}
	if d := cmp.Diff(change.Conversation{RepoSettings: repo, OrgSettings: org}, fetched.Conversation); d != "" {
		t.Errorf("with the organisation's (-want +got):\n%s", d)
	}
	w.wantRequests("token", "compare", "graphql")
}

func TestSettingsRepositoryOutOfReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	w.repos = []string{"infra", ".github"} // what our books say, although it is gone
	fetched := w.fetch(w.ref(p))
	if fetched.Conversation.OrgSettings.Text != nil || len(fetched.Change.Files) != 1 {
		t.Errorf("%+v", fetched)
	}
}

func TestMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, ".github/kms-review.yml": "fail_on: high\n"})
	head, err := w.repo.Commit("gh-readonly-queue/main/pr-1", "Merge", map[string]string{"main.tf": "# merged\n" + key})
	must(t, err)
	ref := github.Ref{Repo: change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"}, InstallationID: w.install, BaseSHA: w.repo.Head("main"), HeadSHA: head}
	fetched := w.fetch(ref)
	w.wantRequests("token", "compare", "graphql")
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# merged\n" + key})
	if fetched.Pull.Number != 0 || !fetched.Pull.Open || fetched.Pull.HeadSHA != head || string(fetched.Conversation.RepoSettings.Text) != "fail_on: high\n" {
		t.Errorf("%+v", fetched.Pull)
	}
}

func TestSymlinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, "shared/versions.tf": "# versions\n", "turned.tf": "# turned\n"})
	_, err := w.repo.Commit("main", "Link", map[string]string{"versions.tf": "shared/versions.tf"}, simulator.Symlink("versions.tf"))
	must(t, err)
	p := w.pull(map[string]string{"main.tf": "# one\n" + key, "evil.tf": "../../etc/passwd", "turned.tf": "main.tf"},
		simulator.Symlink("evil.tf"), simulator.Symlink("turned.tf"))
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key, "turned.tf": "# turned\n"}, map[string]string{"main.tf": "# one\n" + key})
	w.wantGaps(fetched.Change,
		"evil.tf: It is a symbolic link, which is never followed.", "turned.tf: It is a symbolic link, which is never followed.")
}

func TestLargeFiles(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("# a line of a file that GraphQL does not give whole\n", 12_000) // 624,000 bytes
	huge := strings.Repeat("# a line of a file that nobody reads\n", 850_000)              // 31 MB
	w := newWorld(t, map[string]string{"main.tf": key, "big.tf": big})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key, "huge.tf": huge, "more.tf": big + "# more\n"})
	fetched := w.fetch(w.ref(p))
	head := map[string]string{"main.tf": "# one\n" + key, "big.tf": big, "more.tf": big + "# more\n"}
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key, "big.tf": big}, head)
	w.wantGaps(fetched.Change, "huge.tf: It has 30 MB; files above 2 MB are not read. Split it, or exclude it in the settings.")
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	changed := map[string]string{"main.tf": "# one\n" + key, "zz.tf": "# last\n"}
	for i := range 400 {
		changed[fmt.Sprintf("docs/%03d.md", i)] = "x\n"
	}
	p := w.pull(changed)
	fetched := w.fetch(w.ref(p))
	if n := len(fetched.Change.Files); n != 402 {
		t.Errorf("%d files, want 402", n)
	}
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# one\n" + key, "zz.tf": "# last\n"})
	if pages := len(w.requests()) - 3; pages != 9 {
		t.Errorf("%d pages of files, want 9: %v", pages, w.requests())
	}

	ref := github.Ref{Repo: w.ref(p).Repo, InstallationID: w.install, BaseSHA: w.repo.Head("main"), HeadSHA: p.HeadSHA()}
	fetched = w.fetch(ref) // a merge group has no list of files: the trees are compared
	if n := len(fetched.Change.Files); n != 402 {
		t.Errorf("%d files by the trees, want 402", n)
	}
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# one\n" + key, "zz.tf": "# last\n"})
}

func TestTooHeavyAQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, "a.tf": "# a\n"})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("^/graphql$"), Status: 502, Body: "<html>"})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "graphql", "graphql")
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key, "a.tf": "# a\n"}, map[string]string{"main.tf": "# one\n" + key, "a.tf": "# a\n"})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	w.sim.Fail(simulator.SecondaryLimit("GET", regexp.MustCompile("/compare/"), "7"))
	_, err := w.try(w.ref(p))
	if fate, _ := gh.Classify(err); fate != gh.RetryAt {
		t.Errorf("%v: want it to wait", err)
	}
}
