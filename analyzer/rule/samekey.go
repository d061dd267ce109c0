package rule

import (
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Named is an identifier of a key as an argument of a resource says it.
type Named struct {
	Value terraform.Value
	By    *terraform.Resource
}

// SameKey tells whether an identifier of the base and one of head mean the same key, however each of them is written. It is
// False only for keys that no move, import or `terraform state mv` can make one.
func (p *Pass) SameKey(before, now Named) terraform.Truth {
	if unchanged(before.Value, now.Value) {
		return terraform.True
	}
	if readByName(before.Value) && readByName(now.Value) {
		return terraform.Undecided // a plan reads the alias as it still is
	}
	old, _, certain := p.Base.Target(before.Value, before.By)
	key, _, certainNow := p.Head.Target(now.Value, now.By)
	switch {
	case certain == terraform.True && certainNow == terraform.True:
		return p.sameResource(old[0], key[0])
	case certain == terraform.True && certainNow == terraform.False, certain == terraform.False && certainNow == terraform.True:
		return terraform.False // the one is AWS's own key for the service, which nobody can declare
	case certainNow == terraform.True && p.IsNew(key[0].Resource) && spelledOut(before.Value):
		return terraform.False
	}
	return sameID(before.Value, now.Value)
}

// sameResource takes two keys for different ones only if one of them is there before and after the change: where both
// come or go, one may be the other under a new name.
func (p *Pass) sameResource(old, now *kms.Key) terraform.Truth {
	root := now.Scope.Root
	if p.Head.Config.MovesInstances(p.Base.Config, root, old.Address) || p.Head.Config.MovesInstances(p.Base.Config, root, now.Address) {
		return terraform.Undecided
	}
	after, before := p.After(old.Resource), p.Before(now.Resource)
	switch {
	case after == now.Resource || before == old.Resource:
		return terraform.True
	case after != nil || before != nil:
		return terraform.False
	}
	return terraform.Undecided
}

// unchanged tells that both sides are the same text, or the ARN or name of one alias, wherever that points.
func unchanged(before, now terraform.Value) bool {
	a, known := before.Text()
	b, knownToo := now.Text()
	if known && knownToo {
		return a == b
	}
	x, y := before.Reference, now.Reference
	return x != nil && y != nil && x.String() == y.String() && aliasOwn(*x) && aliasOwn(*y)
}

// aliasOwn tells an attribute of an alias that does not follow its target.
func aliasOwn(ref terraform.Reference) bool {
	resources := ref.Resources()
	return len(resources) > 0 && resources[0].Type == "aws_kms_alias" && !strings.HasPrefix(ref.Attribute, "target_")
}

// readByName tells an identifier that a data source looks up.
func readByName(v terraform.Value) bool {
	if v.Reference == nil {
		return false
	}
	resources := v.Reference.Resources()
	return len(resources) > 0 && resources[0].Kind == "data"
}

// keyID is a key's id, in an ARN or alone.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
var keyID = regexp.MustCompile(`^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

func spelledOut(v terraform.Value) bool {
	text, _ := v.Text()
	return keyID.MatchString(text)
}

// sameID compares two identifiers that are spelled out. A multi-Region key has one id in all its Regions.
func sameID(before, now terraform.Value) terraform.Truth {
	a, _ := before.Text()
	b, _ := now.Text()
	x, y := keyID.FindStringSubmatch(a), keyID.FindStringSubmatch(b)
	switch {
	case x == nil || y == nil:
		return terraform.Undecided
	case x[2] != y[2]:
		return terraform.False
	case x[1] == y[1] || x[1] == "" || y[1] == "":
		return terraform.True
	}
	return terraform.Undecided
}
