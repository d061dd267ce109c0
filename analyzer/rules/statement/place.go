package statement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// reporter reports problems of policies, each at its place and once. Two of the same words in one policy stay two.
type reporter struct {
	*rule.Pass
	said map[said][]hcl.Range
}

type said struct {
	resource *terraform.Resource
	problem  string
}

func newReporter(p *rule.Pass) reporter { return reporter{p, map[said][]hcl.Range{}} }

// report fills in what every problem of a policy has. A place in a file that is ours alone, as in a known module of a
// registry, is no place for a reader: the resource is.
func (r reporter) report(w kms.Written, part hcl.Range, problem rule.Problem) {
	problem.Resource, problem.Attribute, problem.Shared = w.Resource, w.Attribute, true
	problem.Part = r.visible(part)
	problem.Range = r.visible(problem.Range)
	problem.Evidence = slices.DeleteFunc(problem.Evidence, func(e rule.Evidence) bool { return r.visible(e.Range).Filename == "" })
	key := said{w.Resource, problem.Attribute + "\x00" + problem.Discriminator}
	if slices.Contains(r.said[key], problem.Range) {
		return // of another alternative
	}
	r.said[key] = append(r.said[key], problem.Range)
	if n := len(r.said[key]); n > 1 {
		problem.Discriminator = fmt.Sprintf("%s\x00%d", problem.Discriminator, n)
	}
	r.Report(problem)
}

func (r reporter) visible(at hcl.Range) hcl.Range {
	if r.Head.Config.Source(at.Filename) == nil {
		return hcl.Range{}
	}
	return at
}

// alternatives lists what a document may be. What is wrong with a text is wrong whenever it counts, so that it takes no
// knowledge of the condition that chooses it.
func alternatives(d policy.Document) []policy.Document {
	if len(d.Alternatives) == 0 {
		return []policy.Document{d}
	}
	var all []policy.Document
	for _, one := range d.Alternatives {
		all = append(all, alternatives(one)...)
	}
	return all
}

// identity tells a statement from the others of its policy, whatever is moved or added elsewhere: by its Sid, or by
// whom it is about.
func identity(s policy.Statement) string {
	if sid, _ := s.Sid.Symbol(); sid != "" {
		return "Sid " + sid
	}
	effect, _ := s.Effect.Symbol()
	words := []string{effect}
	for _, principals := range []policy.Principals{s.Principals, s.NotPrincipals} {
		for _, group := range principals.Groups {
			typ, _ := group.Type.Symbol()
			words = append(words, typ)
			for _, item := range group.Identifiers.Items {
				identifier, _ := item.Symbol()
				words = append(words, identifier)
			}
		}
		words = append(words, "")
	}
	return strings.Join(words, "\x00")
}

// content is the identity with the actions, for what is wrong with the statement as a whole.
func content(s policy.Statement) string {
	words := []string{identity(s)}
	for _, item := range slices.Concat(s.Actions.Items, s.NotActions.Items) {
		action, _ := item.Symbol()
		words = append(words, action)
	}
	return strings.Join(words, "\x00")
}

// name is how a message calls a statement.
func name(s policy.Statement) string {
	if sid, known := s.Sid.Known(); known && sid != "" {
		return "the statement " + code(sid)
	}
	return "a statement"
}

// sentence begins with a capital letter.
func sentence(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// maxCode bounds what a message repeats of a policy.
const maxCode = 120

// code puts words of a policy into a code span, which they must not leave.
func code(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' {
			return '\''
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxCode {
		text = string(runes[:maxCode]) + "…"
	}
	return "`" + text + "`"
}
