package change_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/app/change"
)

func TestTreeIsAFileSystem(t *testing.T) {
	t.Parallel()
	tree := change.NewTree(map[string][]byte{
		"main.tf": []byte("a"), "modules/kms/main.tf": []byte("bc"), "modules/kms/empty.tf": {}, "modules/net/x.tf": []byte("d"),
	})
	if err := fstest.TestFS(tree, "main.tf", "modules/kms/main.tf", "modules/kms/empty.tf", "modules/net/x.tf"); err != nil {
		t.Fatal(err)
	}
}

func TestTreeOfNothing(t *testing.T) {
	t.Parallel()
	if err := fstest.TestFS(change.NewTree(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestTreeRefusesPathsOutside(t *testing.T) {
	t.Parallel()
	tree := change.NewTree(map[string][]byte{"../secret": []byte("x"), "/etc/passwd": []byte("x"), "a//b": []byte("x"), "ok": []byte("y")})
	entries, err := fs.ReadDir(tree, ".")
	if err != nil || len(entries) != 1 || entries[0].Name() != "ok" {
		t.Fatalf("entries %v, error %v: want ok alone", entries, err)
	}
	for _, name := range []string{"../secret", "/etc/passwd", "a//b"} {
		if _, err := fs.ReadFile(tree, name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("read %s: %v, want fs.ErrInvalid", name, err)
		}
	}
	if _, err := fs.ReadFile(tree, "missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read missing: %v, want fs.ErrNotExist", err)
	}
}

func TestTreeWithAPathThatIsBoth(t *testing.T) {
	t.Parallel()
	tree := change.NewTree(map[string][]byte{"a": []byte("file"), "a/b": []byte("below")})
	if data, err := fs.ReadFile(tree, "a/b"); err != nil || string(data) != "below" {
		t.Fatalf("a/b = %q, %v", data, err)
	}
	if err := fstest.TestFS(tree, "a/b"); err != nil {
		t.Fatal(err)
	}
}
