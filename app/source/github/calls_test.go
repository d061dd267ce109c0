package github_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

const module = "variable \"rotation\" {}\n\nresource \"aws_kms_key\" \"main\" {\n  enable_key_rotation = var.rotation\n}\n"

func call(source string) string { return "module \"m\" {\n  source = \"" + source + "\"\n}\n" }

// monorepo has a module that is called from prod, and from dev through another module.
func monorepo() map[string]string {
	return map[string]string{
		"modules/kms/main.tf": module, "modules/app/main.tf": "variable \"x\" {}\n" + call("../kms"), "modules/net/main.tf": "variable \"y\" {}\n",
		"env/prod/main.tf": call("../../modules/kms"), "env/dev/main.tf": call("../../modules/app"), "env/test/main.tf": call("../../modules/net"),
		"README.md": "# infra\n",
	}
}

// tree lists the paths of the fetched files at head.
func (w *world) tree(c change.Change) []string {
	w.t.Helper()
	return slices.Sorted(maps.Keys(files(w.t, c.Head)))
}

func (w *world) wantTree(fetched github.Fetched, want ...string) {
	w.t.Helper()
	if d := cmp.Diff(want, w.tree(fetched.Change)); d != "" {
		w.t.Errorf("files at head (-want +got):\n%s", d)
	}
}

// merge commits to the default branch and hands over the push.
func (w *world) merge(files map[string]string, opts ...simulator.CommitOption) {
	w.t.Helper()
	_, err := w.repo.Commit("main", "Merge", files, opts...)
	must(w.t, err)
	w.sim.ResetRequests()
	must(w.t, w.source.Pushed(w.t.Context(), w.client(), change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"}))
}

func (w *world) mapCalls() error {
	w.t.Helper()
	w.sim.ResetRequests()
	return w.source.MapCalls(w.t.Context(), w.client(), change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"})
}

func TestCallersOfAChangedModule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, monorepo())
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "git", "graphql", "graphql") // the tree, its configuration, the callers
	reached := []string{"env/dev/main.tf", "env/prod/main.tf", "modules/app/main.tf", "modules/kms/main.tf"}
	w.wantTree(fetched, reached...)
	w.wantGaps(fetched.Change)
	if fetched.Unmapped || fetched.Change.Remarks != nil {
		t.Errorf("unmapped: %v, remarks %q", fetched.Unmapped, fetched.Change.Remarks)
	}

	_, err := p.Push("Two", map[string]string{"modules/kms/main.tf": "# two\n" + module})
	must(t, err)
	w.wantTree(w.fetch(w.ref(p)), reached...)
	w.wantRequests("compare", "graphql")

	w.merge(map[string]string{"README.md": "# moved\n"})
	w.wantRequests("git")
	_, err = w.repo.Commit("second", "Second", map[string]string{"modules/kms/main.tf": "# second\n" + module})
	must(t, err)
	p, err = w.repo.OpenPull(simulator.PullOptions{Title: "Second", Head: "second"})
	must(t, err)
	w.wantTree(w.fetch(w.ref(p)), reached...)
	w.wantRequests("compare", "graphql") // of another merge base, so no listing is known
}

func TestPushesMoveTheMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, monorepo())
	w.merge(map[string]string{"env/prod/main.tf": call("../../modules/kms") + "# pushed\n"})
	w.wantRequests() // no review has needed a map
	must(t, w.mapCalls())
	w.wantRequests("token", "git", "graphql")

	w.merge(map[string]string{"env/new/main.tf": call("../../modules/kms"), "env/test/main.tf": "# calls nothing\n"}, simulator.Delete("env/prod/main.tf"))
	w.wantRequests("git", "graphql")
	if asked := strings.Count(string(w.sim.Requests()[1].Body), "GitObjectID!"); asked != 2 {
		t.Errorf("%d blobs were asked for, want the two that are new", asked)
	}
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	w.wantTree(w.fetch(w.ref(p)), "env/dev/main.tf", "env/new/main.tf", "modules/app/main.tf", "modules/kms/main.tf")
	w.wantRequests("compare", "graphql")

	w.merge(nil, simulator.Delete("modules/app/main.tf"))
	w.wantRequests("git")
	_, err := w.repo.Commit("again", "Again", map[string]string{"modules/kms/main.tf": "# again\n" + module})
	must(t, err)
	p, err = w.repo.OpenPull(simulator.PullOptions{Title: "Again", Head: "again"})
	must(t, err)
	w.wantTree(w.fetch(w.ref(p)), "env/new/main.tf", "modules/kms/main.tf")
}

