package render

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
)

var update = flag.Bool("update", false, "write golden files")

const (
	baseSHA = "1111111111111111111111111111111111111111"
	headSHA = "2222222222222222222222222222222222222222"
)

var mainTF = `resource "aws_kms_key" "main" {
  description         = "orders"
  enable_key_rotation = false
}

resource "aws_ebs_volume" "data" {
  availability_zone = "eu-west-1a"
  size              = 40
}
`

// input is a pull request that changes main.tf: all of the first block is in the hunk, of the second only the
// last two lines.
type input struct {
	report   analyzer.Report
	pull     change.Pull
	change   change.Change
	settings settings.Settings
	options  Options
}

func newInput() input {
	return input{
		report: analyzer.Report{
			Base: baseSHA, Head: headSHA,
			Tool:     analyzer.Tool{Name: "kms-review", Version: "1.0.0"},
			Findings: []finding.Finding{rotation(), volume()},
			Stats:    analyzer.Stats{Files: 2, Modules: 1, Resources: 2, Affected: 2},
		},
		pull: change.Pull{
			Repo:   change.Repo{ID: 1, Owner: "acme", Name: "infra", DefaultBranch: "main"},
			Number: 7, BaseSHA: baseSHA, HeadSHA: headSHA, Author: "author", Open: true,
		},
		change: change.Change{
			BaseSHA: baseSHA, HeadSHA: headSHA,
			Head: fstest.MapFS{"main.tf": {Data: []byte(mainTF)}, "variables.tf": {Data: []byte("variable \"on\" {\n  default = false\n}\n")}},
			Files: []change.File{{Path: "main.tf", Status: change.Modified, Hunks: []change.Hunk{
				{OldStart: 1, OldLines: 4, NewStart: 1, NewLines: 4, Added: []int{3}, Removed: []int{3}},
				{OldStart: 8, OldLines: 1, NewStart: 8, NewLines: 2, Added: []int{8}},
			}}},
		},
		settings: settings.Default(),
	}
}

func rotation() finding.Finding {
	return finding.Finding{
		Rule: "KMS101", Name: "rotation-disabled", Severity: finding.High, Status: finding.New,
		Address: "aws_kms_key.main", Module: ".", File: "main.tf", StartLine: 3, EndLine: 3, BlockStart: 1, BlockEnd: 4,
		Message:     "`aws_kms_key.main` has automatic rotation switched off. Data stays under the same key material for as long as the key lives.",
		Evidence:    []finding.Evidence{{File: "main.tf", StartLine: 3, EndLine: 3, Note: "`enable_key_rotation` is false here"}},
		Fingerprint: finding.Fingerprint("KMS101", ".", "aws_kms_key.main", "enable_key_rotation", ""),
		References:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"},
		InDiff:      true,
		Suggestion:  &finding.Suggestion{File: "main.tf", StartLine: 3, EndLine: 3, Replacement: "  enable_key_rotation = true"},
	}
}

func volume() finding.Finding {
	return finding.Finding{
		Rule: "KMS502", Name: "encryption-not-set", Severity: finding.Medium, Status: finding.New,
		Address: "aws_ebs_volume.data", Module: ".", File: "main.tf", StartLine: 6, EndLine: 6, BlockStart: 6, BlockEnd: 9,
		Message:     "`aws_ebs_volume.data` does not say that it is encrypted. The account's default decides, and it is off unless somebody switched it on.",
		Fingerprint: finding.Fingerprint("KMS502", ".", "aws_ebs_volume.data", "encrypted", ""),
		References:  []string{"https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"},
	}
}

func (in input) render() Review {
	return PullRequest(in.report, in.pull, in.change, in.settings, in.options)
}

// golden compares a text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read golden file (make it with -update): %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// show is a review as one text, for golden files.
func show(r Review) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conclusion: %s\ntitle: %s\nown: %+v\nstanding: %d\ncomplete: %v\n", r.Check.Conclusion, r.Check.Title, r.Own, len(r.Standing), r.Complete)
	fmt.Fprintf(&b, "\n======== summary\n%s\n======== text\n%s", r.Check.Summary, r.Check.Text)
	for _, a := range r.Check.Annotations {
		fmt.Fprintf(&b, "\n======== annotation %s %s:%d-%d\n%s\n%s\n", a.Level, a.Path, a.StartLine, a.EndLine, a.Title, a.Message)
	}
	for _, c := range r.Comments {
		fmt.Fprintf(&b, "\n======== comment %s:%d-%d\n%s", c.Path, c.StartLine, c.Line, c.Body)
	}
	return b.String()
}
