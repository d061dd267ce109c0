package github

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestApplyPatch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		base, patch, head string
		misfit            bool
	}{
		"one line changed":            {base: "a\nb\nc\n", patch: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c", head: "a\nB\nc\n"},
		"new file":                    {patch: "@@ -0,0 +1,2 @@\n+a\n+b", head: "a\nb\n"},
		"new file without a line end": {patch: "@@ -0,0 +1 @@\n+a\n\\ No newline at end of file", head: "a"},
		"emptied":                     {base: "a\nb\n", patch: "@@ -1,2 +0,0 @@\n-a\n-b", head: ""},
		"line end added":              {base: "a\nb", patch: "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b", head: "a\nb\n"},
		"line end removed":            {base: "a\nb\n", patch: "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file", head: "a\nb"},
		"no line end on either side":  {base: "a\nb\nc", patch: "@@ -1,3 +1,3 @@\n-a\n+A\n b\n c\n\\ No newline at end of file", head: "A\nb\nc"},
		"carriage returns stay":       {base: "a\r\nb\r\n", patch: "@@ -1,2 +1,3 @@\n a\r\n+x\r\n b\r", head: "a\r\nx\r\nb\r\n"},
		"line ends converted":         {base: "a\r\n", patch: "@@ -1 +1 @@\n-a\r\n+a", head: "a\n"},
		"two hunks": {
			base:  "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
			patch: "@@ -1,2 +1,1 @@\n-1\n 2\n@@ -8,2 +7,3 @@ section\n 8\n 9\n+10", head: "2\n3\n4\n5\n6\n7\n8\n9\n10\n",
		},
		"without context":                      {base: "a\nb\n", patch: "@@ -1,0 +2 @@\n+x", head: "a\nx\nb\n"},
		"lines that look like a file header":   {base: "a\n-- x\n", patch: "@@ -1,2 +1,2 @@\n a\n--- x\n+++ y", head: "a\n++ y\n"},
		"blank of empty context line stripped": {base: "a\n\nb\n", patch: "@@ -1,3 +1,3 @@\n a\n\n-b\n+B", head: "a\n\nB\n"},
		"no patch":                             {base: "a\n", patch: "", head: "a\n"},
		"another base":                         {base: "x\nb\nc\n", patch: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c", misfit: true},
		"base too short":                       {base: "a\n", patch: "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c", misfit: true},
		"beyond the end":                       {base: "a\n", patch: "@@ -9,1 +9,1 @@\n-a\n+b", misfit: true},
		"before the beginning":                 {base: "a\n", patch: "@@ -0,1 +0,1 @@\n-a\n+b", misfit: true},
		"cut inside a hunk":                    {base: "a\nb\nc\n", patch: "@@ -1,3 +1,3 @@\n a\n-b", misfit: true},
		"hunks in the wrong order":             {base: "a\nb\n", patch: "@@ -2 +2 @@\n-b\n+B\n@@ -1 +1 @@\n-a\n+A", misfit: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := applyPatch([]byte(test.base), test.patch)
			if test.misfit {
				if !errors.Is(err, errMisfit) {
					t.Fatalf("got %q, %v: want a misfit", got, err)
				}
				return
			}
			if err != nil || string(got) != test.head {
				t.Fatalf("got %q, %v: want %q", got, err, test.head)
			}
		})
	}
}

// TestApplyPatchFollowsGit makes pairs of texts, lets git write the diff, and wants the second back from the first.
func TestApplyPatchFollowsGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for i := range 150 {
		base := randomText(random)
		head := edit(random, base)
		patch := gitPatch(t, dir, base, head)
		got, err := applyPatch([]byte(base), patch)
		if err != nil || string(got) != head {
			t.Fatalf("pair %d: got %q, %v\nbase %q\nhead %q\npatch %s", i, got, err, base, head, patch)
		}
	}
}

func randomText(random *rand.Rand) string {
	var b strings.Builder
	ends := []string{"\n", "\r\n"}[random.IntN(2)]
	for range random.IntN(30) {
		b.WriteString([]string{"", "a", "-- b", "++ c", "@@ d", "\\ e", "é\x00f", "  g = 1"}[random.IntN(8)])
		b.WriteString(ends)
	}
	text := b.String()
	if random.IntN(3) == 0 {
		text = strings.TrimSuffix(text, ends)
	}
	return text
}

func edit(random *rand.Rand, text string) string {
	lines := strings.SplitAfter(text, "\n")
	for range 1 + random.IntN(4) {
		at := random.IntN(len(lines))
		switch random.IntN(3) {
		case 0:
			lines[at] = fmt.Sprintf("new %d\n", random.IntN(9))
		case 1:
			lines[at] = ""
		default:
			lines[at] += fmt.Sprintf("more %d", random.IntN(9))
		}
	}
	return strings.Join(lines, "")
}

// gitPatch is what GitHub would show: the hunks, without the header and the last line end.
func gitPatch(t *testing.T, dir, base, head string) string {
	t.Helper()
	for name, text := range map[string]string{"base": base, "head": head} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "-c", "core.autocrlf=false", "diff", "--no-index", "--no-color", "--no-ext-diff", "--text", "base", "head")
	cmd.Dir = dir
	out, err := cmd.Output() // status 1: they differ
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("git diff: %v", err)
	}
	_, hunks, found := bytes.Cut(out, []byte("\n@@ "))
	if !found {
		return ""
	}
	return strings.TrimSuffix("@@ "+string(hunks), "\n")
}

func FuzzApplyPatch(f *testing.F) {
	f.Add([]byte("a\nb\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c")
	f.Add([]byte("a"), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b")
	f.Add([]byte(""), "@@ -0,0 +1 @@\n+a")
	f.Add([]byte("x"), "@@ -2147483647,2147483647 +1 @@\n-")
	f.Fuzz(func(t *testing.T, base []byte, patch string) {
		head, err := applyPatch(base, patch)
		if err == nil && len(head) > len(base)+len(patch)+strings.Count(patch, "\n")+1 {
			t.Errorf("%d bytes came out of %d and a patch of %d", len(head), len(base), len(patch))
		}
	})
}

func TestBlobSHA(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", // git hash-object -t blob /dev/null
		"hello\n": "ce013625030ba8dba906f756967f9e9ca394464a",
	} {
		if got := blobSHA([]byte(content)); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
}
