package git_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/source/git"
)

// repository is a repository on disk that a test writes with git itself.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T, args ...string) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := repository{t: t, dir: t.TempDir()}
	r.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=author", "GIT_COMMITTER_EMAIL=author@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) commit(files map[string]string) string {
	r.t.Helper()
	for name, text := range files {
		r.write(name, text)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "change")
	return r.git("rev-parse", "HEAD")
}

func (r repository) change(base, head string) change.Change {
	r.t.Helper()
	c, err := open(r.t, r.dir).Change(r.t.Context(), base, head)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func open(t *testing.T, dir string) *git.Repository {
	t.Helper()
	// A test's own context is done before its cleanups run, and would end git with a signal.
	r, err := git.Open(context.WithoutCancel(t.Context()), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func text(t *testing.T, tree fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(data)
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

const ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

func TestTwoRevisions(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{
		"kept.tf": "kept\n", "changed.tf": ten, "removed.tf": "gone\n", "old/name.tf": ten, "mode.sh": "x\n", "data.bin": "\x00a",
	})
	r.git("mv", "old/name.tf", "new name.tf")
	r.git("rm", "-q", "removed.tf")
	r.git("update-index", "--chmod=+x", "mode.sh")
	if err := os.Chmod(filepath.Join(r.dir, "mode.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	head := r.commit(map[string]string{
		"changed.tf": strings.Replace(ten, "2\n", "two\nzwei\n", 1), "added/a.tf": "a\nb", "empty.tf": "", "data.bin": "\x00b",
		"new name.tf": strings.Replace(ten, "10\n", "ten\n", 1), "line\nbreak.tf": "x\n", `quote".tf`: "y\n", "ümlaut.tf": "z\n",
	})

	c := r.change(base, head)
	equal(t, base, c.BaseSHA)
	equal(t, head, c.HeadSHA)
	one := func(lines ...int) []change.Hunk {
		return []change.Hunk{{NewStart: 1, NewLines: len(lines), Added: lines}}
	}
	equal(t, []change.File{
		{Path: "added/a.tf", Status: change.Added, Hunks: one(1, 2)},
		{Path: "changed.tf", Status: change.Modified, Hunks: []change.Hunk{
			{OldStart: 1, OldLines: 5, NewStart: 1, NewLines: 6, Added: []int{2, 3}, Removed: []int{2}},
		}},
		{Path: "data.bin", Status: change.Modified},
		{Path: "empty.tf", Status: change.Added},
		{Path: "line\nbreak.tf", Status: change.Added, Hunks: one(1)},
		{Path: "mode.sh", Status: change.Modified},
		{Path: "new name.tf", OldPath: "old/name.tf", Status: change.Renamed, Hunks: []change.Hunk{
			{OldStart: 7, OldLines: 4, NewStart: 7, NewLines: 4, Added: []int{10}, Removed: []int{10}},
		}},
		{Path: `quote".tf`, Status: change.Added, Hunks: one(1)},
		{Path: "removed.tf", Status: change.Removed, Hunks: []change.Hunk{{OldStart: 1, OldLines: 1, Removed: []int{1}}}},
		{Path: "ümlaut.tf", Status: change.Added, Hunks: one(1)},
	}, c.Files)
	equal(t, "kept\n", text(t, c.Base, "kept.tf"))
	equal(t, "a\nb", text(t, c.Head, "added/a.tf"))
	equal(t, "read removed.tf: file does not exist", strings.TrimPrefix(text(t, c.Head, "removed.tf"), "error: "))
	if err := fstest.TestFS(c.Head, "added/a.tf", "new name.tf", "kept.tf"); err != nil {
		t.Error(err)
	}
	if err := fstest.TestFS(c.Base, "old/name.tf"); err != nil {
		t.Error(err)
	}
}

func TestWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{
		"a.tf": ten, "touched.tf": "x\n", "staged.tf": "s\n", "deleted.tf": "d\n", "moved.tf": ten + "11\n", ".gitignore": "*.tfvars\n",
	})
	r.write("a.tf", ten+"11\n")
	r.write("touched.tf", "x\n")
	r.write("staged.tf", "S\n")
	r.git("add", "staged.tf")
	r.write("new/untracked.tf", "u\n")
	r.write("secret.tfvars", "ignored\n")
	if err := os.Remove(filepath.Join(r.dir, "deleted.tf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(r.dir, "moved.tf"), filepath.Join(r.dir, "new/moved.tf")); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, filepath.Join(r.dir, ".git"))

	c := r.change("", "")
	equal(t, base, c.BaseSHA)
	equal(t, git.WorkTree, c.HeadSHA)
	status := map[string]change.FileStatus{}
	for _, f := range c.Files {
		status[f.OldPath+">"+f.Path] = f.Status
	}
	equal(t, map[string]change.FileStatus{
		">a.tf": change.Modified, ">staged.tf": change.Modified, ">deleted.tf": change.Removed,
		">new/untracked.tf": change.Added, "moved.tf>new/moved.tf": change.Renamed,
	}, status)
	equal(t, "u\n", text(t, c.Head, "new/untracked.tf"))
	equal(t, "S\n", text(t, c.Head, "staged.tf"))
	equal(t, "error: read secret.tfvars: file does not exist", text(t, c.Head, "secret.tfvars"))
	if err := fstest.TestFS(c.Head, "a.tf", "new/moved.tf"); err != nil {
		t.Error(err)
	}
	equal(t, before, snapshot(t, filepath.Join(r.dir, ".git")))
}

// snapshot is every file below dir with its content: nothing may be written to a repository.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestMergeConflictIsAChangeOfTheFile(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n"})
	r.git("checkout", "-q", "-b", "other")
	r.commit(map[string]string{"a.tf": "2\n"})
	r.git("checkout", "-q", "main")
	r.commit(map[string]string{"a.tf": "3\n"})
	cmd := exec.CommandContext(t.Context(), "git", "-c", "user.name=author", "-c", "user.email=author@example.com", "merge", "-q", "other")
	cmd.Dir = r.dir
	if err := cmd.Run(); err == nil {
		t.Fatal("the merge must conflict")
	}
	c := r.change(base, "")
	if len(c.Files) != 1 || c.Files[0].Path != "a.tf" || len(c.Files[0].Hunks) != 1 {
		t.Errorf("files: %+v", c.Files)
	}
}

func TestFileBecomesLink(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n", "b.tf": "2\n"})
	if err := os.Remove(filepath.Join(r.dir, "a.tf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("b.tf", filepath.Join(r.dir, "a.tf")); err != nil {
		t.Fatal(err)
	}
	for _, head := range []string{"", r.commit(nil)} {
		c := r.change(base, head)
		if len(c.Files) != 1 || c.Files[0].Status != change.Modified || len(c.Files[0].Hunks) != 2 {
			t.Errorf("files: %+v", c.Files)
		}
		equal(t, "2\n", text(t, c.Head, "a.tf"))
	}
}

func TestBareRepository(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n"})
	head := r.commit(map[string]string{"a.tf": "2\n"})
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.git("clone", "-q", "--bare", r.dir, bare)

	c, err := open(t, bare).Change(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "2\n", text(t, c.Head, "a.tf"))
	if _, err = open(t, bare).Change(t.Context(), base, ""); err == nil || !strings.Contains(err.Error(), "no work tree") {
		t.Errorf("error %v", err)
	}
}

func TestObjectsNamedBySHA256(t *testing.T) {
	t.Parallel()
	r := newRepository(t, "--object-format=sha256")
	base := r.commit(map[string]string{"a.tf": "1\n"})
	r.write("a.tf", "2\n")
	r.write("b.tf", "3\n")
	c := r.change(base, "")
	equal(t, 2, len(c.Files))
	equal(t, "1\n", text(t, c.Base, "a.tf"))
}

func TestDefaultBase(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	fork := r.commit(map[string]string{"a.tf": "1\n"})
	r.git("checkout", "-q", "-b", "feature")
	head := r.commit(map[string]string{"a.tf": "2\n"})
	r.git("checkout", "-q", "main")
	moved := r.commit(map[string]string{"other.tf": "x\n"})

	c := r.change("", "feature")
	equal(t, fork, c.BaseSHA)
	equal(t, 1, len(c.Files))
	equal(t, moved, r.change("main", "feature").BaseSHA)

	r.git("branch", "-q", "-m", "main", "trunk")
	if _, err := open(t, r.dir).Change(t.Context(), "", "feature"); err == nil || !strings.Contains(err.Error(), "no default branch") {
		t.Errorf("error %v", err)
	}
	r.git("config", "init.defaultBranch", "trunk")
	equal(t, fork, r.change("", "feature").BaseSHA)
	r.git("update-ref", "refs/remotes/origin/develop", head)
	r.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
	equal(t, head, r.change("", "feature").BaseSHA)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	file := filepath.Join(r.dir, "file")
	r.write("file", "")
	for dir, want := range map[string]string{
		filepath.Join(r.dir, "missing"): "no such directory: " + filepath.Join(r.dir, "missing"),
		file:                            "is not a directory",
		t.TempDir():                     "is not in a git repository; for a plain directory use: kms-review scan",
	} {
		if _, err := git.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %s: %v", dir, err)
		}
	}
	refused := func(base, head, want string) {
		t.Helper()
		if _, err := open(t, r.dir).Change(t.Context(), base, head); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("base %q, head %q: error %v, want one with %q", base, head, err, want)
		}
	}
	refused("", "", "no commit yet")
	r.commit(nil)
	refused("", "nowhere", `head revision "nowhere" does not exist`)
	refused("v9.9", "HEAD", `base revision "v9.9" does not exist`)
	refused("--output=/tmp/x", "HEAD", `does not exist`)
	refused("HEAD:file", "HEAD", `does not exist`)

	other := newRepository(t)
	for range 3 {
		other.commit(map[string]string{"a.tf": "1\n"})
	}
	r.git("fetch", "-q", "--depth=1", "file://"+other.dir, "main:refs/heads/stranger")
	refused("", "stranger", "shallow clone")
}
