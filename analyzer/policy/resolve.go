package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Resolver follows references to data sources of one configuration, and remembers what it read. It must not be
// used by two goroutines at a time.
type Resolver struct {
	config    *terraform.Configuration
	sources   map[string]*source
	documents map[*terraform.Resource]*Document // nil while one is being read
}

// NewResolver starts with nothing read.
func NewResolver(config *terraform.Configuration) *Resolver {
	return &Resolver{config: config, sources: map[string]*source{}, documents: map[*terraform.Resource]*Document{}}
}

func (r *Resolver) source(name string) *source {
	s, seen := r.sources[name]
	if !seen {
		if text := r.config.Source(name); text != nil {
			s = newSource(text)
		}
		r.sources[name] = s
	}
	return s
}

// FromValue reads the document that an argument such as the policy of aws_kms_key is set to.
func FromValue(v terraform.Value, resolve *Resolver) Document { return resolve.document(v, false, 0) }

// document reads a value. provider tells that aws_iam_policy_document reads the JSON, and not AWS.
func (r *Resolver) document(v terraform.Value, provider bool, depth int) Document {
	d := Document{Range: v.Range}
	if text, known := v.Text(); v.Absent() || known && text == "" {
		d.Absent = true // the provider validates JSON, but takes an empty text, and then sends none
		return d
	}
	if encoded, ok := v.Encoded(); ok {
		d.Notation = Encoded
		decoder{&d, provider}.document((&encoder{reads: r}).node(encoded, 0))
		return d
	}
	if ref := v.Reference; ref != nil && v.Unknown() {
		return r.referred(*ref, v)
	}
	if choices, ok := v.Choices(); ok {
		return r.alternatives(choices, v, provider, depth)
	}
	segments, ok := v.Segments()
	if !ok {
		d.open(orElse(v.Reason, "the policy is not known"), v)
		return d
	}
	if texts := spread(segments); len(texts) > 1 && depth < maxChoices {
		for _, segment := range segments {
			if _, chosen := segment.Choices(); chosen {
				v.Reason = segment.Reason // the condition's
				break
			}
		}
		return r.alternatives(texts, v, provider, maxChoices-1) // which does not do it again
	}
	r.text(&d, segments, provider)
	return d
}

// spread gives the texts that a text may be, where a condition chooses between parts of the JSON. A condition that
// chooses between words is left to the string that they stand in.
func spread(segments []terraform.Value) []terraform.Value {
	if !slices.ContainsFunc(segments, func(v terraform.Value) bool { _, ok := v.Choices(); return ok }) {
		return nil
	}
	texts := [][]terraform.Value{nil}
	for _, segment := range segments {
		choices, _ := segment.Choices()
		if !slices.ContainsFunc(choices, structured) || len(texts)*len(choices) > 1<<maxChoices {
			choices = []terraform.Value{segment}
		}
		var longer [][]terraform.Value
		for _, text := range texts {
			for _, choice := range choices {
				longer = append(longer, append(text[:len(text):len(text)], choice))
			}
		}
		texts = longer
	}
	all := make([]terraform.Value, len(texts))
	for i, text := range texts {
		all[i] = terraform.Joined(text)
	}
	return all
}

// structured tells that a part of a text is more than a word in a string.
func structured(v terraform.Value) bool {
	segments, _ := v.Segments()
	return slices.ContainsFunc(segments, func(segment terraform.Value) bool {
		text, _ := segment.Text()
		_, encoded := segment.Encoded()
		return encoded || strings.ContainsAny(text, "{}[]\",\n")
	})
}

func (r *Resolver) text(d *Document, segments []terraform.Value, provider bool) {
	t, ok := newTemplate(segments, r.source)
	t.reads = r
	if !ok {
		d.open("the policy is too long")
		return
	}
	n, err := parse(t)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		d.refuse(syntax.at, syntax.what)
		d.open("the policy is no JSON")
	case err != nil:
		d.open(err.Error())
	default:
		decoder{d, provider}.document(n)
		d.Range = n.at
	}
}

// maxChoices bounds conditions in conditions: 16 alternatives. One that stands in a local which is used twice in the
// next one, and so on, is a small file with very many.
const maxChoices = 4

// alternatives reads what an unknown condition chooses from.
func (r *Resolver) alternatives(choices []terraform.Value, v terraform.Value, provider bool, depth int) Document {
	d := Document{Range: v.Range}
	d.open(orElse(v.Reason, "the policy depends on a condition that is not known"))
	if depth == maxChoices {
		return d
	}
	for _, choice := range choices {
		one := r.document(choice, provider, depth+1)
		if len(one.Alternatives) > 0 {
			d.Alternatives = append(d.Alternatives, one.Alternatives...)
		} else {
			d.Alternatives = append(d.Alternatives, one)
		}
	}
	return d
}

// isDocument tells that a reference is to the JSON of an aws_iam_policy_document.
func isDocument(ref terraform.Reference, resource *terraform.Resource) bool {
	return resource.Kind == "data" && resource.Type == "aws_iam_policy_document" &&
		(ref.Attribute == "json" || ref.Attribute == "minified_json")
}

// referred reads the data source that a value refers to. Of one that may have no instance and is not chosen by
// its key, but by one(...) or try(...), there may be no document at all.
func (r *Resolver) referred(ref terraform.Reference, v terraform.Value) Document {
	unknown := Document{Range: v.Range}
	resources := ref.Resources()
	switch {
	case len(resources) == 0 || !isDocument(ref, resources[0]):
		unknown.open(orElse(v.Reason, "what the policy refers to is not known"), v)
		return unknown
	case len(resources) > 1 || ref.Each:
		unknown.open("`" + ref.Address + "` has several instances, and it is not known which one is meant")
		return unknown
	}
	d := r.data(resources[0])
	d.Range = v.Range
	if resources[0].Exists == terraform.True || ref.Instance != "" {
		return d
	}
	unknown.open("it is not known whether `" + ref.Address + "` has an instance")
	unknown.Alternatives = []Document{d, {Range: v.Range, Absent: true}}
	return unknown
}

// listed is a document of a list.
type listed struct {
	Document
	exists terraform.Truth
}

// list reads the documents of source_policy_documents or override_policy_documents; rest are the values that others
// may come from.
func (r *Resolver) list(v terraform.Value) (documents []listed, rest []terraform.Value) {
	if v.Absent() {
		return nil, nil
	}
	members, ok := v.Members()
	if !ok {
		members = []terraform.Member{{Value: v, Rest: true}}
	}
	for _, m := range members {
		switch ref := m.Reference; {
		case ref != nil && ref.Each:
			each, whole := r.each(*ref)
			documents = append(documents, each...)
			if !whole {
				rest = append(rest, m.Value)
			}
		case m.Rest:
			rest = append(rest, m.Value)
		default:
			documents = append(documents, listed{r.document(m.Value, true, 0), m.Exists})
		}
	}
	return documents, rest
}

// each reads every instance of a data source, in the order of its keys; whole is false where there may be others. Of
// instances that are not told apart one document stands for all there may be.
func (r *Resolver) each(ref terraform.Reference) (documents []listed, whole bool) {
	resources := ref.Resources()
	if !slices.ContainsFunc(resources, func(one *terraform.Resource) bool { return isDocument(ref, one) }) {
		return nil, false
	}
	whole = true
	for _, one := range resources {
		whole = whole && (one.Exists == terraform.True || len(one.Instances) == 0)
		d := r.data(one)
		for range max(1, len(one.Instances)) {
			documents = append(documents, listed{d, one.Exists})
		}
	}
	return documents, whole
}
