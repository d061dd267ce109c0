package review_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/review"
	"github.com/kms-review/kms-review/app/source/git"
)

// proveVariable names directories with Terraform, separated as in PATH. They are not written to. With
// KMS_REVIEW_TERRAFORM_PLUGINS, as for the rules' examples, suggestions are validated too.
const proveVariable = "KMS_REVIEW_PROVE"

// TestSuggestionsHold applies each suggestion that a scan offers, alone, and holds the result against judges of its own:
// the parser, a review of the edit as a change, `terraform fmt`, and `terraform validate` where it passed before. It
// prints, by rule, how many findings there are, how many have a suggestion and why the others have none.
// `KMS_REVIEW_PROVE=DIR:DIR go test ./app/review -run SuggestionsHold -v -timeout 2h`.
func TestSuggestionsHold(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv(proveVariable))
	if len(dirs) == 0 {
		t.Skip(proveVariable + " names no directory")
	}
	p := &prover{tallies: map[string]*tally{}, plugins: os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS")}
	if path, err := exec.LookPath("terraform"); err == nil {
		p.terraform = path
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { p.directory(t, dir) })
	}
	p.print(t)
}

// tally counts what became of one rule's findings.
type tally struct {
	findings, offered, parsed, cured, quiet, fmtBefore, fmtAfter, validBefore, validAfter int

	widens int // of quiet: KMS804 says of the edit what it is for

	without map[string]int // reasons for no suggestion
}

type prover struct {
	terraform, plugins string
	tallies            map[string]*tally
	notValid           map[string]int // why validate did not pass before
}

func (p *prover) directory(t *testing.T, dir string) {
	started := time.Now()
	local, err := review.RunLocal(t.Context(), review.LocalOptions{Dir: dir, Scan: true, Rules: "all", Now: started, Version: "prove"})
	if err != nil {
		if errors.Is(err, analyzer.ErrNothingReadable) {
			t.Skip("no file can be read")
		}
		t.Fatal(err)
	}
	defer local.Close()
	head, err := git.Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if p.validates() {
		if err := copyTerraform(copied, dir); err != nil {
			t.Fatal(err)
		}
	}
	roots := map[string]*root{}
	for _, f := range local.Report.Findings {
		if f.Status != finding.New {
			continue
		}
		count := p.of(f.Rule)
		count.findings++
		if f.Suggestion == nil {
			count.without[reasonFor(f)]++
			continue
		}
		count.offered++
		before, after := p.applied(t, head, f)
		p.reviewed(t, count, head, f, after)
		p.formatted(t, count, f, before, after)
		if roots[f.Module] == nil {
			roots[f.Module] = p.open(t, copied, f.Module)
		}
		p.validated(t, count, roots[f.Module], f, before, after)
	}
	t.Logf("%d findings, %.0f s", len(local.Report.Findings), time.Since(started).Seconds())
}

func (p *prover) of(rule string) *tally {
	if p.tallies[rule] == nil {
		p.tallies[rule] = &tally{without: map[string]int{}}
	}
	return p.tallies[rule]
}

func reasonFor(f finding.Finding) string {
	if f.Unproven != "" {
		return f.Unproven
	}
	if r, ok := rules.ByID(f.Rule); !ok || !r.Suggests() {
		return "the rule has no fix"
	}
	return "the rule makes none for this"
}

// applied is the text of the suggestion's file before and after.
func (p *prover) applied(t *testing.T, head fs.FS, f finding.Finding) (before, after []byte) {
	before, err := fs.ReadFile(head, f.Suggestion.File)
	if err != nil {
		t.Fatal(err)
	}
	return before, fix.ApplySuggestion(before, *f.Suggestion)
}

// widening are the rules whose suggestions give somebody what the policy leaves out: the account's root its key, a
// principal the action that a misspelt name stands for, or a service what it needs. A review of them says so, and fails
// no check.
var widening = []string{"KMS203", "KMS204", "KMS206", "KMS503"}

// reviewed parses the file and reviews the edit as somebody's change.
func (p *prover) reviewed(t *testing.T, count *tally, head fs.FS, f finding.Finding, after []byte) {
	parse := hclparse.NewParser().ParseHCL
	if strings.HasSuffix(f.Suggestion.File, ".json") {
		parse = hclparse.NewParser().ParseJSON
	}
	if _, diags := parse(after, f.Suggestion.File); diags.HasErrors() {
		t.Errorf("%s: the file does not parse: %v", describe(f), diags)
		return
	}
	count.parsed++
	report, err := analyzer.Analyze(t.Context(), analyzer.Input{
		Base: head, Head: fix.Overlay(head, map[string][]byte{f.Suggestion.File: after}), BaseSHA: "before", HeadSHA: "after",
		Changed: []analyzer.ChangedFile{{Path: f.Suggestion.File, OldPath: f.Suggestion.File}}, Settings: settings.Default(), Now: time.Now(),
	})
	if err != nil {
		t.Errorf("%s: review of the edit: %v", describe(f), err)
		return
	}
	cured, widens := false, false
	var fresh []string
	for _, other := range report.Findings {
		// Not by fingerprint: a change of a module that looks like a root is reviewed there, and a scan sees it through
		// its callers.
		same := other.Rule == f.Rule && other.File == f.File && other.StartLine == f.StartLine
		cured = cured || other.Status == finding.Fixed && same
		switch {
		case other.Status != finding.New:
		case other.Rule == "KMS804" && slices.Contains(widening, f.Rule) && other.Severity != finding.Critical && other.Severity != finding.High:
			widens = true
		default:
			fresh = append(fresh, describe(other))
		}
	}
	if cured {
		count.cured++
	} else {
		t.Errorf("%s: the review of the edit does not say that it is fixed", describe(f))
	}
	if widens {
		count.widens++
	}
	if len(fresh) == 0 {
		count.quiet++
	} else {
		t.Errorf("%s: the edit brings %v", describe(f), fresh)
	}
}

