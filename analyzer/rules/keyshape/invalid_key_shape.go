package keyshape

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed invalid_key_shape.txtar
var invalidKeyShapeSpec string

// InvalidKeyShape reports a key that AWS refuses to create, or that the provider refuses to send there.
var InvalidKeyShape = rule.Rule{
	ID: "KMS105", Name: "invalid-key-shape",
	Title:      "Key arguments that AWS rejects although Terraform validates them",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{"https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
		"https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html"},
	Compliance: []string{"AWS Control Tower CT.KMS.PR.2"},
	Spec:       invalidKeyShapeSpec,
	Check:      checkInvalidKeyShape,
}

// shape are the arguments that decide what kind of key is made.
type shape struct {
	key                            *kms.Key
	specName                       string
	spec, usage, store, xks, multi terraform.Value
}

const (
	attrUsage  = "key_usage"
	attrStore  = "custom_key_store_id"
	attrXKS    = "xks_key_id"
	attrMulti  = "multi_region"
	attrWindow = "deletion_window_in_days"
)

func checkInvalidKeyShape(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		checkWindow(p, key)
		s := shapeOf(key)
		if !checkStore(p, s) && !checkProvider(p, s) {
			checkUsage(p, s)
		}
		checkXKS(p, s)
		checkRegion(p, s)
	}
}

// shapeOf reads a key; a replica has none of the arguments, and the shape of its primary. aws_kms_external_key has had a spec and a usage since provider 6, under other names.
func shapeOf(key *kms.Key) shape {
	s := shape{key: key, specName: "customer_master_key_spec", usage: key.Attr(attrUsage), store: key.Attr(attrStore),
		xks: key.Attr(attrXKS), multi: key.Attr(attrMulti)}
	if key.Type == "aws_kms_external_key" {
		s.specName = "key_spec"
	}
	s.spec = key.Attr(s.specName)
	return s
}

// managed is the condition that Terraform sends what the arguments say.
func managed(key *kms.Key, attributes ...string) rule.Condition {
	for _, name := range attributes {
		if key.Ignores(name) {
			return rule.Condition{Attribute: name, Value: key.Attr(name), Holds: terraform.False}
		}
	}
	return rule.Condition{Holds: terraform.True}
}

func checkUsage(p *rule.Pass, s shape) {
	c := rule.Condition{Attribute: attrUsage, Value: s.usage, Holds: mismatch(s.spec, s.usage)}
	if !s.usage.Unknown() {
		c.Attribute, c.Value = s.specName, s.spec
	}
	if !p.Decide(s.key.Resource, managed(s.key, s.specName, attrUsage), c) {
		return
	}
	problem := rule.Problem{
		Resource: s.key.Resource, Attribute: attrUsage, Range: s.usage.Range,
		Message:  usageMessage(s),
		Evidence: append(rule.Origin(s.spec, s.usage), places(s.spec, "the key's spec")...),
	}
	if s.usage.Range.Filename == "" {
		problem.Range = s.spec.Range
		problem.Evidence = rule.Origin(s.spec)
	}
	if usage, ok := onlyUsage(s.spec); ok && s.usage.Absent() {
		problem.Fix = func() []finding.Edit { return fix.Set(s.key.Resource, attrUsage, s.usage, fmt.Sprintf("%q", usage)) }
	}
	p.Report(problem)
}

func usageMessage(s shape) string {
	follows := "Plan and validate pass, then CreateKey refuses the key in the middle of the apply."
	if recent(s.spec) {
		follows = "CreateKey refuses the key in the middle of the apply."
	}
	if s.usage.Absent() {
		return fmt.Sprintf("`%s` is a key %s without `%s`, and the default, `%s`, is not for such keys%s. %s",
			s.key.Address, kind(s.spec), attrUsage, encryptDecrypt, legal(s.spec), follows)
	}
	return fmt.Sprintf("`%s` is a key %s whose `%s` cannot be %s%s. %s",
		s.key.Address, kind(s.spec), attrUsage, orElse(shown(s.usage, encryptDecrypt), "what is written"), legal(s.spec), follows)
}

// legal lists the usages of a spec in words.
func legal(spec terraform.Value) string {
	specs := candidates(spec, symmetric, nil)
	if len(specs) != 1 {
		return ""
	}
	var names []string
	for _, usage := range usages[specs[0]] {
		names = append(names, "`"+usage+"`")
	}
	last := len(names) - 1
	if last < 1 {
		return ": KMS accepts " + strings.Join(names, "")
	}
	return ": KMS accepts " + strings.Join(names[:last], ", ") + " or " + names[last]
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// checkStore tells whether it reported a spec that no custom key store has, whose usage then does not matter.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
func checkStore(p *rule.Pass, s shape) (specRefused bool) {
	stored := rule.Condition{Attribute: attrStore, Value: s.store, Holds: s.store.Set()}
	if p.Decide(s.key.Resource, managed(s.key, attrStore, attrMulti), stored,
		rule.Condition{Attribute: attrMulti, Value: s.multi, Holds: s.multi.IsTrue()}) {
		p.Report(rule.Problem{
			Resource: s.key.Resource, Attribute: attrMulti, Range: s.multi.Range,
			Message: fmt.Sprintf("`%s` is a multi-Region key in a custom key store, which KMS does not offer. Plan and validate "+
				"pass, then CreateKey refuses the key in the middle of the apply.", s.key.Address),
			Evidence: append(rule.Origin(s.multi), places(s.store, "the custom key store")...),
		})
	}
	specRefused = p.Decide(s.key.Resource, managed(s.key, attrStore, s.specName), stored,
		rule.Condition{Attribute: s.specName, Value: s.spec, Holds: asymmetric(s.spec)})
	if specRefused {
		p.Report(rule.Problem{
			Resource: s.key.Resource, Attribute: s.specName, Range: s.spec.Range,
			Message: fmt.Sprintf("`%s` is a key %s in a custom key store, which holds only symmetric encryption keys. Plan and "+
				"validate pass, then CreateKey refuses the key in the middle of the apply.", s.key.Address, kind(s.spec)),
			Evidence: append(rule.Origin(s.spec), places(s.store, "the custom key store")...),
		})
	}
	return specRefused
}

// asymmetric is True for a spec that is certainly another one than the symmetric.
func asymmetric(spec terraform.Value) terraform.Truth {
	var each []terraform.Truth
	for _, text := range candidates(spec, symmetric, specs) {
		holds := terraform.False
		if usages[text] != nil && text != symmetric {
			holds = terraform.True
		}
		each = append(each, holds)
	}
	return agreed(each)
}

// checkXKS says nothing where a value is not known: the provider looks at both in every plan, and does so whatever
// ignore_changes says.
func checkXKS(p *rule.Pass, s shape) {
	if s.xks.Set() != terraform.True || !s.store.Absent() {
		return
	}
	p.Report(rule.Problem{
		Resource: s.key.Resource, Attribute: attrXKS, Range: s.xks.Range,
		Message: fmt.Sprintf("`%s` names a key of an external key store without `%s`. The provider requires both together, so "+
			"`terraform validate` and every plan fail.", s.key.Address, attrStore),
		Evidence: rule.Origin(s.xks),
	})
}
