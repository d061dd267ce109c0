package git

import (
	"errors"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTreeListsOnlyWhatIsAskedFor keeps a review of one directory as cheap in a repository of any size.
func TestTreeListsOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	var listed []string
	tree := newTree(node{kind: directory}, func(at string, _ node) ([]node, error) {
		listed = append(listed, at)
		if path.Base(at) == "c" {
			return []node{{name: "main.tf"}, {name: "other.tf"}}, nil
		}
		return []node{{name: "a", kind: directory}, {name: "b", kind: directory}, {name: "c", kind: directory}}, nil
	}, func(at string, _ node) ([]byte, error) {
		if path.Base(at) != "main.tf" {
			return nil, errors.New("nobody asked for " + at)
		}
		return []byte("x"), nil
	})
	for range 2 {
		if _, err := tree.ReadDir("a/b/c"); err != nil {
			t.Fatal(err)
		}
		if _, err := tree.ReadFile("a/b/c/main.tf"); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{".", "a", "a/b", "a/b/c"}, listed); d != "" {
		t.Error(d)
	}
}

func FuzzParseDiff(f *testing.F) {
	f.Add([]byte(":100644 100644 1 2 M\x00a.tf\x00\x00diff --git a/a.tf b/a.tf\n--- a/a.tf\n+++ b/a.tf\n@@ -1 +1 @@\n-1\n+2\n"))
	f.Add([]byte(":100644 100644 1 2 R100\x00a.tf\x00b.tf\x00\x00diff --git a/a.tf b/b.tf\nsimilarity index 100%\n"))
	f.Add([]byte(":100644 120000 1 2 T\x00a.tf\x00\x00diff --git a/a b/a\n@@ -1 +0,0 @@\n-1\ndiff --git a/a b/a\n@@ -0,0 +1 @@\n+1\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files, err := parseDiff(out)
		for _, file := range files {
			if err == nil && file.Status == "" {
				t.Errorf("no status: %+v", file)
			}
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 main.tf\x0012345678901234567890" + "40000 modules\x0012345678901234567890"))
	f.Add([]byte("40000 ..\x0012345678901234567890"))
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := parseTree(data, 20)
		for _, n := range nodes {
			if err == nil && (len(n.id) != 40 || !usable(n.name)) {
				t.Errorf("unusable entry %+v", n)
			}
		}
	})
}
