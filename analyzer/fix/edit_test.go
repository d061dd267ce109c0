package fix_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

var update = flag.Bool("update", false, "write the results of the edits into testdata")

// TestEdits runs each archive of testdata: the comment's lines are commands (`set ADDRESS ARGUMENT LITERAL`,
// `remove ADDRESS ARGUMENT...`, `crlf`), the files are the configuration, and `want/FILE` is FILE after the
// edits. `nothing` says that no edit is possible.
func TestEdits(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runArchive(t, path)
		})
	}
}

func runArchive(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	input, want := split(archive)
	crlf := bytes.Contains(archive.Comment, []byte("crlf\n"))
	if crlf {
		for i := range input.Files {
			input.Files[i].Data = bytes.ReplaceAll(input.Files[i].Data, []byte("\n"), []byte("\r\n"))
		}
	}
	edits := runCommands(t, string(archive.Comment), input)
	got := &txtar.Archive{Comment: archive.Comment, Files: archive.Files[:len(input.Files):len(input.Files)]}
	for name, text := range applied(t, input, edits) {
		if crlf {
			if n := bytes.Count(text, []byte("\n")); n != bytes.Count(text, []byte("\r\n")) {
				t.Errorf("%s: not every line ends in CRLF:\n%q", name, text)
			}
			text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		}
		got.Files = append(got.Files, txtar.File{Name: "want/" + name, Data: text})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, wanted(got)); diff != "" {
		t.Errorf("wrong result (-want +got):\n%s", diff)
	}
}

func split(archive *txtar.Archive) (input *txtar.Archive, want map[string]string) {
	input, want = &txtar.Archive{}, wanted(archive)
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			input.Files = append(input.Files, f)
		}
	}
	return input, want
}

func wanted(archive *txtar.Archive) map[string]string {
	want := map[string]string{}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = string(f.Data)
		}
	}
	return want
}

func runCommands(t *testing.T, commands string, input *txtar.Archive) []finding.Edit {
	snapshot := load(t, input)
	var edits []finding.Edit
	for _, line := range strings.Split(strings.TrimSpace(commands), "\n") {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		r := snapshot.Resource(".", words[1])
		if r == nil {
			t.Fatalf("there is no %s", words[1])
		}
		switch words[0] {
		case "set":
			edits = append(edits, fix.Set(r, words[2], r.Attr(words[2]), words[3])...)
		case "remove":
			edits = append(edits, fix.Remove(r, words[2:]...)...)
		}
	}
	if nothing := strings.Contains(commands, "nothing"); nothing != (len(edits) == 0) {
		t.Fatalf("%d edits, nothing expected: %v", len(edits), nothing)
	}
	return edits
}

func load(t *testing.T, input *txtar.Archive) *kms.Snapshot {
	t.Helper()
	snapshot, ok := tryLoad(input)
	if !ok {
		t.Fatalf("the input is broken: %+v", snapshot.Config.Diagnostics)
	}
	return snapshot
}

func tryLoad(input *txtar.Archive) (*kms.Snapshot, bool) {
	fsys, err := txtar.FS(input)
	if err != nil {
		panic(err) // the names are our own
	}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		panic(err)
	}
	return kms.Build(config), len(config.Diagnostics) == 0
}

func applied(t *testing.T, input *txtar.Archive, edits []finding.Edit) map[string][]byte {
	t.Helper()
	fsys, err := txtar.FS(input)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := fix.Apply(fsys, edits)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
