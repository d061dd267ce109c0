package statement

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestNamesAgeWithTheList shows that a name which may be younger than the list of actions is no more than low once the
// list is old, and that a misspelt one stays what it is.
func TestNamesAgeWithTheList(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"main.tf": {Data: []byte(`resource "aws_kms_key" "a" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["kms:MakeCoffee", "kms:Decyrpt"], Resource = "*" }] })
}`)}}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string][2]finding.Severity{
		"2026-09-01": {finding.High, finding.High},
		"2027-09-01": {finding.High, finding.Low},
	} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		problems, _ := rule.Run(UnknownAction, rule.Given{Head: kms.Build(config), Now: now})
		if len(problems) != 2 || problems[0].Severity != want[0] || problems[1].Severity != want[1] {
			t.Errorf("on %s: %+v, want the severities %v", day, problems, want)
		}
	}
}

// TestEqualProblemsAreTold shows that the same words in two statements make two problems, which are counted.
func TestEqualProblemsAreTold(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"main.tf": {Data: []byte(`resource "aws_kms_key" "a" {
  policy = jsonencode({ Statement = [
    { Effect = "Allow", Action = "kms:Decyrpt", Resource = "*" },
    { Effect = "Allow", Action = "kms:Decyrpt", Resource = "*" },
  ] })
}`)}}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	problems, _ := rule.Run(UnknownAction, rule.Given{Head: kms.Build(config)})
	if len(problems) != 2 || problems[0].Twin != 0 || problems[1].Twin != 1 {
		t.Errorf("%+v", problems)
	}
}

// TestSharedPolicyIsReportedOfAFewKeys shows that a mistake in a policy that many keys share makes no finding for each of
// them.
func TestSharedPolicyIsReportedOfAFewKeys(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`data "aws_iam_policy_document" "all" {
  statement {
    actions   = ["kms:Decyrpt"]
    resources = ["*"]
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}
`)
	for n := range maxSharing + 5 {
		fmt.Fprintf(&text, "resource \"aws_kms_key\" \"k%d\" {\n  policy = data.aws_iam_policy_document.all.json\n}\n", n)
	}
	fsys := fstest.MapFS{"main.tf": {Data: []byte(text.String())}}
	config, err := terraform.Load(context.Background(), fsys, []string{"."}, terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := kms.Build(config)
	for _, r := range []rule.Rule{UnknownAction, StatementIneffective} {
		if problems, _ := rule.Run(r, rule.Given{Head: s}); len(problems) != maxSharing {
			t.Errorf("%s: %d problems of %d keys, want %d", r.ID, len(problems), maxSharing+5, maxSharing)
		}
	}
}

// TestDocumentedPoliciesAreSilent runs all rules over policies of AWS's documentation.
func TestDocumentedPoliciesAreSilent(t *testing.T) {
	t.Parallel()
	config, err := terraform.Load(context.Background(), os.DirFS("testdata"), []string{"."}, terraform.Options{Matters: kms.Matters})
	if err != nil || len(config.Diagnostics) > 0 {
		t.Fatalf("%v %v", err, config.Diagnostics)
	}
	s := kms.Build(config)
	if len(s.KeyDocuments()) != 5 || len(s.IAMDocuments()) != 1 {
		t.Fatalf("%d key policies and %d identity policies are read", len(s.KeyDocuments()), len(s.IAMDocuments()))
	}
	for _, r := range []rule.Rule{StatementIneffective, UnknownAction, InvalidPrincipal, PolicyLimits, PolicyManagedTwice, PolicyDocumentMergeHazard, IAMDecryptAllKeys} {
		problems, _ := rule.Run(r, rule.Given{Head: s})
		for _, p := range problems {
			t.Errorf("%s: line %d: %s", r.ID, p.Range.Start.Line, p.Message)
		}
	}
}

// FuzzOverlap holds the table against a search: two patterns overlap if a text of their own letters matches both.
func FuzzOverlap(f *testing.F) {
	for _, seed := range [][2]string{{"a*", "*b"}, {"a?", "?b"}, {"", "*"}, {"a*b*", "*ba"}, {"ab", "a?b"}, {"**", "?"}, {"a*a", "b*"}, {"ab", "a"}, {"*b", "*a"}, {"ab", "*a"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = letters(a), letters(b)
		want := false
		var search func(text string)
		search = func(text string) {
			want = want || action.Like(a, text) && action.Like(b, text)
			if !want && len(text) < len(a)+len(b) {
				search(text + "a")
				search(text + "b")
			}
		}
		search("")
		if got := overlap(a, b); got != want || overlap(b, a) != want {
			t.Errorf("%q and %q overlap: %t, want %t", a, b, got, want)
		}
	})
}

// letters makes a short pattern of any text.
func letters(text string) string {
	var out []byte
	for i := range min(len(text), 5) {
		out = append(out, "ab*?"[text[i]%4])
	}
	return string(out)
}
