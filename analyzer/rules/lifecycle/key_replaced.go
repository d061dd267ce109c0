package lifecycle

import (
	_ "embed"
	"fmt"
	"regexp"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_replaced.txtar
var keyReplacedSpec string

// KeyReplaced reports a change of what a key is made with: it destroys the key and makes another one.
var KeyReplaced = rule.Rule{
	ID: "KMS803", Name: "key-replaced",
	Title:    "This change replaces a KMS key",
	Severity: finding.Critical,
	Hazard:   true,
	References: []string{deletionGuide, "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_external_key"},
	Compliance: KeyDestroyed.Compliance,
	Spec:       keyReplacedSpec,
	Check:      checkKeyReplaced,
}

// fixedArgument is an argument that a key is made with, and that nothing can change afterwards.
type fixedArgument struct {
	name     string
	fallback string // the value where the argument is not written; "" for none
	keeps    bool   // not written, a key keeps the value that it has
	secret   bool   // of no message and no suggestion
	names    bool   // names another key
	since    int    // the provider's major version that has it
}

// fixedArguments are those of each type, as the provider plans them.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
var fixedArguments = map[string][]fixedArgument{
	"aws_kms_key": {
		{name: "customer_master_key_spec", fallback: "SYMMETRIC_DEFAULT"}, {name: "key_usage", fallback: "ENCRYPT_DECRYPT"},
		{name: "multi_region", fallback: "false", keeps: true}, {name: "custom_key_store_id"}, {name: "xks_key_id"},
	},
	"aws_kms_external_key": {
		{name: "multi_region", fallback: "false", keeps: true}, {name: "key_material_base64", secret: true},
		{name: "key_spec", fallback: "SYMMETRIC_DEFAULT", keeps: true, since: 6}, {name: "key_usage", fallback: "ENCRYPT_DECRYPT", keeps: true, since: 6},
	},
	"aws_kms_replica_key":          {{name: "primary_key_arn", names: true}},
	"aws_kms_replica_external_key": {{name: "primary_key_arn", names: true}, {name: "key_material_base64", secret: true}},
}

func checkKeyReplaced(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		before := p.Before(key.Resource)
		if before == nil || before.Type != key.Type || before.Digest() == key.Digest() || !p.Lasts(before, key.Resource) {
			continue
		}
		for _, arg := range fixedArguments[key.Type] {
			if arg.replaces(p, before, key) {
				p.Report(replaced(p, before, key, arg))
				break // one replacement, however many arguments ask for it
			}
		}
	}
}

// replaces tells that the argument certainly says something else than what the key was made with.
func (arg fixedArgument) replaces(p *rule.Pass, before *terraform.Resource, key *kms.Key) bool {
	was, is := before.Attr(arg.name), key.Attr(arg.name)
	if key.Ignores(arg.name) || key.Scope.ProviderVersion().Below(arg.since, 0) != terraform.False {
		return false
	}
	switch {
	case arg.names:
		return p.SameKey(rule.Named{Value: was, By: before}, rule.Named{Value: is, By: key.Resource}) == terraform.False
	case arg.name == "multi_region" && was.Absent() && len(key.Replicas()) > 0:
		return false // a key with replicas is a multi-Region key, whatever the base says
	case arg.keeps && is.Absent():
		return false
	case arg.fallback == "" && was.Absent() != is.Absent():
		return was.Set() != terraform.Undecided && is.Set() != terraform.Undecided
	}
	x, known := textOr(was, arg.fallback)
	y, knownToo := textOr(is, arg.fallback)
	return known && knownToo && x != y
}

// textOr is a known text, or what holds where none is written.
func textOr(v terraform.Value, fallback string) (text string, known bool) {
	if v.Absent() {
		return fallback, true
	}
	return v.Text()
}

func replaced(p *rule.Pass, before *terraform.Resource, key *kms.Key, arg fixedArgument) rule.Problem {
	was, is := before.Attr(arg.name), key.Attr(arg.name)
	problem := rule.Problem{Resource: key.Resource, Attribute: arg.name, Range: is.Range}
	problem.Message = fmt.Sprintf("Nothing can change `%s` of a key that exists, so the next apply schedules the deletion of `%s` and makes a "+
		"new key: %s later %s cannot be read any more, by anybody. Restore %s, and make the other key as a resource of its own "+
		"beside this one.", arg.name, key.Address, windowOf(&kms.Key{Resource: before}), lostWith(p, before), arg.old(was))
	if guarded(key) == terraform.True {
		problem.Severity = finding.Medium
		problem.Message = fmt.Sprintf("Nothing can change `%s` of a key that exists, so Terraform would have to replace `%s`, and `prevent_destroy` "+
			"makes every plan fail. Restore %s, and make the other key as a resource of its own beside this one.", arg.name, key.Address, arg.old(was))
	}
	if was.Range.Filename != "" {
		problem.Evidence = append(problem.Evidence, rule.Evidence{Range: was.Range, Note: "the key is made with this", AtBase: true})
	}
	problem.Evidence = append(problem.Evidence, replacedWith(p, before)...)
	if !arg.secret && !arg.names {
		problem.Fix = func() []finding.Edit { return restore(key.Resource, arg, was, is) }
	}
	return problem
}

// plain are the values that a message shows and a suggestion writes.
var plain = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (arg fixedArgument) old(was terraform.Value) string {
	text, known := textOr(was, arg.fallback)
	if !known || arg.secret || !plain.MatchString(text) {
		return "what it was"
	}
	return "`" + text + "`"
}

// restore writes the old value again.
func restore(r *terraform.Resource, arg fixedArgument, was, is terraform.Value) []finding.Edit {
	text, known := textOr(was, arg.fallback)
	if !known {
		return nil
	}
	switch {
	case was.Absent():
		return fix.Remove(r, arg.name)
	case text == "true", text == "false":
		return fix.Set(r, arg.name, is, text)
	case plain.MatchString(text):
		return fix.Set(r, arg.name, is, `"`+text+`"`)
	}
	return nil
}

// lostWith says what only the old key can read.
func lostWith(p *rule.Pass, before *terraform.Resource) string {
	for _, key := range p.Base.Keys {
		if stores := dataOf(key); key.Resource == before && len(stores) > 0 {
			return "the data of " + enumerate(addressesOf(stores))
		}
	}
	return "whatever is encrypted with the old one"
}

// replacedWith are the stores that follow the key: they take the new one, and cannot do so in place.
func replacedWith(p *rule.Pass, before *terraform.Resource) []rule.Evidence {
	var all []rule.Evidence
	for _, key := range p.Base.Keys {
		if key.Resource != before {
			continue
		}
		for _, use := range key.Uses() {
			if use.Row.Change == services.Replace && use.Row.Loss == services.LosesData && !use.Row.Uncertain && len(all) < maxEvidence {
				all = append(all, rule.Evidence{Range: use.Value.Range, AtBase: true,
					Note: fmt.Sprintf("`%s` takes its key from here, and is replaced as well", use.Consumer.Address)})
			}
		}
	}
	return all
}
