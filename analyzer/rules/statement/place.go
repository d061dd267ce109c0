package statement

import (
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// reporter reports problems of policies, each at its place and once. Two of the same words in one policy stay two.
type reporter struct {
	*rule.Pass
	said    map[said][]hcl.Range
	judged  map[judged]int // how often
	sources map[string][]byte
	fixes   map[cure]func() []finding.Edit
}

// cure is a problem at its place: its fix is the same for all resources that share it.
type cure struct {
	at      hcl.Range
	problem string
}

type said struct {
	resource *terraform.Resource
	problem  string
}

// judged is what the resources that share a policy share: a statement or a data source, and what else a verdict on it
// hangs on.
type judged struct {
	statement *policy.Statement
	source    *terraform.Resource
	where     string
}

// maxSharing bounds the resources of which a policy is judged. A thousand keys may share one, and no reader looks at more
// than a few of them.
const maxSharing = 20

func newReporter(p *rule.Pass) reporter {
	return reporter{p, map[said][]hcl.Range{}, map[judged]int{}, map[string][]byte{}, map[cure]func() []finding.Edit{}}
}

// each judges what several resources may share for the first of them.
func (r reporter) each(what judged, judge func()) {
	if r.judged[what]++; r.judged[what] <= maxSharing {
		judge()
	}
}

// source is the text of a file; nil where it is none of the user's.
func (r reporter) source(name string) []byte {
	text, known := r.sources[name]
	if !known {
		text = r.Head.Config.Source(name)
		r.sources[name] = text
	}
	return text
}

// report fills in what every problem of a policy has. A place in a file that is ours alone, as in a known module of a
// registry, is no place for a reader: the resource is.
func (r reporter) report(w kms.Written, part hcl.Range, problem rule.Problem) {
	problem.Resource, problem.Attribute, problem.Shared = w.Resource, w.Attribute, true
	problem.Part = r.visible(part)
	problem.Range = r.visible(problem.Range)
	key := said{w.Resource, problem.Attribute + "\x00" + problem.Discriminator}
	if slices.Contains(r.said[key], problem.Range) {
		return // of another alternative
	}
	problem.Twin = len(r.said[key])
	r.said[key] = append(r.said[key], problem.Range)
	problem.Fix = r.once(cure{problem.Range, problem.Discriminator}, problem.Fix)
	r.Report(problem)
}

// once makes the fix for the first resource that asks for it.
func (r reporter) once(of cure, fix func() []finding.Edit) func() []finding.Edit {
	if fix == nil {
		return nil
	}
	if r.fixes[of] == nil {
		r.fixes[of] = sync.OnceValue(fix)
	}
	return r.fixes[of]
}

func (r reporter) visible(at hcl.Range) hcl.Range {
	if r.source(at.Filename) == nil {
		return hcl.Range{}
	}
	return at
}

// asWritten is a statement as its text says it: what a variable or a local puts into an ARN, or gives for a list, is not
// known. A default is often a placeholder for what somebody else will say.
func (r reporter) asWritten(s policy.Statement) policy.Statement {
	for argument, list := range map[string]*policy.List{
		"actions": &s.Actions, "not_actions": &s.NotActions, "resources": &s.Resources, "not_resources": &s.NotResources,
	} {
		*list = r.list(*list, argument)
	}
	for _, principals := range []*policy.Principals{&s.Principals, &s.NotPrincipals} {
		principals.Groups = slices.Clone(principals.Groups)
		for i, group := range principals.Groups {
			principals.Groups[i].Identifiers = r.list(group.Identifiers, "identifiers")
		}
	}
	return s
}

// list is a list as it is written. The range of one that a module finds in no input is that of the object which does not
// say it: then nobody else gives it.
func (r reporter) list(l policy.List, argument string) policy.List {
	items := make([]policy.Text, 0, len(l.Items))
	for _, item := range l.Items {
		items = append(items, r.text(item))
	}
	words := r.words(l.Range)
	lacks := strings.HasPrefix(words, "{") && !strings.Contains(words, argument)
	if len(items) == 0 && words != "" && words[0] != '[' && !lacks {
		l.Present, l.Open = terraform.Undecided, true
	}
	l.Items = items
	return l
}

func (r reporter) text(t policy.Text) policy.Text {
	words := r.words(t.Range)
	unknown := 0
	for _, part := range t.Parts {
		if part.Unknown != nil {
			unknown++
		}
	}
	holes := strings.Count(words, "${") + strings.Count(words, "%{") - strings.Count(words, "$${") - strings.Count(words, "%%{")
	quoted := strings.HasPrefix(words, `"`) || strings.HasPrefix(words, `\"`)
	if quoted && holes <= unknown || unknown > 0 && unknown == len(t.Parts) {
		return t
	}
	return policy.Text{Range: t.Range, Parts: holesOf(words, quoted)}
}

// holesOf takes the literal parts of what is written.
func holesOf(words string, quoted bool) []policy.Part {
	hole := policy.Part{Unknown: &terraform.Value{Reason: "it is made by an expression"}}
	first, _, _ := strings.Cut(strings.TrimLeft(words, `\"`), "${")
	last := words[strings.LastIndex(words, "}")+1:]
	if !quoted || strings.ContainsAny(first+last, "%{}") {
		return []policy.Part{hole}
	}
	return []policy.Part{{Literal: first}, hole, {Literal: strings.TrimRight(last, `\"`)}}
}

// words is what a file says in a range; "" where it is no file of the user's.
func (r reporter) words(at hcl.Range) string {
	return string(at.SliceBytes(r.source(at.Filename)))
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

// subject is the identity of a statement with its resources, where it has no Sid: an identity policy names nobody.
func subject(s policy.Statement) string { return extended(s, s.Resources.Items, s.NotResources.Items) }

// content is the identity of a statement with its actions, where it has no Sid.
func content(s policy.Statement) string { return extended(s, s.Actions.Items, s.NotActions.Items) }

func extended(s policy.Statement, lists ...[]policy.Text) string {
	words := []string{identity(s)}
	if sid, _ := s.Sid.Symbol(); sid == "" {
		for _, item := range slices.Concat(lists...) {
			symbol, _ := item.Symbol()
			words = append(words, symbol)
		}
	}
	return strings.Join(words, "\x00")
}

// name is how a message calls a statement.
func name(s policy.Statement) string {
	if sid, _ := s.Sid.Known(); sid != "" {
		return "the statement " + finding.Code(sid)
	}
	return "a statement"
}

// sentence begins with a capital letter.
func sentence(words string) string { return strings.ToUpper(words[:1]) + words[1:] }
