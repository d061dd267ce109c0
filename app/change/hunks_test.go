package change_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/change"
)

func TestParseHunks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		patch string
		want  []change.Hunk
		err   string
	}{
		"empty": {patch: ""},
		"one line changed": {
			patch: "@@ -1,3 +1,3 @@ resource\n a\n-b\n+B\n c\n",
			want:  []change.Hunk{{OldStart: 1, OldLines: 3, NewStart: 1, NewLines: 3, Added: []int{2}, Removed: []int{2}}},
		},
		"counts of one are left out, as in GitHub's patches": {
			patch: "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file",
			want:  []change.Hunk{{OldStart: 1, OldLines: 1, NewStart: 1, NewLines: 1, Added: []int{1}, Removed: []int{1}}},
		},
		"new file": {
			patch: "@@ -0,0 +1,2 @@\n+a\n+b\n",
			want:  []change.Hunk{{OldStart: 0, OldLines: 0, NewStart: 1, NewLines: 2, Added: []int{1, 2}}},
		},
		"two hunks with carriage returns": {
			patch: "@@ -1,2 +1,3 @@\n a\r\n+b\r\n c\r\n@@ -9,2 +10,1 @@\n x\r\n-y\r\n",
			want: []change.Hunk{
				{OldStart: 1, OldLines: 2, NewStart: 1, NewLines: 3, Added: []int{2}},
				{OldStart: 9, OldLines: 2, NewStart: 10, NewLines: 1, Removed: []int{10}},
			},
		},
		"removed and added lines that look like a file header": {
			patch: "@@ -1,2 +1,2 @@\n a\n--- x\n+++ y\n",
			want:  []change.Hunk{{OldStart: 1, OldLines: 2, NewStart: 1, NewLines: 2, Added: []int{2}, Removed: []int{2}}},
		},
		"cut short":    {patch: "@@ -1,3 +1,3 @@\n a\n-b\n", err: "cut short"},
		"no hunk":      {patch: "hello", err: "parse hunks"},
		"broken count": {patch: "@@ -1,99999999999 +1 @@\n a\n", err: "parse hunks"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := change.ParseHunks([]byte(test.patch))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNewLine(t *testing.T) {
	t.Parallel()
	hunks, err := change.ParseHunks([]byte("@@ -10,6 +10,5 @@\n a\n-b\n-c\n+B\n d\n+e\n f\n-g\n"))
	if err != nil {
		t.Fatal(err)
	}
	for old, want := range map[int]int{10: 10, 11: 11, 12: 11, 13: 12, 14: 14, 15: 14, 16: 15, 20: 19} {
		if got := hunks[0].NewLine(old); got != want {
			t.Errorf("line %d of the base is at %d, want %d", old, got, want)
		}
	}
}

func FuzzParseHunks(f *testing.F) {
	f.Add("@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n")
	f.Add("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file")
	f.Fuzz(func(t *testing.T, patch string) {
		hunks, err := change.ParseHunks([]byte(patch))
		if err != nil {
			return
		}
		for _, h := range hunks {
			if len(h.Added) > h.NewLines || len(h.Removed) > h.OldLines {
				t.Errorf("more changed lines than lines: %+v", h)
			}
		}
	})
}
