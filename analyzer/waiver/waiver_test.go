package waiver_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/waiver"
)

var update = flag.Bool("update", false, "write the results into testdata")

// now is the moment of all cases.
var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// TestApply runs each archive of testdata: its configuration files, `findings` and `undecided` (a rule, a place
// and an address a line) and `off` (rules that did not run) go in; `want` says what comes out.
func TestApply(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in, want := input(t, archive)
			got := describe(waiver.Apply(in))
			if *update {
				write(t, path, archive, got)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func input(t *testing.T, archive *txtar.Archive) (in waiver.Input, want string) {
	in = waiver.Input{Files: map[string][]byte{}, Rules: rules.All(), Ran: map[string]bool{}, Now: now}
	for _, r := range rules.All() {
		in.Ran[r.ID] = true
	}
	for _, file := range archive.Files {
		lines := strings.Fields(string(file.Data))
		switch file.Name {
		case "want":
			want = string(file.Data)
		case "off":
			for _, id := range lines {
				in.Ran[id] = false
			}
		case "findings", "undecided":
			for i := 0; i+2 < len(lines); i += 3 {
				f := at(t, lines[i], lines[i+1], lines[i+2])
				if file.Name == "findings" {
					in.Findings = append(in.Findings, f)
				} else {
					in.Undecided = append(in.Undecided, finding.Undecided{Rule: f.Rule, File: f.File, StartLine: f.StartLine})
				}
			}
		default:
			in.Files[file.Name] = file.Data
		}
	}
	return in, want
}

// at reads "KMS101 main.tf:3-5 aws_kms_key.a".
func at(t *testing.T, id, place, address string) finding.Finding {
	f := finding.Finding{Rule: id, Status: finding.New, Address: address}
	r, _ := rules.ByID(id)
	f.Name = r.Name
	name, lines, _ := strings.Cut(place, ":")
	f.File = name
	if _, err := fmt.Sscanf(lines, "%d-%d", &f.StartLine, &f.EndLine); err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	return f
}

func describe(findings, problems []finding.Finding) string {
	var out strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&out, "%s %s %s:%d\n", f.Status, f.Rule, f.File, f.StartLine)
	}
	seen := map[string]bool{}
	for _, p := range problems {
		fmt.Fprintf(&out, "%s %s %s %s:%d [%s]\n  %s\n", p.Severity, p.Rule, p.Name, p.File, p.StartLine, p.Address, p.Message)
		if seen[p.Fingerprint] {
			out.WriteString("  ITS FINGERPRINT IS TAKEN\n")
		}
		seen[p.Fingerprint] = true
	}
	return out.String()
}

func write(t *testing.T, path string, archive *txtar.Archive, got string) {
	kept := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if f.Name != "want" {
			kept.Files = append(kept.Files, f)
		}
	}
	kept.Files = append(kept.Files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(path, txtar.Format(kept), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFingerprintsIgnorePlace asserts that moving a comment down does not make a new problem of it.
func TestFingerprintsIgnorePlace(t *testing.T) {
	t.Parallel()
	text := "resource \"aws_kms_key\" \"a\" { # kms-review:ignore KMS101\n}\n"
	_, before := waiver.Apply(waiver.Input{Files: map[string][]byte{"a.tf": []byte(text)}, Rules: rules.All(), Now: now})
	_, after := waiver.Apply(waiver.Input{Files: map[string][]byte{"a.tf": []byte("\n\n" + text)}, Rules: rules.All(), Now: now})
	if len(before) != 1 || len(after) != 1 || before[0].Fingerprint != after[0].Fingerprint || before[0].StartLine == after[0].StartLine {
		t.Errorf("before: %+v\nafter: %+v", before, after)
	}
}

// TestManyComments asserts that a file full of comments is bounded.
func TestManyComments(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("# kms-review:ignore KMS101 reason=\"x\"\n", 5000)
	if n := len(waiver.Parse("a.tf", []byte(text))); n != 1000 {
		t.Errorf("%d waivers", n)
	}
}

// FuzzParse asserts that no text makes Parse fail, and that what it gives lies in the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = 1 # kms-review:ignore KMS101 until=2027-01-31 reason=\"x \\\" y\"\n",
		"/* kms-review:ignore a,b */ resource \"x\" \"y\" {\n", "# tfsec:ignore:a:exp:2022-01-02 tfsec:ignore:b\nx = <<E\n${a}\nE\n",
		"a {\n # checkov:skip=CKV_AWS_7:r\n}", "# trivy:ignore:AVD-AWS-0065\n\n\n}", "# kms-review:ignore =", "x = [ # kms-review:ignore a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, w := range waiver.Parse("a.tf", []byte(text)) {
			if w.Line < 1 || w.Line > lines || w.Start < 1 || w.End < w.Start || w.End > lines {
				t.Fatalf("%+v lies outside of %d lines", w, lines)
			}
		}
	})
}
