package github_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
)

// rewriting changes the answers of compare, as GitHub's diff service has done: patches left out, cut, or with
// other line ends.
type rewriting struct {
	rewrite func([]byte) []byte
}

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || !strings.Contains(req.URL.Path, "/compare/") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(r.rewrite(body)))
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	return resp, err
}

func (w *world) through(rewrite func([]byte) []byte) {
	w.t.Helper()
	id, key, _ := w.sim.App()
	app, err := gh.New(gh.Config{
		AppID: id, PrivateKey: key, APIURL: w.sim.URL(), Log: slog.New(slog.DiscardHandler), Transport: rewriting{rewrite},
	})
	must(w.t, err)
	w.app = app
}

var patchField = regexp.MustCompile(`"patch":"(?:[^"\\]|\\.)*",?`)

func TestPatchesAreNotTrusted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rewrite func([]byte) []byte
		hunks   int // of main.tf
		queries int
	}{
		"as it is":         {func(b []byte) []byte { return b }, 1, 1},
		"left out":         {func(b []byte) []byte { return patchField.ReplaceAll(b, nil) }, 0, 1},
		"empty":            {func(b []byte) []byte { return patchField.ReplaceAll(b, []byte(`"patch":"",`)) }, 0, 2},
		"no patch":         {func(b []byte) []byte { return patchField.ReplaceAll(b, []byte(`"patch":"nonsense",`)) }, 0, 2},
		"returns stripped": {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`\r`), nil) }, 1, 2},
		"cut":              {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`\n+# third\r`), nil) }, 0, 2},
		"altered":          {func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`+# third`), []byte(`+# fourth`)) }, 1, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"main.tf": "# first\r\n"})
			p := w.pull(map[string]string{"main.tf": "# second\r\n# third\r\n"})
			w.through(test.rewrite)
			fetched := w.fetch(w.ref(p))
			w.wantTrees(fetched.Change, map[string]string{"main.tf": "# first\r\n"}, map[string]string{"main.tf": "# second\r\n# third\r\n"})
			w.wantGaps(fetched.Change)
			if f, _ := fetched.Change.FileAt("main.tf"); len(f.Hunks) != test.hunks {
				t.Errorf("%d hunks, want %d", len(f.Hunks), test.hunks)
			}
			if n := len(w.requests()) - 2; n != test.queries {
				t.Errorf("%d queries, want %d: %v", n, test.queries, w.requests())
			}
		})
	}
}

func TestCompareAndTreesThatDisagree(t *testing.T) {
	t.Parallel()
	sha := regexp.MustCompile(`"sha":"[0-9a-f]{40}","status":"modified"`)
	w := newWorld(t, map[string]string{"main.tf": "# first\n", "b.tf": "# b\n"})
	p := w.pull(map[string]string{"main.tf": "# second\n"})
	w.through(func(b []byte) []byte {
		return sha.ReplaceAll(b, []byte(`"sha":"`+strings.Repeat("1", 40)+`","status":"modified"`))
	})
	_, err := w.try(w.ref(p))
	if fate, _ := gh.Classify(err); fate != gh.Retry || !strings.Contains(fmt.Sprint(err), "does not fit") {
		t.Errorf("%v: want it to be tried again", err)
	}
}

// TestModuleGraphIsBounded has modules that call each other in a ring, and a chain longer than we follow.
func TestModuleGraphIsBounded(t *testing.T) {
	t.Parallel()
	tree := map[string]string{
		"main.tf":   "module \"a\" { source = \"./a\" }\nmodule \"m\" { source = \"./m0\" }\n",
		"a/main.tf": "module \"b\" { source = \"../b\" }\n", "b/main.tf": "module \"a\" { source = \"../a\" }\nmodule \"r\" { source = \"../\" }\n",
	}
	for i := range 40 {
		tree[fmt.Sprintf("m%d/main.tf", i)] = fmt.Sprintf("module \"m\" { source = \"../m%d\" }\n", i+1)
	}
	w := newWorld(t, tree)
	p := w.pull(map[string]string{"main.tf": tree["main.tf"] + "# changed\n"})
	fetched := w.fetch(w.ref(p))
	w.wantGaps(fetched.Change, ": The change leads to more directories than can be read in time, so it could not be read completely.")
	if n := len(w.requests()); n > 25 {
		t.Errorf("%d requests", n)
	}
	if got := files(t, fetched.Change.Head); got["b/main.tf"] == "" || got["m10/main.tf"] == "" {
		t.Errorf("%d files, want what could be read", len(got))
	}
}

func TestManyDirectories(t *testing.T) {
	t.Parallel()
	tree, changed := map[string]string{}, map[string]string{}
	for i := range 299 {
		tree[fmt.Sprintf("d%03d/main.tf", i)] = "# one\n"
		changed[fmt.Sprintf("d%03d/main.tf", i)] = "# two\n"
	}
	w := newWorld(t, tree)
	p := w.pull(changed)
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change, tree, changed)
	w.wantGaps(fetched.Change)

	more := map[string]string{}
	for i := range 10 {
		more[fmt.Sprintf("e%03d/main.tf", i)] = "# new\n"
	}
	_, err := p.Push("More", more)
	must(t, err)
	fetched = w.fetch(w.ref(p))
	w.wantGaps(fetched.Change, ": The change reaches more than 300 directories, so it could not be read completely.")
}

func TestSettingsThatAreNoText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, ".github/kms-review.yml": "fail_on: \x00\xff\n"})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key})
	fetched := w.fetch(w.ref(p))
	if len(fetched.Change.Gaps) != 1 || fetched.Change.Gaps[0].Path != ".github/kms-review.yml" || fetched.Conversation.RepoSettings.Text != nil {
		t.Errorf("%+v %+v", fetched.Change.Gaps, fetched.Conversation.RepoSettings)
	}
}

func TestContentsThatAreNoText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key, "latin.tf": "# caf\xe9\n"})
	p := w.pull(map[string]string{"main.tf": "# one\n" + key, "zero.tf": "# \x00\n"})
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key, "latin.tf": "# caf\xe9\n"},
		map[string]string{"main.tf": "# one\n" + key, "latin.tf": "# caf\xe9\n", "zero.tf": "# \x00\n"})
	w.wantGaps(fetched.Change)
}

func TestDirectoryNamedLikeAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": key})
	_, err := w.repo.Commit("main", "Directory with the name of a file", map[string]string{"odd.tf/README": "x\n"})
	must(t, err)
	p := w.pull(map[string]string{"main.tf": "# one\n" + key}, simulator.Delete("odd.tf/README"))
	fetched := w.fetch(w.ref(p))
	w.wantTrees(fetched.Change, map[string]string{"main.tf": key}, map[string]string{"main.tf": "# one\n" + key})
	w.wantGaps(fetched.Change)
}
