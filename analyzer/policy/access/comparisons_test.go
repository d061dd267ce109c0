package access_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
)

// TestComparisons runs testdata/comparisons/*.txtar: files common/, base/ and head/, and how the policies of each key
// differ.
func TestComparisons(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/comparisons/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := &archive.Files[len(archive.Files)-1]
			got := compared(t, part(t, archive, "base"), part(t, archive, "head"))
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("comparisons (-want +got):\n%s", diff)
			}
		})
	}
}

// part builds what an archive has for one side.
func part(t *testing.T, archive *txtar.Archive, side string) *kms.Snapshot {
	var files []txtar.File
	for _, f := range archive.Files {
		dir, name, _ := strings.Cut(f.Name, "/")
		if dir == side || dir == "common" {
			files = append(files, txtar.File{Name: dir + "_" + name, Data: f.Data})
		}
	}
	return build(t, files)
}

func compared(t *testing.T, b, h *kms.Snapshot) string {
	var out strings.Builder
	for _, key := range h.Keys {
		before := b.Resource(".", key.Address)
		if before == nil {
			t.Errorf("%s is not in base", key.Address)
			continue
		}
		for _, other := range b.Keys {
			if other.Resource == before {
				c := access.Compare(b.Policy(other), h.Policy(key), b.Owner(other), h.Owner(key))
				fmt.Fprintf(&out, "%s %s", key.Name, withLines(c))
			}
		}
	}
	return out.String()
}

func withLines(c access.Comparison) string {
	out := strings.TrimSpace(verdictNames[c.Verdict]+" "+c.Reason) + "\n"
	line := func(sign string, change access.Change) string {
		return fmt.Sprintf("  %s %s%s%s\n", sign, change.Words, at(" base", change.Base), at(" head", change.Head))
	}
	for _, change := range c.Wider {
		out += line("+", change)
	}
	for _, change := range c.Narrower {
		out += line("-", change)
	}
	return out
}

func at(side string, s *policy.Statement) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%s %d-%d", side, s.Range.Start.Line, s.Range.End.Line)
}
