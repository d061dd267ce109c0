package rewrite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/rewrite"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	write := func(name string, mode fs.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("before\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"good.tf", "infra/deep/good.tf", "changed.tf", "longer.tf"} {
		write(filepath.Join(dir, name), 0o640)
	}
	write(filepath.Join(outside, "main.tf"), 0o640)
	for name, text := range map[string]string{"changed.tf": "beforE\n", "longer.tf": "before\nand more\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"link.tf": "good.tf", "linked": "infra", "out": outside} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var files []rewrite.File
	for _, name := range []string{
		"changed.tf", "good.tf", "gone.tf", "infra", "infra/deep/good.tf", "link.tf", "linked/deep/good.tf", "longer.tf", "out/main.tf",
		"../" + filepath.Base(outside) + "/main.tf", filepath.Join(outside, "main.tf"),
	} {
		files = append(files, rewrite.File{Path: name, Before: []byte("before\n"), After: []byte("after\n")})
	}
	done, err := rewrite.Files(dir, files)
	if want := []string{"good.tf", "infra/deep/good.tf"}; !slices.Equal(done, want) {
		t.Errorf("written: %v, want %v", done, want)
	}
	for _, want := range []string{
		`"changed.tf": it was changed since it was reviewed`, `"longer.tf": it was changed since it was reviewed`, `"gone.tf": no such file`,
		`"infra": it is not a regular file`, `"link.tf": it is a symbolic link, or lies behind one`, `"linked/deep/good.tf": it is a symbolic link`,
		`"out/main.tf": it is a symbolic link`, `/main.tf": invalid argument`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	for name, want := range map[string]string{
		"good.tf": "after\n", "infra/deep/good.tf": "after\n", "changed.tf": "beforE\n", "../" + filepath.Base(outside) + "/main.tf": "before\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "good.tf")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("good.tf has the mode %v (%v)", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", ".kms-review-*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".kms-review-*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
}

func TestFilesOfNoDirectory(t *testing.T) {
	t.Parallel()
	if _, err := rewrite.Files(filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("there is no such directory, and no error")
	}
}