func describe(f finding.Finding) string {
	return fmt.Sprintf("%s %s (%s:%d)", f.Rule, f.Address, f.File, f.StartLine)
}

// formatted asks `terraform fmt` about the file.
func (p *prover) formatted(t *testing.T, count *tally, f finding.Finding, before, after []byte) {
	if p.terraform == "" || strings.HasSuffix(f.Suggestion.File, ".json") || !p.accepts(t.Context(), before) {
		return
	}
	count.fmtBefore++
	if p.accepts(t.Context(), after) {
		count.fmtAfter++
	} else {
		t.Errorf("%s: terraform fmt does not accept the file any more", describe(f))
	}
}

func (p *prover) accepts(ctx context.Context, text []byte) bool {
	cmd := exec.CommandContext(ctx, p.terraform, "fmt", "-check", "-")
	cmd.Stdin = strings.NewReader(string(text))
	return cmd.Run() == nil
}

// root is a root module in a copy of the repository.
type root struct {
	copied, dir string
	valid       bool
}

func (p *prover) validates() bool { return p.terraform != "" && p.plugins != "" }

// open initialises a root module in the copy, with the providers that are at hand and nothing that would have to be
// downloaded.
func (p *prover) open(t *testing.T, copied, module string) *root {
	r := &root{copied: copied, dir: filepath.Join(copied, filepath.FromSlash(module))}
	if !p.validates() {
		return r
	}
	_ = os.Remove(filepath.Join(r.dir, ".terraform.lock.hcl")) // of versions that are not at hand
	out, err := p.run(t.Context(), r.dir, "init", "-backend=false", "-input=false", "-no-color", "-get=true", "-plugin-dir="+p.plugins)
	if err == nil {
		out, err = p.run(t.Context(), r.dir, "validate", "-no-color")
	}
	r.valid = err == nil
	if err != nil {
		p.note(out)
	}
	return r
}

// note counts why a root module cannot be validated, by the first error.
func (p *prover) note(out string) {
	reason := "other"
	for line := range strings.Lines(out) {
		if text, found := strings.CutPrefix(strings.TrimSpace(line), "Error: "); found {
			reason = text
			break
		}
	}
	if p.notValid == nil {
		p.notValid = map[string]int{}
	}
	p.notValid[reason]++
}

func (p *prover) run(ctx context.Context, dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.terraform, args...)
	cmd.Dir = dir
	// Modules of registries and hosts are not fetched: git finds no protocol that it may use, and no proxy answers.
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "GIT_ALLOW_PROTOCOL=none", "HTTPS_PROXY=http://127.0.0.1:9",
		"HTTP_PROXY=http://127.0.0.1:9", "TF_REGISTRY_CLIENT_TIMEOUT=1", "TF_REGISTRY_DISCOVERY_RETRY=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// validated asks `terraform validate` about the root module with the suggestion, where it passed without.
func (p *prover) validated(t *testing.T, count *tally, r *root, f finding.Finding, before, after []byte) {
	if !r.valid {
		return
	}
	count.validBefore++
	file := filepath.Join(r.copied, filepath.FromSlash(f.Suggestion.File))
	if err := os.WriteFile(file, after, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := p.run(t.Context(), r.dir, "validate", "-no-color")
	if err == nil {
		count.validAfter++
	} else {
		t.Errorf("%s: terraform validate: %v\n%.2000s", describe(f), err, out)
	}
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyTerraform copies what a configuration may read: all small files, besides git's and what init left.
func copyTerraform(to, from string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", ".terraform", "node_modules"}, entry.Name()) {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), text, 0o600)
	})
}

func (p *prover) print(t *testing.T) {
	t.Logf("%-7s %8s %8s %8s %8s %8s %8s %12s %12s  %s", "rule", "findings", "offered", "parses", "gone", "quiet", "widens", "fmt", "validate", "without a suggestion")
	for _, rule := range slices.Sorted(maps.Keys(p.tallies)) {
		c := p.tallies[rule]
		t.Logf("%-7s %8d %8d %8d %8d %8d %8d %12s %12s  %v", rule, c.findings, c.offered, c.parsed, c.cured, c.quiet, c.widens,
			fmt.Sprintf("%d of %d", c.fmtAfter, c.fmtBefore), fmt.Sprintf("%d of %d", c.validAfter, c.validBefore), c.without)
	}
	t.Logf("root modules that terraform cannot validate without the suggestion: %v", p.notValid)
}
