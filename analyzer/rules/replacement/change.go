package replacement

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// factsBefore is the provider's major version from which on the table of services says nothing.
const factsBefore = 6

// kind is what a change does to an argument.
type kind int

const (
	otherKey kind = iota
	keySet
	keyUnset
	switchedOn
	switchedOff
	switchGone // on, and no longer written
)

// change is a change of one argument, and what Terraform plans for it.
type change struct {
	kind     kind
	path     string
	was, is  terraform.Value
	part     hcl.Range // of head: the block around the argument; the zero range for the resource itself
	plan     services.Plan
	resource *terraform.Resource // at head
	before   *terraform.Resource
}

// changes lists what a change certainly does to the keys and switches of a resource.
func changes(p *rule.Pass, before, now *terraform.Resource) []change {
	if before.Digest() == now.Digest() || !p.Lasts(before, now) || now.Scope.ProviderVersion().Below(factsBefore, 0) == terraform.False {
		return nil
	}
	var all []change
	add := func(c change, found bool) {
		if found {
			c.resource, c.before = now, before
			all = append(all, c)
		}
	}
	for _, s := range services.Switches(now.Type) {
		if !s.Uncertain && !now.Ignores(top(s.Path)) {
			add(switched(p, s, before, now))
		}
	}
	rows := services.Of(now.Type)
	for i := range rows {
		if row := &rows[i]; !row.Uncertain && !now.Ignores(row.Top()) {
			add(rekeyed(p, row, before, now))
		}
	}
	return all
}

func top(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

// rekeyed compares the keys of both sides.
func rekeyed(p *rule.Pass, row *services.Row, before, now *terraform.Resource) (c change, found bool) {
	was, ok := at(before, row.Path)
	is, okNow := at(now, row.Path)
	if !ok || !okNow {
		return change{}, false
	}
	c = change{path: row.Path, was: was.value, is: is.value, part: is.part}
	switch {
	case was.set() && is.set():
		c.kind, c.plan = otherKey, row.Change
		return c, p.SameKey(rule.Named{Value: was.value, By: before}, rule.Named{Value: is.value, By: now}) == terraform.False
	case was.absent() && is.set():
		c.kind, c.plan = keySet, row.Set
		if !was.block {
			c.plan = row.BlockSet
		}
		return c, row.Unset != services.NoOp || ours(p, is.value, now)
	case was.set() && is.absent():
		c.kind, c.plan = keyUnset, row.Unset
		if !is.block {
			c.plan = row.BlockUnset
		}
		return c, true
	}
	return change{}, false
}

// ours tells that a value certainly names a key of the configuration. Where the service fills in the key that it chose
// itself, any other value may be that one.
func ours(p *rule.Pass, v terraform.Value, by *terraform.Resource) bool {
	_, _, certain := p.Head.Target(v, by)
	return certain == terraform.True
}

// switched compares the switches of both sides. One that is a text says what holds without its block too.
func switched(p *rule.Pass, s services.Switch, before, now *terraform.Resource) (c change, found bool) {
	was, ok := at(before, s.Path)
	is, okNow := at(now, s.Path)
	if !ok || !okNow || s.Text == "" && (!was.block || !is.block) {
		return change{}, false // without the block around it, the table speaks of the key's argument
	}
	c = change{path: s.Path, was: was.value, is: is.value, part: is.part}
	switch {
	case on(s, was) && off(s, is):
		c.kind, c.plan = switchedOff, s.Off
	case on(s, was) && is.absent() && s.Default == "":
		c.kind, c.plan = switchGone, s.Removed
	case off(s, was) && on(s, is):
		c.kind, c.plan = switchedOn, s.On
	case was.absent() && on(s, is) && s.Removed != services.NoOp:
		c.kind, c.plan = switchedOn, s.Set // the state has the provider's default; where AWS fills it in, it may be on
	default:
		return change{}, false
	}
	if c.plan == services.EngineDecides {
		c.plan = engine(now)
	}
	if c.kind == switchedOn && ofEC2[now.Type] && p.Base.EncryptedByDefault() {
		return change{}, false // it may be encrypted already
	}
	return c, true
}

// on tells that a switch is certainly on.
func on(s services.Switch, a argument) bool {
	if s.Text != "" {
		return a.is(s.Text)
	}
	return a.is("true") || s.Default == "true" && a.absent()
}

// off tells that a switch is certainly written, and off.
func off(s services.Switch, a argument) bool {
	text, known := a.value.Text()
	if s.Text != "" {
		return known && text != s.Text
	}
	return a.is("false")
}

// ofEC2 are the types whose volumes an account may encrypt by default.
// https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
var ofEC2 = map[string]bool{"aws_ebs_volume": true, "aws_instance": true, "aws_spot_instance_request": true}

// engine is the plan for switching on encryption of a search domain.
// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html
func engine(now *terraform.Resource) services.Plan {
	for _, name := range []string{"engine_version", "elasticsearch_version"} {
		version, known := now.Attr(name).Text()
		if !known {
			continue
		}
		if strings.HasPrefix(version, "OpenSearch_") {
			return services.InPlace
		}
		number := strings.Split(strings.TrimPrefix(version, "Elasticsearch_"), ".")
		major, err := strconv.Atoi(number[0])
		if err != nil || len(number) != 2 {
			return services.Unknown
		}
		minor, err := strconv.Atoi(number[1])
		switch {
		case err != nil:
			return services.Unknown
		case major > 6 || major == 6 && minor >= 7:
			return services.InPlace
		default:
			return services.Replace
		}
	}
	return services.Unknown
}

// destroys tells that a change takes data away: the resource is replaced, and what it stores goes with it.
func (c change) destroys() bool {
	if c.plan != services.Replace {
		return false
	}
	for _, row := range services.Of(c.resource.Type) {
		if row.Loss == services.LosesData {
			return true
		}
	}
	return false
}

// each calls visit for the resources of head that the table of services speaks of and that were there before.
func each(p *rule.Pass, visit func(before, now *terraform.Resource)) {
	for _, typ := range services.Types() {
		for _, now := range p.Head.OfType(typ) {
			if before := p.Before(now); before != nil && before.Type == now.Type {
				visit(before, now)
			}
		}
	}
}

func preventsDestroy(r *terraform.Resource) bool {
	blocks, _ := r.Blocks("lifecycle")
	for _, b := range blocks {
		if b.Attr("prevent_destroy").IsTrue() == terraform.True {
			return true
		}
	}
	return false
}
