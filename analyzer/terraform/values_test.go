package terraform_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestValues runs testdata/*.txtar: configuration files, and a file "want" that lists arguments, a line each:
//
//	ROOT ADDRESS ATTRIBUTE = known "text" | absent | unknown: reason   [origin FILE:LINE] [ref ADDRESS.ATTRIBUTE]
func TestValues(t *testing.T) {
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
			fsys, want := split(t, archive)
			config, err := terraform.Load(context.Background(), fsys, directories(t, fsys), terraform.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range want {
				subject, _, isValue := strings.Cut(line, " = ")
				if !isValue {
					continue // a diagnostic: all of them come last
				}
				got = append(got, subject+" = "+describe(config, strings.Fields(subject)))
			}
			for _, d := range config.Diagnostics {
				got = append(got, fmt.Sprintf("%s %s:%d %s", d.Severity, d.File, d.StartLine, d.Summary))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func split(t *testing.T, archive *txtar.Archive) (fs.FS, []string) {
	t.Helper()
	files := fstest.MapFS{}
	var want []string
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			continue
		}
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	if len(want) == 0 {
		t.Fatal("the case wants nothing")
	}
	return files, want
}

func directories(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

func describe(config *terraform.Configuration, subject []string) string {
	if len(subject) != 3 {
		return "malformed line"
	}
	for _, scope := range config.Scopes() {
		for _, r := range scope.Resources() {
			if scope.Root != subject[0] || r.Address != subject[1] {
				continue
			}
			if subject[2] == "instances" {
				return fmt.Sprintf("%v %s", r.Instances, truthName(r.Exists))
			}
			return value(r.Attr(subject[2]))
		}
	}
	return "no such resource"
}

func truthName(t terraform.Truth) string {
	return map[terraform.Truth]string{terraform.True: "exists", terraform.Undecided: "may exist"}[t]
}

func value(v terraform.Value) string {
	out := ""
	switch {
	case v.Known():
		text, ok := v.Text()
		if !ok {
			text = "(no primitive)"
		}
		out = fmt.Sprintf("known %q", text)
	case v.Absent():
		out = "absent"
	default:
		out = "unknown: " + v.Reason
	}
	if v.Origin.Filename != "" {
		out += fmt.Sprintf(" origin %s:%d", v.Origin.Filename, v.Origin.Start.Line)
	}
	if v.Reference != nil {
		out += " ref " + v.Reference.Address + "." + v.Reference.Attribute
	}
	return out
}
