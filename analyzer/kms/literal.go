package kms

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// spelled is the target of an identifier that is spelled out, wholly or around references.
func (s *Snapshot) spelled(v terraform.Value, from *terraform.Resource, steps int) target {
	text, ok := textOf(v)
	if !ok {
		return target{}
	}
	arn := text.split(":", 6)
	switch {
	case len(arn) == 1:
		return s.plain(text, from, steps)
	case len(arn) != 6:
		return target{}
	}
	if kind, id := arn[5].cut(); kind == "key" {
		return s.keyInARN(id, from, steps)
	}
	t := s.aliasIn(arn[5], from, steps)
	if t.truth == terraform.True && !(arn[3].own("aws_region", from) && arn[4].own("aws_caller_identity", from)) {
		t.truth = terraform.Undecided // the same name in another account or Region is another alias
	}
	return t
}

// aliasIn is the target of the last part of an alias's ARN, which an alias's name is as a whole: alias/app.
func (s *Snapshot) aliasIn(name text, from *terraform.Resource, steps int) target {
	if ref := name.reference(); ref != nil {
		if t := s.target(*ref, from, steps+1); t.form == services.AliasName {
			return t.as(services.AliasARN)
		}
		return target{}
	}
	if kind, _ := name.cut(); kind != "alias" {
		return target{}
	}
	return s.named(name, from, steps).as(services.AliasARN)
}

// plain is the target of a text that is no ARN: an alias's name, or a key's id, which may be that of any key.
func (s *Snapshot) plain(name text, from *terraform.Resource, steps int) target {
	if kind, _ := name.cut(); kind == "alias" {
		return s.named(name, from, steps)
	}
	written, whole := name.whole()
	switch {
	case !whole:
		return target{}
	case written == "":
		return target{truth: terraform.False} // as good as absent to the provider
	default:
		return target{form: services.KeyID}
	}
}

// keyInARN is the target of an ARN that is put together around a key's id.
func (s *Snapshot) keyInARN(id text, from *terraform.Resource, steps int) target {
	if ref := id.reference(); ref != nil {
		if t := s.target(*ref, from, steps+1); t.form == services.KeyID {
			return t.as(services.KeyARN)
		}
	}
	return target{form: services.KeyARN}
}

// named is the target of an alias's name: that of the alias which the root module declares under this name with the
// same provider configuration. An account has a name once in each Region.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html
func (s *Snapshot) named(name text, from *terraform.Resource, steps int) target {
	if whole, ok := name.whole(); ok && strings.HasPrefix(whole, "alias/aws/") {
		return target{form: services.AliasName, truth: terraform.False} // AWS's own key for a service
	}
	var certain, perhaps []target
	for _, declared := range s.aliasNames(from.Scope.Root) {
		alias := declared.alias
		holds := terraform.All(name.same(declared.name, alias.Scope == from.Scope), alias.Exists, samePlace(alias, from))
		if holds == terraform.False {
			continue
		}
		t := s.targetOf(identifier{alias, "target_key_id"}, steps+1)
		t.truth = terraform.All(t.truth, holds)
		if perhaps = append(perhaps, t); t.truth == terraform.True {
			certain = append(certain, t)
		}
	}
	if len(certain) > 0 {
		perhaps = certain
	}
	t := together(perhaps)
	t.form = services.AliasName
	return t
}

// samePlace tells whether two resources are in the same account and Region, by the same provider configuration.
func samePlace(a, b *terraform.Resource) terraform.Truth {
	same := a.Provider().Same(b.Provider())
	if own, other := a.Attr("region"), b.Attr("region"); !own.Absent() || !other.Absent() {
		return terraform.All(same, terraform.Undecided) // version 6 of the provider lets a resource be elsewhere
	}
	return same
}

// aliasName is an alias of a root module and its name.
type aliasName struct {
	alias *terraform.Resource
	name  text
}

// aliasNames lists the aliases of a root module. One whose name AWS generates behind a prefix is not among them.
func (s *Snapshot) aliasNames(root string) []aliasName {
	if s.aliases == nil {
		s.aliases = map[string][]aliasName{}
		for _, alias := range s.OfType("aws_kms_alias") {
			declared := alias.Attr("name")
			if declared.Absent() {
				continue
			}
			name, ok := textOf(declared)
			if !ok {
				name = text{{later: &declared}}
			}
			at := alias.Scope.Root
			s.aliases[at] = append(s.aliases[at], aliasName{alias, name})
		}
	}
	return s.aliases[root]
}

