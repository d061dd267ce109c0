package encryption

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// setting is an argument that decides on encryption, as one place of a resource has it.
type setting struct {
	resource *terraform.Resource
	place    kms.Place // that the argument stands in, or a block around it
	path     string    // from the resource
	rest     string    // from the place
	value    terraform.Value
	need     []string // the values with which it encrypts
	unset    terraform.Truth
}

// settingAt reads an argument of a place. unset says whether a resource that does not write it goes unencrypted.
func settingAt(r *terraform.Resource, place kms.Place, path, rest string, need []string, unset terraform.Truth) setting {
	return setting{resource: r, place: place, path: path, rest: rest, value: place.Value(rest), need: need, unset: unset}
}

// off is the condition that it does not encrypt, and that Terraform acts on it.
func (s setting) off() rule.Condition {
	c := rule.Condition{Attribute: s.path, Value: s.value}
	absent := s.value.IsAbsent()
	c.Holds = terraform.Any(terraform.All(absent, s.unset), terraform.All(absent.Not(), s.on().Not()))
	if top, _, _ := strings.Cut(s.path, "."); s.resource.Ignores(top) {
		c.Holds = terraform.False
	}
	return c
}

// on tells that the argument is written, and encrypts.
func (s setting) on() terraform.Truth {
	verdicts := make([]terraform.Truth, len(s.need))
	for i, need := range s.need {
		verdicts[i] = is(s.value, need)
	}
	return terraform.Any(verdicts...)
}

// is tells that an argument has one of a table's values, which are texts; it may be a boolean, written either way.
func is(v terraform.Value, text string) terraform.Truth {
	if text == "true" || text == "false" {
		return v.Is(cty.BoolVal(text == "true"))
	}
	return v.IsString(text)
}

// exists is the condition that the place is there.
func (s setting) exists() rule.Condition {
	return rule.Condition{Attribute: s.path, Value: terraform.Value{Range: s.place.Header, Reason: s.place.Reason}, Holds: s.place.Exists}
}

// plain are the texts that a message may repeat: words of a provider, and nothing that a pull request makes up.
var plain = regexp.MustCompile(`^[A-Za-z0-9:_-]{1,40}$`)

// words says how a setting that is off is written.
func (s setting) words() string {
	text, known := s.value.Text()
	switch {
	case s.value.Absent():
		return "`" + s.path + "` is not set"
	case known && plain.MatchString(text):
		return "`" + s.path + "` is `" + text + "`"
	}
	return "`" + s.path + "` is not " + s.needed()
}

// needed lists the values that encrypt.
func (s setting) needed() string {
	return "`" + strings.Join(s.need, "` or `") + "`"
}

// assigned lists the ways to write it so that it encrypts.
func (s setting) assigned() string {
	var all []string
	for _, need := range s.need {
		all = append(all, literal(need))
	}
	return "`" + s.path + " = " + strings.Join(all, "` or `") + "`"
}

// literal is a table's value in Terraform's language.
func literal(text string) string {
	if text == "true" || text == "false" {
		return text
	}
	return fmt.Sprintf("%q", text)
}

// place is where a setting is written, and where its value comes from.
func (s setting) at(p *rule.Problem) {
	p.Range = s.value.Range
	if s.value.Absent() && p.Range.Filename == "" && s.place.Part.Filename != "" {
		p.Range = s.place.Header
	}
	if s.value.Origin.Filename != "" && s.value.Origin != s.value.Range {
		p.Evidence = append(p.Evidence, rule.Evidence{Range: s.value.Origin, Note: "the value comes from here"})
	}
}

// sources are the conditions that the place is not made out of something that exists, which would decide instead.
// Paths are from the resource; those that go through the place's blocks are read there.
func sources(r *terraform.Resource, place kms.Place, around string, arguments, blocks []string) []rule.Condition {
	var all []rule.Condition
	for _, path := range arguments {
		var v terraform.Value
		if rest, inside := strings.CutPrefix(path, around+"."); inside {
			v = place.Value(rest)
		} else {
			v = r.Attr(path)
		}
		all = append(all, rule.Condition{Attribute: path, Value: v, Holds: named(v).Not()})
	}
	for _, name := range blocks {
		all = append(all, noBlock(r, name))
	}
	return all
}

func noBlock(r *terraform.Resource, name string) rule.Condition {
	c := rule.Condition{Attribute: name, Holds: terraform.True}
	blocks, complete := r.Blocks(name)
	if !complete {
		c.Holds, c.Value.Reason = terraform.Undecided, "a dynamic block may write it"
	}
	for _, b := range blocks {
		if b.Exists == terraform.True {
			c.Holds = terraform.False
		}
	}
	return c
}

// named tells that a value names something. An empty text does not: the provider takes it for an argument that is not
// written, and modules write it for "none".
func named(v terraform.Value) terraform.Truth {
	if text, known := v.Text(); known {
		if text == "" {
			return terraform.False
		}
		return terraform.True
	}
	choices, _ := v.Choices()
	for i, choice := range choices {
		if named(choice) != named(choices[0]) {
			return terraform.Undecided
		}
		if i == len(choices)-1 {
			return named(choices[0])
		}
	}
	return v.Set()
}

// told tells the places of a path apart in fingerprints: by what their blocks call themselves, else by their numbers.
func told(places []kms.Place) []string {
	names := make([]string, len(places))
	for i, place := range places {
		for _, name := range []string{"device_name", "id", "name", "region", "region_name"} {
			if text, known := place.Value(name).Text(); known && names[i] == "" {
				names[i] = text
			}
		}
		if names[i] == "" || slices.Contains(names[:i], names[i]) {
			names[i] = fmt.Sprint(names[i], "#", i)
		}
	}
	if len(names) > 0 && strings.HasPrefix(names[0], "#") {
		names[0] = ""
	}
	return names
}

// unwritten tells whether a key goes unused where a flag is not written.
func unwritten(f *services.Flag) terraform.Truth {
	switch {
	case f.Default != "" && slices.Contains(f.Need, f.Default):
		return terraform.False
	case f.Default != "" || f.Unwritten:
		return terraform.True
	}
	return terraform.False // nobody knows, or the provider refuses it
}
