package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// target is what the value of an identifier means.
type target struct {
	keys  []*Key              // the only one where truth is True; else those that it may mean, and there may be others
	form  services.Form       // how it is written; 0 where that is not known
	via   *terraform.Resource // the alias between, an aws_kms_alias or data source; nil without one
	truth terraform.Truth     // that it means keys[0]; False: certainly no key of this configuration
}

// maxSteps bounds the way from an identifier to a key: alias, data source, another resource's argument.
const maxSteps = 100

// identifier is an attribute of a resource or data source that may identify a key. Its target is found once: what
// refers to many instances, each of which refers to many, would take for ever.
type identifier struct {
	resource  *terraform.Resource
	attribute string
}

// Target finds the key that an identifier means: an attribute of the key, of an alias of it, of a data source that
// looks it up, or the name of an alias that is declared beside the resource which the value stands in. With True it is
// keys[0]; with Undecided it may be one of keys, or one that is not here; with False no key of this configuration is
// meant. form is 0 where it is not known.
func (s *Snapshot) Target(v terraform.Value, from *terraform.Resource) (keys []*Key, form services.Form, truth terraform.Truth) {
	t := s.target(v, from, 0)
	return t.keys, t.form, t.truth
}

func (s *Snapshot) target(v terraform.Value, from *terraform.Resource, steps int) target {
	if v.Absent() {
		return target{truth: terraform.False}
	}
	if steps > maxSteps {
		return target{}
	}
	if v.Reference != nil {
		return s.referred(*v.Reference, steps)
	}
	if choices, ok := v.Choices(); ok {
		var each []target
		for _, choice := range choices {
			each = append(each, s.target(choice, from, steps+1))
		}
		return together(each)
	}
	return s.spelled(v, from, steps)
}

// referred is the target of a reference. A list of all instances, which join("", ...) makes a text of, means a key only
// where there is exactly one.
func (s *Snapshot) referred(ref terraform.Reference, steps int) target {
	resources := ref.Resources()
	var each []target
	for _, r := range resources {
		each = append(each, s.targetOf(identifier{r, ref.Attribute}, steps+1))
	}
	t := together(each)
	if ref.Each && !(len(resources) == 1 && resources[0].Exists == terraform.True && len(resources[0].Instances) == 1) {
		t.truth = terraform.Undecided
	}
	return t
}

// together is the target of a value that is one of several. It is certain where all of them mean the same.
func together(each []target) target {
	if len(each) == 0 {
		return target{}
	}
	t := each[0]
	for _, other := range each[1:] {
		if t.truth != other.truth || !slices.Equal(t.keys, other.keys) {
			t.truth = terraform.Undecided
		}
		if t.form != other.form {
			t.form = 0
		}
		if t.via != other.via {
			t.via = nil
		}
		for _, key := range other.keys {
			if !slices.Contains(t.keys, key) {
				t.keys = append(slices.Clone(t.keys), key)
			}
		}
	}
	return t
}

// targetOf is the target of an attribute of a resource or data source; undecided where it goes round in a circle.
func (s *Snapshot) targetOf(at identifier, steps int) target {
	t, known := s.targets[at]
	if !known {
		s.targets[at] = target{}
		t = s.findTarget(at.resource, at.attribute, steps)
		s.targets[at] = t
	}
	return t
}

func (s *Snapshot) findTarget(r *terraform.Resource, attribute string, steps int) target {
	if key := s.byResource[r]; key != nil {
		return ofKey(key, attribute)
	}
	switch {
	case r.Type == "aws_kms_alias" && r.Kind == "resource":
		return s.ofAlias(r, attribute, steps)
	case r.Type == "aws_kms_alias":
		t := s.target(r.Attr("name"), r, steps)
		return t.as(aliasDataForms[attribute]).through(r)
	case r.Type == "aws_kms_key" && r.Kind == "data":
		t := s.target(r.Attr("key_id"), r, steps)
		if attribute == "key_id" {
			return t // read back as it is written: an id, an ARN or an alias
		}
		return t.as(keyForms[attribute])
	case r.Kind != "resource":
		return target{}
	case belongsBy[r.Type] != "" && belongsBy[r.Type] == attribute || takesKey(r.Type, attribute):
		if v := r.Attr(attribute); !v.Absent() {
			return s.target(v, r, steps)
		}
	}
	return target{}
}

// takesKey tells an argument of a service that names a key: what is written there is read back from there.
func takesKey(typ, attribute string) bool {
	return slices.ContainsFunc(services.Of(typ), func(row services.Row) bool { return row.Path == attribute })
}

// The attributes that identify a key, and the forms in which they do.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key#attribute-reference
var keyForms = map[string]services.Form{"arn": services.KeyARN, "id": services.KeyID, "key_id": services.KeyID}

// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_alias#attribute-reference
var aliasForms = map[string]services.Form{
	"arn": services.AliasARN, "id": services.AliasName, "name": services.AliasName,
	"target_key_arn": services.KeyARN, "target_key_id": services.KeyID,
}

// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/kms_alias#attribute-reference
var aliasDataForms = map[string]services.Form{
	"arn": services.AliasARN, "id": services.AliasARN, "name": services.AliasName,
	"target_key_arn": services.KeyARN, "target_key_id": services.KeyID,
}

func ofKey(key *Key, attribute string) target {
	form, identifies := keyForms[attribute]
	if !identifies {
		return target{}
	}
	return target{keys: []*Key{key}, form: form, truth: terraform.True}
}

func (s *Snapshot) ofAlias(r *terraform.Resource, attribute string, steps int) target {
	if attribute != "target_key_id" {
		return s.targetOf(identifier{r, "target_key_id"}, steps).as(aliasForms[attribute]).through(r)
	}
	return s.target(r.Attr(attribute), r, steps).through(r) // in the form in which it is written
}

// as is the target in another form; 0 is that of an attribute which identifies no key.
func (t target) as(form services.Form) target {
	if form == 0 {
		return target{}
	}
	t.form = form
	return t
}

// through is the target behind an alias.
func (t target) through(alias *terraform.Resource) target {
	if t.form != 0 && t.via == nil {
		t.via = alias
	}
	return t
}
