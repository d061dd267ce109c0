package cost_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/cost"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

var update = flag.Bool("update", false, "write the expected lines into testdata")

// TestLines: each file of testdata is a change, `base/` and `head/`, and in `want` what it does to the bill.
func TestLines(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := cost.Lines(snapshot(t, archive, "base"), snapshot(t, archive, "head"))
			var got strings.Builder
			for _, line := range lines {
				fmt.Fprintf(&got, "%s %+.2f %s\n", line.Resource.Address, line.USD, line.Change)
			}
			fmt.Fprintf(&got, "sum %+.2f\n", cost.Sum(lines))
			want := &archive.Files[len(archive.Files)-1]
			if *update {
				want.Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), got.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNothingToCompareWith(t *testing.T) {
	t.Parallel()
	head := &txtar.Archive{Files: []txtar.File{{Name: "head/main.tf", Data: []byte("resource \"aws_kms_key\" \"main\" {}\n")}}}
	if lines := cost.Lines(nil, snapshot(t, head, "head")); lines != nil {
		t.Errorf("a scan has costs: %v", lines)
	}
}

func snapshot(t *testing.T, archive *txtar.Archive, side string) *kms.Snapshot {
	t.Helper()
	tree, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := fs.Sub(tree, side)
	if err != nil {
		t.Fatal(err)
	}
	config, err := terraform.Load(context.Background(), sub, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return kms.Build(config)
}
