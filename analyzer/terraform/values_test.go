package terraform_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

var update = flag.Bool("update", false, "write what is seen as what is wanted")

// TestValues runs testdata/*.txtar: configuration files, and a file "want" that lists arguments, a line each:
//
//	ROOT ADDRESS ATTRIBUTE = known "text" | absent | unknown: reason   [origin FILE:LINE] [ref ADDRESS.ATTRIBUTE]
//	ROOT ADDRESS symbol(ATTRIBUTE) = name of the value | none
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
			if *update {
				archive.Files[len(archive.Files)-1].Data = []byte(strings.Join(got, "\n") + "\n")
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
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
	var found []string
	for _, scope := range config.Scopes() {
		for _, r := range scope.Resources(nil) {
			if scope.Root != subject[0] || r.Address != subject[1] {
				continue
			}
			if subject[2] == "provider" {
				p := r.Provider()
				found = append(found, fmt.Sprintf("%q region %s account %s", p.Address, leaf(r.Region()), leaf(p.Account())))
				continue
			}
			if subject[2] == "instances" {
				found = append(found, fmt.Sprintf("%v %s", r.Instances, truthName(r.Exists)))
				continue
			}
			if name, named := strings.CutPrefix(subject[2], "symbol("); named {
				symbol, ok := r.Attr(strings.TrimSuffix(name, ")")).Symbol()
				if !ok {
					symbol = "none"
				}
				found = append(found, symbol)
				continue
			}
			found = append(found, argument(r, subject[2]))
		}
	}
	if found == nil {
		return "no such resource"
	}
	return strings.Join(found, "; ")
}

// argument describes an argument, or of "block.argument" that of every nested block.
func argument(r *terraform.Resource, path string) string {
	block, name, nested := strings.Cut(path, ".")
	if !nested {
		return value(r.Attr(path))
	}
	blocks, complete := r.Blocks(block)
	var found []string
	for _, b := range blocks {
		found = append(found, value(b.Attr(name)))
	}
	return fmt.Sprintf("%v complete=%t", found, complete)
}

func truthName(t terraform.Truth) string {
	return map[terraform.Truth]string{terraform.True: "exists", terraform.Undecided: "may exist"}[t]
}

// structure writes what is known of a value that is not known as a whole.
func structure(v terraform.Value) string {
	if encoded, ok := v.Encoded(); ok {
		return "json " + leaf(encoded)
	}
	if fields, ok := v.Fields(); ok {
		var out []string
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			out = append(out, name+": "+leaf(fields[name]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	}
	if text, steps, ok := v.Decoded(); ok {
		return fmt.Sprintf("decoded %s %q", leaf(text), steps)
	}
	for _, parts := range []func() ([]terraform.Value, bool){v.Elements, v.Segments} {
		if list, ok := parts(); ok {
			var out []string
			for _, part := range list {
				out = append(out, leaf(part))
			}
			return "[" + strings.Join(out, ", ") + "]"
		}
	}
	return partial(v)
}

// partial writes what may be: a? for a member that may not be there, a... for any number that a holds.
func partial(v terraform.Value) string {
	var out []string
	if choices, ok := v.Choices(); ok {
		for _, choice := range choices {
			out = append(out, leaf(choice))
		}
		return strings.Join(out, " or ")
	}
	if members, ok := v.Members(); ok {
		for _, m := range members {
			out = append(out, member(m))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	known, rest, ok := v.Entries()
	if !ok {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		out = append(out, name+": "+member(known[name]))
	}
	for _, other := range rest {
		out = append(out, leaf(other)+"...")
	}
	return "{" + strings.Join(out, ", ") + "}"
}

func member(m terraform.Member) string {
	switch {
	case m.Rest:
		return leaf(m.Value) + "..."
	case m.Exists != terraform.True:
		return leaf(m.Value) + " perhaps"
	default:
		return leaf(m.Value)
	}
}

func leaf(v terraform.Value) string {
	if text, ok := v.Text(); ok {
		return fmt.Sprintf("%q", text)
	}
	if s := structure(v); s != "" {
		return s
	}
	if v.Reference != nil {
		return v.Reference.Address + "." + v.Reference.Attribute
	}
	if v.Absent() {
		return "null"
	}
	return "?"
}

func value(v terraform.Value) string {
	var out string
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
		if parts := structure(v); parts != "" {
			out = "partly " + parts
		}
	}
	if v.Origin.Filename != "" {
		out += fmt.Sprintf(" origin %s:%d", v.Origin.Filename, v.Origin.Start.Line)
	}
	if v.Reference != nil {
		out += " ref " + v.Reference.Address + "." + v.Reference.Attribute
	}
	return out
}
