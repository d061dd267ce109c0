package access

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ours tells whether the Resource of a statement is the owner's key.
func (o Owner) ours(s policy.Statement) terraform.Truth {
	match := terraform.Undecided
	switch {
	case s.Resources.Present == terraform.True:
		match = o.anyOurs(s.Resources)
	case s.NotResources.Present == terraform.True && s.Resources.Present == terraform.False:
		match = o.anyOurs(s.NotResources).Not()
	case s.Resources.Present == terraform.False && s.NotResources.Present == terraform.False && !s.Open:
		match = terraform.False
	}
	return match
}

func (o Owner) anyOurs(resources policy.List) terraform.Truth {
	match := terraform.False
	for _, item := range resources.Items {
		match = terraform.Any(match, o.isKey(item))
	}
	if resources.Open {
		match = terraform.Any(match, terraform.Undecided)
	}
	return match
}

// isKey tells whether an item of Resource is the owner's key. AWS compares it with the key's ARN, in which a pattern
// may stand for each part. The ARN of one key that is written out may be this one's.
func (o Owner) isKey(item policy.Text) terraform.Truth {
	text, known := item.Known()
	if known && text == "" {
		return terraform.False
	}
	if known && strings.Trim(text, "*") == "" {
		return terraform.True
	}
	if ref := item.Reference(); ref != nil && ref.Attribute == "arn" {
		return o.refersToKey(*ref)
	}
	fields := split(item, ":", 6)
	if len(fields) < 6 {
		return terraform.Undecided
	}
	return terraform.All(
		either(wild(fields[0]), fields[0].Is("arn")),
		o.isPartition(fields[1]),
		either(wild(fields[2]), fields[2].Is("kms")),
		o.isRegion(fields[3]),
		either(wild(fields[4]), o.Self(fields[4])),
		isKeyID(fields[5]),
	)
}

// isPartition tells whether a part is the partition of the owner's key, which its Region tells. A key whose Region is
// not written is taken to be in the partition aws by those who write aws.
func (o Owner) isPartition(part policy.Text) terraform.Truth {
	if ref := part.Reference(); ref != nil {
		r := sole(*ref)
		if r != nil && r.Kind == "data" && r.Type == "aws_partition" && (ref.Attribute == "partition" || ref.Attribute == "id") {
			return terraform.True
		}
		return terraform.Undecided
	}
	region := o.region()
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	case region == "" && part.Is(partition) != terraform.True && wild(part) == terraform.False:
		return terraform.Undecided
	}
	return either(wild(part), part.Is(partition))
}

// isRegion tells whether a part is the Region of the owner's key. What is no Region's name is none.
func (o Owner) isRegion(part policy.Text) terraform.Truth {
	if ref := part.Reference(); ref != nil {
		return o.here(*ref)
	}
	name, known := part.Known()
	switch {
	case wild(part) != terraform.False:
		return wild(part)
	case known && !region.MatchString(name):
		return terraform.False
	case known:
		return o.in(name)
	}
	return terraform.Undecided
}

// in tells whether the owner's key is in a Region. A variable's default is often what somebody else says otherwise: it
// may be the Region, and proves no other.
func (o Owner) in(name string) terraform.Truth {
	if o.key == nil {
		return terraform.Undecided
	}
	here := o.key.Region()
	variable := func(step string) bool { return strings.HasPrefix(step, "var.") }
	if same := here.IsString(name); same != terraform.False || here.Origin.Filename != "" && !slices.ContainsFunc(here.Via, variable) {
		return same
	}
	return terraform.Undecided
}

// here tells whether a reference is to the Region of the owner's key: by data.aws_region of the key's own provider
// configuration, unless that asks for another Region.
func (o Owner) here(ref terraform.Reference) terraform.Truth {
	r := sole(ref)
	if o.key == nil || r == nil || r.Kind != "data" || r.Type != "aws_region" {
		return terraform.Undecided
	}
	if !r.Attr("name").Absent() || !r.Attr("endpoint").Absent() || !r.Attr("region").Absent() || !o.key.Attr("region").Absent() {
		return terraform.Undecided
	}
	if o.provider.Same(r.Provider()) == terraform.True {
		return terraform.True
	}
	if there, known := r.Region().Text(); known {
		return o.in(there)
	}
	return terraform.Undecided
}

// region is the Region of the owner's key; "" where it is not known.
func (o Owner) region() string {
	if o.key == nil {
		return ""
	}
	name, _ := o.key.Region().Text()
	return name
}

// isKeyID tells whether the last part of an ARN is that of the owner's key, whose id nobody knows: 32 hexadecimal digits
// with hyphens, behind "mrk-" where it is a multi-Region key.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
func isKeyID(part policy.Text) terraform.Truth {
	if wild(part) == terraform.True || part.Is("key/*") == terraform.True {
		return terraform.True
	}
	text, known := part.Known()
	id, isKey := strings.CutPrefix(text, "key/")
	if begins(part, "alias/") || known && isKey && strings.Trim(id, "mrkabcdefABCDEF0123456789-*?") != "" {
		return terraform.False
	}
	return terraform.Undecided
}

// wild tells a part of an ARN that any text matches; Undecided where it is a pattern, or what is not known may be one.
func wild(part policy.Text) terraform.Truth {
	text, known := part.Known()
	switch {
	case known && text != "" && strings.Trim(text, "*") == "":
		return terraform.True
	case literals(part, "*?"):
		return terraform.Undecided
	}
	return terraform.False
}

// either is what a part is compared with, unless it is a pattern.
func either(pattern, same terraform.Truth) terraform.Truth {
	if pattern == terraform.False {
		return same
	}
	return pattern
}

// refersToKey tells whether an ARN is that of the owner's key.
func (o Owner) refersToKey(ref terraform.Reference) terraform.Truth {
	r := sole(ref)
	switch {
	case r == nil || o.key == nil:
		return terraform.Undecided
	case r.Kind == "resource" && (r.Type == "aws_kms_alias" || !strings.HasPrefix(r.Type, "aws_kms_")):
		return terraform.False
	case r == o.key:
		return terraform.True
	case r.Kind == "resource" && r.Address != o.key.Address && strings.HasSuffix(r.Type, "_key"):
		return terraform.False
	}
	return terraform.Undecided
}