// text is a text in pieces: what is written, and between that what is known only later.
type text []piece

type piece struct {
	written string
	later   *terraform.Value // nil for what is written
}

// textOf takes a value apart; ok is false for what is no text.
func textOf(v terraform.Value) (t text, ok bool) {
	segments, ok := v.Segments()
	for _, segment := range segments {
		if written, isText := segment.Text(); isText {
			t = t.add(written)
		} else {
			t = append(t, piece{later: &segment})
		}
	}
	return t, ok
}

// add writes on.
func (t text) add(written string) text {
	if n := len(t); n > 0 && t[n-1].later == nil {
		return append(slices.Clone(t[:n-1]), piece{written: t[n-1].written + written})
	}
	return append(t, piece{written: written})
}

// split cuts the text at a separator, into n at most.
func (t text) split(separator string, n int) []text {
	all := []text{nil}
	for _, p := range t {
		last := len(all) - 1
		if p.later != nil {
			all[last] = append(all[last], p)
			continue
		}
		for i, written := range strings.SplitN(p.written, separator, n-last) {
			if i > 0 {
				all = append(all, nil)
			}
			if written != "" {
				all[len(all)-1] = all[len(all)-1].add(written)
			}
		}
	}
	return all
}

// cut splits "alias/app" into its kind and the rest; the kind is "" where it is not written.
func (t text) cut() (kind string, rest text) {
	if len(t) == 0 || t[0].later != nil {
		return "", nil
	}
	kind, after, found := strings.Cut(t[0].written, "/")
	if !found {
		return "", nil
	}
	if after != "" {
		rest = rest.add(after)
	}
	return kind, append(rest, t[1:]...)
}

// whole is the text where all of it is written.
func (t text) whole() (written string, ok bool) {
	if len(t) == 1 && t[0].later == nil {
		return t[0].written, true
	}
	return "", false
}

// reference is the value of a text that is nothing but a reference.
func (t text) reference() *terraform.Value {
	if len(t) == 1 && t[0].later != nil && t[0].later.Reference != nil {
		return t[0].later
	}
	return nil
}

// own tells that the text is what a data source says about the provider configuration that a resource uses.
func (t text) own(typ string, from *terraform.Resource) bool {
	ref := t.reference()
	if ref == nil {
		return false
	}
	sources := ref.Reference.Resources()
	return len(sources) == 1 && sources[0].Type == typ && sources[0].Kind == "data" &&
		sources[0].Attr("name").Absent() && samePlace(sources[0], from) == terraform.True
}

// same tells whether two texts are the same. What is known only later is the same where it is the same reference, or,
// in one scope, the same variable.
func (t text) same(other text, oneScope bool) terraform.Truth {
	a, aWhole := t.whole()
	b, bWhole := other.whole()
	if aWhole && bWhole {
		if a == b {
			return terraform.True
		}
		return terraform.False
	}
	if slices.EqualFunc(t, other, func(a, b piece) bool { return a.same(b, oneScope) }) {
		return terraform.True
	}
	head, tail := t.edges()
	otherHead, otherTail := other.edges()
	if !strings.HasPrefix(head, otherHead) && !strings.HasPrefix(otherHead, head) ||
		!strings.HasSuffix(tail, otherTail) && !strings.HasSuffix(otherTail, tail) {
		return terraform.False
	}
	return terraform.Undecided
}

// edges are what is written at the beginning and at the end.
func (t text) edges() (head, tail string) {
	if len(t) == 0 {
		return "", ""
	}
	return t[0].written, t[len(t)-1].written
}

func (p piece) same(other piece, oneScope bool) bool {
	if p.later == nil || other.later == nil {
		return p.later == nil && other.later == nil && p.written == other.written
	}
	a, b := p.later.Reference, other.later.Reference
	if a != nil && b != nil {
		return a.String() == b.String() && a.Instance != terraform.UnknownInstance
	}
	return oneScope && a == nil && b == nil && len(p.later.Via) > 0 && slices.Equal(p.later.Via, other.later.Via)
}