// TestLargeRepository: the first review does not wait for a map of many files, and says so.
func TestLargeRepository(t *testing.T) {
	t.Parallel()
	contents := monorepo()
	for i := range 350 {
		contents[fmt.Sprintf("other/d%03d/main.tf", i)] = fmt.Sprintf("# %d\n", i)
	}
	w := newWorld(t, contents)
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	fetched := w.fetch(w.ref(p))
	w.wantRequests("token", "compare", "graphql", "git")
	w.wantTree(fetched, "modules/kms/main.tf")
	want := []string{"Who calls the changed modules is not known completely yet: the repository is being searched for it."}
	if d := cmp.Diff(want, fetched.Change.Remarks); d != "" || !fetched.Unmapped {
		t.Errorf("unmapped: %v, remarks (-want +got):\n%s", fetched.Unmapped, d)
	}

	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("^/graphql$"), Skip: 2, Status: 401, Body: `{"message":"Bad credentials"}`})
	if err := w.mapCalls(); err == nil {
		t.Error("what failed was reported as done")
	}
	if fetched := w.fetch(w.ref(p)); !fetched.Unmapped {
		t.Error("half a map was taken for a whole one")
	}
	must(t, w.mapCalls())
	if n := len(w.requests()); n != 3 {
		t.Errorf("the second attempt took %v, want the tree and the two documents that were missing", w.requests())
	}
	fetched = w.fetch(w.ref(p))
	w.wantTree(fetched, "env/dev/main.tf", "env/prod/main.tf", "modules/app/main.tf", "modules/kms/main.tf")
	if fetched.Unmapped || fetched.Change.Remarks != nil {
		t.Errorf("unmapped: %v, remarks %q", fetched.Unmapped, fetched.Change.Remarks)
	}
}

func TestManyCallers(t *testing.T) {
	t.Parallel()
	contents := map[string]string{"modules/kms/main.tf": module}
	for i := range 60 {
		contents[fmt.Sprintf("env/e%02d/main.tf", i)] = call("../../modules/kms") + strings.ReplaceAll(call(fmt.Sprintf("../../modules/a%02d", i)), "\"m\"", "\"a\"")
		contents[fmt.Sprintf("modules/a%02d/main.tf", i)] = strings.ReplaceAll(call(fmt.Sprintf("../b%02d", i)), "\"m\"", "\"b\"")
		contents[fmt.Sprintf("modules/b%02d/main.tf", i)] = strings.ReplaceAll(call(fmt.Sprintf("../c%02d", i)), "\"m\"", "\"c\"")
		contents[fmt.Sprintf("modules/c%02d/main.tf", i)] = strings.ReplaceAll(call(fmt.Sprintf("../d%02d", i)), "\"m\"", "\"d\"")
		contents[fmt.Sprintf("modules/d%02d/main.tf", i)] = fmt.Sprintf("# %d\n", i)
	}
	w := newWorld(t, contents)
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	must(t, w.mapCalls())
	fetched := w.fetch(w.ref(p))
	w.wantGaps(fetched.Change)
	want := []string{
		"More than 50 directories call what this change touches; it was judged as the nearest of them use it.",
		"The callers of what this change touches reach more than 200 directories; not all of them were read.",
	}
	if d := cmp.Diff(want, fetched.Change.Remarks); d != "" {
		t.Errorf("remarks (-want +got):\n%s", d)
	}
	if n := len(w.tree(fetched.Change)); n != 200 {
		t.Errorf("%d files, want 200", n)
	}
}

// TestNoMapIsNoFailure: what only helps to find callers does not keep a review from being made.
func TestNoMapIsNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, monorepo())
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("/git/trees/"), Status: 404, Body: `{"message":"Not Found"}`})
	fetched := w.fetch(w.ref(p))
	w.wantTree(fetched, "modules/kms/main.tf")
	if !fetched.Unmapped || len(fetched.Change.Remarks) != 1 {
		t.Errorf("unmapped: %v, remarks %q", fetched.Unmapped, fetched.Change.Remarks)
	}
}

