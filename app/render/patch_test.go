package render

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// apply has git make the change that a patch describes.
func apply(t *testing.T, path, before, patch string) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), git, "apply", "--whitespace=nowarn")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(patch)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, patch)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(after)
}

func TestPatchIsWhatGitApplies(t *testing.T) {
	t.Parallel()
	long := ""
	for i := range 60 {
		long += fmt.Sprintf("line %d\n", i)
	}
	for name, test := range map[string]struct{ path, before, after string }{
		"one line":          {"main.tf", "a\nb\nc\n", "a\nB\nc\n"},
		"first and last":    {"main.tf", "a\nb\nc\n", "A\nb\nC\nd\n"},
		"no newline at end": {"main.tf", "a\nb", "a\nb\nc"},
		"newline added":     {"main.tf", "a\nb", "a\nb\n"},
		"all lines":         {"main.tf", "a\n", "b\nc\n"},
		"two hunks":         {"infra/main.tf", long, strings.Replace(strings.Replace(long, "line 3\n", "", 1), "line 50\n", "line 50\nline 50b\n", 1)},
		"carriage returns":  {"main.tf", "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"},
		"blank in name":     {"my infra/main file.tf", "a\n", "b\n"},
		"odd name":          {"é\"x\\y\t.tf", "a\n", "b\n"},
		"newline in name":   {"a\nb.tf", "a\n", "b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			whole, err := Patch(&b, test.path, []byte(test.before), []byte(test.after), nil)
			if err != nil || !whole {
				t.Fatalf("whole: %v, error: %v", whole, err)
			}
			if got := apply(t, test.path, test.before, b.String()); got != test.after {
				t.Errorf("git makes %q, want %q, of\n%s", got, test.after, b.String())
			}
		})
	}
}

// A secret among the unchanged lines is not shown, and the patch still applies or says that it is not whole.
func TestPatchShowsNoSecret(t *testing.T) {
	t.Parallel()
	const text = "a\nb\nc\nd\ne\nf\ng\nh\ni\n"
	for _, test := range []struct {
		secret, changed string
		whole           bool
	}{
		{"c", "e", true}, {"d", "e", true}, {"g", "e", true}, {"f", "e", false}, {"h", "e", true}, {"a", "b", true}, {"i", "h", false},
		{"i", "a", true}, {"b", "a", false},
	} {
		at := strings.Index(text, test.secret)
		hidden := []finding.Hidden{{File: "main.tf", Start: at, End: at + 1}}
		after := strings.Replace(text, test.changed, strings.ToUpper(test.changed), 1)
		var b bytes.Buffer
		whole, err := Patch(&b, "main.tf", []byte(text), []byte(after), hidden)
		if err != nil || whole != test.whole {
			t.Errorf("secret %s, change %s: whole is %v (%v)", test.secret, test.changed, whole, err)
		}
		if strings.Contains(b.String(), " "+test.secret+"\n") {
			t.Errorf("secret %s is shown:\n%s", test.secret, b.String())
		}
		if !whole {
			if b.Len() > 0 {
				t.Errorf("secret %s: something is left of the only hunk:\n%s", test.secret, b.String())
			}
			continue
		}
		if got := apply(t, "main.tf", text, b.String()); got != after {
			t.Errorf("git makes %q of\n%s", got, b.String())
		}
	}
	between := []finding.Hidden{{File: "main.tf", Start: strings.Index(text, "d"), End: strings.Index(text, "d") + 1}}
	whole, err := Patch(&bytes.Buffer{}, "main.tf", []byte(text), []byte("a\nb\nC\nd\nE\nf\ng\nh\ni\n"), between)
	if err != nil || whole {
		t.Errorf("a secret between two changes: whole is %v (%v)", whole, err)
	}
	if _, err := Patch(broken{}, "main.tf", []byte("a\n"), []byte("b\n"), nil); err == nil {
		t.Error("an error of the writer is not told")
	}
}
