package lifecycle

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed disabled_key_in_use.txtar
var disabledKeyInUseSpec string

const stateGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"

// DisabledKeyInUse reports a disabled key that something uses, and what begins to use one that was disabled before.
var DisabledKeyInUse = rule.Rule{
	ID: "KMS302", Name: "disabled-key-in-use",
	Title:      "Disabled key is referenced",
	Severity:   finding.High,
	References: []string{stateGuide},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       disabledKeyInUseSpec,
	Check:      checkDisabledKeyInUse,
}

func checkDisabledKeyInUse(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		users, aliases := usersOf(key), key.Aliases()
		if len(users)+len(aliases)+len(key.MayUses()) == 0 {
			continue
		}
		attr := enabledBy(key)
		enabled := key.Attr(attr)
		holds := enabled.IsFalse()
		if key.Ignores(attr) {
			holds = terraform.False
		}
		if !p.Decide(key.Resource, rule.Condition{Attribute: attr, Value: enabled, Holds: holds}) {
			continue
		}
		switch {
		case len(users) > 0:
			reportDisabled(p, key, users)
			reportNewcomers(p, key)
		case len(aliases) > 0:
			p.Report(rule.Problem{
				Resource: key.Resource, Attribute: attr, Range: enabled.Range, Severity: finding.Low,
				Message: fmt.Sprintf("`%s` is disabled, and %s. Whoever names the key by its alias gets an error from KMS.",
					key.Address, subject(aliasAddresses(aliases), "points at it", "point at it")),
				Evidence: []rule.Evidence{{Range: aliases[0].Header(), Note: "an alias of the disabled key"}},
			})
		default:
			may := key.MayUses()[0]
			p.Undecided(may.Consumer, may.Row.Path, may.Value)
		}
	}
}

// enabledBy names the argument that enables a key.
func enabledBy(key *kms.Key) string {
	if key.Type == "aws_kms_key" {
		return "is_enabled"
	}
	return "enabled"
}

// user is what cannot do without a key.
type user struct {
	resource *terraform.Resource
	place    rule.Evidence
}

// usersOf lists the services that encrypt with a key, and the grants that let somebody use it.
func usersOf(key *kms.Key) []user {
	var users []user
	for _, use := range key.Uses() {
		users = append(users, user{use.Consumer, rule.Evidence{Range: use.Value.Range, Note: "uses the disabled key"}})
	}
	for _, grant := range key.Grants() {
		users = append(users, user{grant, rule.Evidence{Range: grant.Attr("key_id").Range, Note: "grants the use of the disabled key"}})
	}
	return users
}

// reportDisabled reports the key once, whoever uses it.
func reportDisabled(p *rule.Pass, key *kms.Key, users []user) {
	attr := enabledBy(key)
	enabled := key.Attr(attr)
	problem := rule.Problem{
		Resource: key.Resource, Attribute: attr, Range: enabled.Range,
		Message: fmt.Sprintf("`%s` is disabled, and %s. KMS refuses every use of a disabled key: what needs it cannot be created, "+
			"or stops working.", key.Address, using(users)),
	}
	for _, u := range users[:min(len(users), maxEvidence)] {
		problem.Evidence = append(problem.Evidence, u.place)
	}
	p.Report(problem)
}

// maxEvidence is how many users of a key are shown.
const maxEvidence = 5

// reportNewcomers reports what begins to use a key that was disabled and in use before, since there the finding of the
// key itself is an old one.
func reportNewcomers(p *rule.Pass, key *kms.Key) {
	old := before(p, key)
	if old == nil || old.Attr(enabledBy(old)).IsFalse() != terraform.True || len(usersOf(old)) == 0 {
		return
	}
	known := map[string]bool{}
	for _, use := range old.Uses() {
		known[use.Consumer.Address+" "+use.Row.Path] = true
	}
	for _, use := range key.Uses() {
		consumer := use.Consumer
		if was := p.Before(consumer); was != nil && known[was.Address+" "+use.Row.Path] {
			continue
		}
		p.Report(rule.Problem{
			Resource: consumer, Attribute: use.Row.Path, Discriminator: key.Address, Range: use.Value.Range,
			Message: fmt.Sprintf("`%s` begins to use `%s`, which is disabled. KMS refuses every use of a disabled key, so applying this "+
				"fails or leaves a resource that does not work.", consumer.Address, key.Address),
			Evidence: []rule.Evidence{{Range: key.Attr(enabledBy(key)).Range, Note: "the key is disabled here"}},
		})
	}
}

// before finds what a key was in the base.
func before(p *rule.Pass, key *kms.Key) *kms.Key {
	was := p.Before(key.Resource)
	if was == nil {
		return nil
	}
	for _, old := range p.Base.Keys {
		if old.Resource == was {
			return old
		}
	}
	return nil
}
