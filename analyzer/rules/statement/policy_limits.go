package statement

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed policy_limits.txtar
var policyLimitsSpec string

const (
	putKeyPolicy   = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"
	resourceLimits = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"
)

// PolicyLimits reports a key policy that KMS does not take.
var PolicyLimits = rule.Rule{
	ID: "KMS212", Name: "policy-limits",
	Title:      "Key policy is not what KMS accepts",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{putKeyPolicy, resourceLimits},
	Spec:       policyLimitsSpec,
	Check:      checkPolicyLimits,
}

func checkPolicyLimits(p *rule.Pass) {
	r := newReporter(p)
	for _, w := range p.Head.KeyDocuments() {
		for _, d := range alternatives(w.Document) {
			limits{r, w}.document(d)
		}
	}
}

// limits judges one policy.
type limits struct {
	reporter
	kms.Written
}

// maxCharacters is the length of a key policy. It cannot be raised.
const maxCharacters = 32768

func (l limits) document(d policy.Document) {
	if d.Resource == nil {
		l.whole(d)
	} else {
		l.each(judged{source: d.Resource}, func() { l.whole(d) })
	}
	for i := range d.Statements {
		l.each(judged{statement: &d.Statements[i]}, func() { l.statement(d.Statements[i]) })
	}
}

// whole judges what is not in a statement.
func (l limits) whole(d policy.Document) {
	for _, f := range d.Faults {
		if f.Kind == policy.Refused {
			l.refused(f.Range, hcl.Range{}, f.What, f.What, nil)
		}
	}
	if n := d.Least(); n > maxCharacters {
		at := d.Range
		if d.Resource != nil {
			at = d.Resource.Header()
		}
		l.refused(at, hcl.Range{}, "size", fmt.Sprintf("it has at least %d characters without white space, and KMS takes %d", n, maxCharacters), nil)
	}
	l.text(d.ID, func() string { return "Id" }, hcl.Range{}, true)
}

func (l limits) statement(s policy.Statement) {
	l.text(s.Sid, func() string { return "Sid" }, s.Range, true)
	for _, list := range []policy.List{s.Actions, s.NotActions, s.Resources, s.NotResources} {
		l.list(list, s)
	}
	for _, principals := range []policy.Principals{s.Principals, s.NotPrincipals} {
		for _, group := range principals.Groups {
			l.list(group.Identifiers, s)
		}
	}
	for _, c := range s.Conditions.Items {
		l.text(c.Key, func() string { return identity(s) }, s.Range, false)
		l.list(c.Values, s)
	}
}

func (l limits) list(list policy.List, s policy.Statement) {
	for _, item := range list.Items {
		l.text(item, func() string { return identity(s) }, s.Range, false)
	}
}

// text reports a character that KMS does not take. In a name, whose words mean nothing to AWS, a like one of ASCII does
// as well. where names the place; hardly ever anybody wants to know, and it may take long.
func (l limits) text(t policy.Text, where func() string, part hcl.Range, isName bool) {
	for _, piece := range t.Parts {
		at := strings.IndexFunc(piece.Literal, func(r rune) bool { return !accepted(r) })
		if at < 0 {
			continue
		}
		bad := []rune(piece.Literal[at:])[0]
		var cure func() []finding.Edit
		if isName {
			cure = func() []finding.Edit {
				return fix.Rewrite(l.source(t.Range.Filename), t.Range, plain.Replace)
			}
		}
		what := fmt.Sprintf("it holds the character U+%04X, and KMS takes tabs, line ends and U+0020 to U+00FF", bad)
		symbol, _ := t.Symbol()
		l.refused(t.Range, part, where()+"\x00"+symbol, what, cure)
		return
	}
}

// accepted follows the pattern of PutKeyPolicy's argument. The control characters, which it leaves out too, stand in JSON
// as escapes, whose own characters are accepted.
func accepted(r rune) bool { return r <= 0xFF }

// plain writes what word processors make of quotes and dashes as it is on the keyboard. All quotes are single ones,
// which need no escape in a string.
var plain = strings.NewReplacer("\u2018", "'", "\u2019", "'", "\u201A", "'", "\u201B", "'", "\u201C", "'", "\u201D", "'", "\u201E", "'",
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-", "\u2026", "...")

func (l limits) refused(at, part hcl.Range, discriminator, what string, cure func() []finding.Edit) {
	l.report(l.Written, part, rule.Problem{
		Discriminator: discriminator, Range: at, Fix: cure,
		Message: fmt.Sprintf("The key policy of `%s` is refused: %s. Terraform ends with an error there, and the key does not get this policy.", l.Address, what),
	})
}
