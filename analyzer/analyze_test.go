package analyzer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
)

var update = flag.Bool("update", false, "write what is seen as what is wanted")

// TestChanges runs testdata/*.txtar: files below base/ and head/, and a file "want" with a line for each
// finding ("STATUS RULE ADDRESS FILE:LINE [suggestion FILE:FIRST-LAST]"), undecided rule and diagnostic, and
// the number of affected resources.
func TestChanges(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			in, want := input(t, archive)
			report, err := analyzer.Analyze(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				archive.Files[len(archive.Files)-1].Data = []byte(strings.Join(summary(report), "\n") + "\n")
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, summary(report)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

// input makes the analyzer's input of a case. Every file that differs counts as changed, all its lines too.
func input(t *testing.T, archive *txtar.Archive) (analyzer.Input, []string) {
	t.Helper()
	base, head := fstest.MapFS{}, fstest.MapFS{}
	var want []string
	for _, f := range archive.Files {
		side, name, _ := strings.Cut(f.Name, "/")
		switch side {
		case "want":
			want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case "base":
			base[name] = &fstest.MapFile{Data: f.Data}
		case "head":
			head[name] = &fstest.MapFile{Data: f.Data}
		default:
			t.Fatalf("file %q is neither base/, head/ nor want", f.Name)
		}
	}
	in := analyzer.Input{Base: base, Head: head, Settings: settings.Default(), Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if file := base[settings.Path]; file != nil {
		set, problems := settings.Load(nil, &settings.File{Origin: settings.Path, Text: file.Data})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		in.Settings = set
	}
	for name := range head {
		switch before, existed := base[name]; {
		case !existed:
			in.Changed = append(in.Changed, analyzer.ChangedFile{Path: name})
		case !bytes.Equal(before.Data, head[name].Data):
			in.Changed = append(in.Changed, analyzer.ChangedFile{Path: name, OldPath: name})
		}
	}
	for name := range base {
		if to := renamedTo(archive, name); to != "" {
			in.Changed = append(in.Changed, analyzer.ChangedFile{OldPath: name, Path: to})
		} else if _, exists := head[name]; !exists {
			in.Changed = append(in.Changed, analyzer.ChangedFile{OldPath: name})
		}
	}
	return in, want
}

// renamedTo reads the lines "rename OLD NEW" of a case's prose.
func renamedTo(archive *txtar.Archive, name string) string {
	for line := range strings.Lines(string(archive.Comment)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "rename" && words[1] == name {
			return words[2]
		}
	}
	return ""
}

func summary(report analyzer.Report) []string {
	var out []string
	for _, f := range report.Findings {
		line := fmt.Sprintf("%s %s %s %s:%d", f.Status, f.Rule, f.Address, f.File, f.StartLine)
		if s := f.Suggestion; s != nil {
			line += fmt.Sprintf(" suggestion %s:%d-%d", s.File, s.StartLine, s.EndLine)
		}
		out = append(out, line)
	}
	for _, u := range report.Undecided {
		out = append(out, fmt.Sprintf("undecided %s %s %s:%d", u.Rule, u.Address, u.File, u.StartLine))
	}
	for _, d := range report.Diagnostics {
		out = append(out, fmt.Sprintf("%s %s:%d %s", d.Severity, d.File, d.StartLine, d.Summary))
	}
	return append(out, fmt.Sprintf("affected %d", report.Stats.Affected))
}

// shuffled lists directories in another order than the names', as no file system promises one.
type shuffled struct {
	fstest.MapFS
	seed uint64
}

func (s shuffled) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := s.MapFS.ReadDir(name)
	shuffle(s.seed, entries)
	return entries, err
}

func shuffle[T any](seed uint64, list []T) {
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestSameInputSameBytes(t *testing.T) {
	t.Parallel()
	cases, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		in, _ := input(t, archive)
		first := encode(t, in)
		base, head := in.Base.(fstest.MapFS), in.Head.(fstest.MapFS)
		for seed := range uint64(4) {
			in.Base, in.Head = shuffled{base, seed}, shuffled{head, seed + 1}
			shuffle(seed, in.Changed)
			if second := encode(t, in); first != second {
				t.Errorf("%s: reports differ:\n%s", name, cmp.Diff(first, second))
			}
		}
	}
}

func encode(t *testing.T, in analyzer.Input) string {
	t.Helper()
	report, err := analyzer.Analyze(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