// TestMapOfOddFiles: what GraphQL cuts is read whole, what nobody reads calls nobody, and no name breaks the database.
func TestMapOfOddFiles(t *testing.T) {
	t.Parallel()
	contents := monorepo()
	contents["env/long/main.tf"] = strings.Repeat("# a line of a file that GraphQL does not give whole\n", 12_000) + call("../../modules/kms")
	contents["env/odd/main.tf"] = call("./\x00") + call("./\xff") + call("./"+strings.Repeat("x", 3000)) + call("../../../etc") + call("./.") + call("../../modules//kms/")
	contents["env/same/main.tf"] = call("../../modules/kms")
	contents["env/same.json/main.tf.json"] = `{"module": {"m": {"source": "../../modules/kms"}}}`
	contents[".terraform/modules/m/main.tf"] = call("../../../modules/kms")
	contents["env/huge/main.tf"] = strings.Repeat("# a line of a file that nobody reads\n", 150_000) + call("../../modules/kms")
	w := newWorld(t, contents)
	must(t, w.mapCalls())
	w.wantRequests("token", "git", "graphql", "git", "git")
	callers, err := w.store.Callers(t.Context(), w.repo.ID(), []string{"modules/kms"})
	must(t, err)
	if d := cmp.Diff([]string{"env/long", "env/odd", "env/prod", "env/same", "env/same.json", "modules/app"}, callers); d != "" {
		t.Errorf("callers (-want +got):\n%s", d)
	}
	m, found, err := w.store.CallMap(t.Context(), w.repo.ID())
	if !m.Whole() || !found || err != nil {
		t.Errorf("the map: %+v (%v)", m, err)
	}
}

// TestCutTree: GitHub lists no more than 100,000 files.
func TestCutTree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, monorepo())
	must(t, w.mapCalls())
	w.sim.Fail(simulator.Fault{
		PathPattern: regexp.MustCompile("/git/trees/"), Status: 200,
		Body: `{"sha": "` + strings.Repeat("a", 40) + `", "url": "https://api.github.com/repos/acme/infra/git/trees/a", "truncated": true, "tree": []}`,
	})
	must(t, w.mapCalls())
	p := w.pull(map[string]string{"modules/kms/main.tf": "# one\n" + module})
	fetched := w.fetch(w.ref(p))
	w.wantTree(fetched, "env/dev/main.tf", "env/prod/main.tf", "modules/app/main.tf", "modules/kms/main.tf")
	want := []string{"Who calls the changed modules is not known completely: GitHub lists 100,000 files of a repository, and this one has more."}
	if d := cmp.Diff(want, fetched.Change.Remarks); d != "" || fetched.Unmapped {
		t.Errorf("unmapped: %v, remarks (-want +got):\n%s", fetched.Unmapped, d)
	}
}

// TestMapIsSavedInSteps: a process that ends in the middle of thousands of files has not read them in vain.
func TestMapIsSavedInSteps(t *testing.T) {
	t.Parallel()
	contents := monorepo()
	for i := range 2100 {
		contents[fmt.Sprintf("other/d%04d/main.tf", i)] = fmt.Sprintf("# %d\n", i)
	}
	w := newWorld(t, contents)
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("^/graphql$"), Skip: 20, Status: 401, Body: `{"message":"Bad credentials"}`})
	if err := w.mapCalls(); err == nil {
		t.Fatal("what failed was reported as done")
	}
	want := func(unread, files int) {
		t.Helper()
		m, _, err := w.store.CallMap(t.Context(), w.repo.ID())
		must(t, err)
		known, err := w.store.CallingFiles(t.Context(), w.repo.ID())
		if m.Unread != unread || len(known) != files || err != nil {
			t.Errorf("%d files are known and %d are not (%v), want %d and %d", len(known), m.Unread, err, files, unread)
		}
	}
	want(106, 2000)
	must(t, w.mapCalls())
	want(0, 2106)
	if n := len(w.requests()); n != 4 { // a token, since the old one was refused, the tree, two documents
		t.Errorf("the second attempt took %v", w.requests())
	}
}

// TestMapThatWasReplaced: of two processes that read different commits, the slower one does not win with the older.
func TestMapThatWasReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, monorepo())
	w.sim.Fail(simulator.Fault{PathPattern: regexp.MustCompile("^/graphql$"), Delay: 2 * time.Second})
	done := make(chan error, 1)
	go func() {
		done <- w.source.MapCalls(context.Background(), w.client(), change.Repo{ID: w.repo.ID(), Owner: "acme", Name: "infra"})
	}()
	for range 1000 {
		if slices.Contains(w.requests(), "git") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	saved, err := w.store.SaveCalls(t.Context(), w.repo.ID(), "", store.CallMap{Commit: "newer"}, []store.CallingFile{{Path: "gone/main.tf", SHA: "1"}}, nil)
	if !saved || err != nil {
		t.Fatalf("the other process's map: %v, %v", saved, err)
	}
	must(t, <-done)
	if d := cmp.Diff([]string{"token", "git", "graphql", "git", "graphql"}, w.requests()); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	known, err := w.store.CallingFiles(t.Context(), w.repo.ID())
	if _, stays := known["gone/main.tf"]; stays || len(known) != 6 || err != nil {
		t.Errorf("known files: %v (%v)", known, err)
	}
}
