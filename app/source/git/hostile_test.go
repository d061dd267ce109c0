package git_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/source/git"
)

// TestConfigurationRunsNothing gives each setting of git that names a program a program that leaves a trace.
func TestConfigurationRunsNothing(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n", "b.tf": "1\n", "c.bin": "\x00"})
	trace := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$0 $*\" >> "+trace+"\ncat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.write(".gitattributes", "* filter=evil diff=evil\nb.tf filter=a=b.c\n")
	for _, setting := range []string{
		"core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.alternateRefsCommand", "core.gitProxy",
		"diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
		"filter.a=b.c.clean", "pager.diff-tree", "pager.rev-parse", "remote.origin.uploadpack", "credential.helper", "interactive.diffFilter",
	} {
		r.git("config", setting, script)
	}
	r.git("config", "filter.evil.required", "true")
	r.git("config", "core.hooksPath", filepath.Dir(script))
	for _, hook := range []string{"post-index-change", "fsmonitor-watchman", "reference-transaction"} {
		if err := os.Symlink(script, filepath.Join(filepath.Dir(script), hook)); err != nil {
			t.Fatal(err)
		}
	}
	r.write("a.tf", "2\n")
	r.write("b.tf", "2\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, "c.bin"), later, later); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(trace) // the test's own commands run some of them

	c := r.change(base, "")
	equal(t, "2\n", text(t, c.Head, "a.tf"))
	equal(t, "1\n", text(t, c.Base, "b.tf"))
	equal(t, []string{".gitattributes", "a.tf", "b.tf"}, paths(c))
	r.change("HEAD", "HEAD~0")
	if data, err := os.ReadFile(trace); err == nil {
		t.Errorf("the repository made git run:\n%s", data)
	}
}

func paths(c change.Change) []string {
	var all []string
	for _, f := range c.Files {
		all = append(all, f.Path)
	}
	return all
}

func TestPartialCloneFetchesNothing(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n"})
	head := r.commit(map[string]string{"a.tf": "2\n"})
	blob := r.git("rev-parse", base+":a.tf")
	if err := os.Remove(filepath.Join(r.dir, ".git/objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "ran")
	r.git("config", "core.repositoryformatversion", "1")
	r.git("config", "extensions.partialClone", "origin")
	r.git("config", "remote.origin.promisor", "true")
	r.git("config", "remote.origin.url", "ext::sh -c echo% ran% >% "+trace)
	r.git("config", "protocol.ext.allow", "always")

	if _, err := open(t, r.dir).Change(t.Context(), base, head); err == nil {
		t.Error("a diff of a missing object must fail")
	}
	c := r.change(head, head)
	equal(t, "2\n", text(t, c.Base, "a.tf"))
	if _, err := os.Stat(trace); err == nil {
		t.Error("git ran the command of the remote")
	}
}

func TestAttributesHideNoTerraform(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{".gitattributes": "* -diff\n", "a.tf": ten, "b.bin": "1\n", "moved.tf": ten + "11\n"})
	r.git("mv", "moved.tf", "new.tf")
	head := r.commit(map[string]string{"a.tf": strings.Replace(ten, "5\n", "five\n", 1), "b.bin": "2\n", "new.tf": ten + "eleven\n"})
	for _, head := range []string{head, ""} {
		c := r.change(base, head)
		equal(t, []string{"a.tf", "b.bin", "new.tf"}, paths(c))
		equal(t, []int{5}, c.Files[0].Hunks[0].Added)
		equal(t, 0, len(c.Files[1].Hunks))
		equal(t, "moved.tf", c.Files[2].OldPath)
		equal(t, []int{11}, c.Files[2].Hunks[0].Added)
	}
}

func TestLinksStayInTheRepository(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	outside := filepath.Join(t.TempDir(), "outside.tf")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(r.dir, outside)
	if err != nil {
		t.Fatal(err)
	}
	base := r.commit(map[string]string{"shared/providers.tf": "p\n"})
	for name, target := range map[string]string{
		"env/providers.tf": "../shared/providers.tf", "dir": "shared", "absolute.tf": outside, "relative.tf": relative,
		"loop.tf": "loop.tf", "nowhere.tf": "missing.tf", "env/up": "../..", "chain.tf": "dir/../env/providers.tf",
	} {
		if err := os.MkdirAll(filepath.Join(r.dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, head := range map[string]string{"work tree": "", "commit": r.commit(nil)} {
		t.Run(name, func(t *testing.T) {
			c := r.change(base, head)
			for name, want := range map[string]string{
				"env/providers.tf": "p\n", "dir/providers.tf": "p\n", "chain.tf": "p\n",
				"absolute.tf": "error: read absolute.tf: a symbolic link that leaves the repository, so it was not read",
				"relative.tf": "error: read relative.tf: a symbolic link that leaves the repository, so it was not read",
				"loop.tf":     "error: read loop.tf: too many symbolic links, so it was not read",
				"env/up/x":    "error: read env/up/x: a symbolic link that leaves the repository, so it was not read",
				"nowhere.tf":  "error: read nowhere.tf: file does not exist",
			} {
				equal(t, want, text(t, c.Head, name))
			}
			var gaps []string
			for _, g := range c.Gaps {
				gaps = append(gaps, g.Path)
			}
			equal(t, []string{"absolute.tf", "loop.tf", "nowhere.tf", "relative.tf"}, gaps)
		})
	}
	scanned, err := git.Directory(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "error: read absolute.tf: a symbolic link that leaves the repository, so it was not read", text(t, scanned, "absolute.tf"))
	equal(t, "p\n", text(t, scanned, "env/providers.tf"))
}

func TestHugeFileIsAGap(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	base := r.commit(map[string]string{"a.tf": "1\n"})
	head := r.commit(map[string]string{"a.tf": "2\n", "huge.tf": strings.Repeat("# thirty megabytes of it\n", 30<<20/25)})
	for _, head := range []string{head, ""} {
		c := r.change(base, head)
		equal(t, []change.Gap{{Path: "huge.tf", Reason: "larger than 2 MB, so it was not read"}}, c.Gaps)
		equal(t, "error: read huge.tf: larger than 2 MB, so it was not read", text(t, c.Head, "huge.tf"))
		equal(t, "2\n", text(t, c.Head, "a.tf"))
	}
}

func TestPipeDoesNotHang(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "main.tf"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	tree, err := git.Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "error: read main.tf: neither a file nor a directory, so it was not read", text(t, tree, "main.tf"))
}

func TestDirectorySkipsWhatIsNoConfiguration(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for _, name := range []string{"main.tf", "modules/m/main.tf", ".terraform/modules/x/main.tf", ".terraform/providers/p/q.tf", "web/node_modules/y/main.tf"} {
		r.write(name, "")
	}
	tree, err := git.Directory(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			seen = append(seen, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, []string{".terraform/modules/x/main.tf", "main.tf", "modules/m/main.tf"}, seen)
}

func TestWorkTreeElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	elsewhere := filepath.Dir(r.dir)
	r.git("config", "core.worktree", elsewhere)
	if _, err := git.Open(t.Context(), r.dir); err == nil || !strings.Contains(err.Error(), "core.worktree") {
		t.Errorf("error %v", err)
	}
}
