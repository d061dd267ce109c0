package identifier

import (
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// argument is what a service is given as its key, in a form that is certain.
type argument struct {
	resource *terraform.Resource
	row      *services.Row
	value    terraform.Value
	form     services.Form
}

// arguments lists what services are given as keys in the rows that are wanted, as far as Terraform manages it after the
// creation.
func arguments(p *rule.Pass, wanted func(*services.Row) bool) []argument {
	var all []argument
	rows := services.All()
	for i := range rows {
		row := &rows[i]
		if !wanted(row) {
			continue
		}
		for _, r := range p.Head.OfType(row.Type) {
			if r.Ignores(row.Top()) {
				continue
			}
			for _, v := range kms.ValuesAt(r, row.Path) {
				if form := formOf(p, v, r); form != 0 {
					all = append(all, argument{r, row, v, form})
				}
			}
		}
	}
	return all
}

// formOf is the form in which a value names a key; 0 where it is not certain. What is read from another service's
// argument is not: it may be what AWS answered, instead of what is written there.
func formOf(p *rule.Pass, v terraform.Value, from *terraform.Resource) services.Form {
	if v.Absent() || !direct(v) {
		return 0
	}
	keys, form, truth := p.Head.Target(v, from)
	text, literal := v.Text()
	switch {
	case form == services.KeyID && literal && !keyID.MatchString(text):
		return 0 // a placeholder, or something that nobody can read
	case form == services.KeyARN && literal && strings.Contains(text, ":key/mrk-"),
		form == services.KeyARN && truth == terraform.True && multiRegion(keys[0]) == terraform.True:
		return services.MultiRegionARN
	}
	return form
}

// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
var keyID = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

// direct tells that a value is spelled out, or refers to a resource or data source of KMS.
func direct(v terraform.Value) bool {
	if v.Reference != nil {
		for _, r := range v.Reference.Resources() {
			if !strings.HasPrefix(r.Type, "aws_kms_") {
				return false
			}
		}
		return true
	}
	choices, _ := v.Choices()
	for _, choice := range choices {
		if !direct(choice) {
			return false
		}
	}
	return true
}

// multiRegion tells whether a key is one of several with the same id.
func multiRegion(key *kms.Key) terraform.Truth {
	switch key.Type {
	case "aws_kms_replica_key", "aws_kms_replica_external_key":
		return terraform.True
	}
	return key.Attr("multi_region").IsTrue()
}

// reported is the problem of an argument, without what is wrong with it.
func (a argument) reported(message string) rule.Problem {
	return rule.Problem{
		Resource: a.resource, Attribute: a.row.Path, Discriminator: name(a.value), Range: a.value.Range,
		Message: message, Evidence: rule.Origin(a.value),
		Fix: func() []finding.Edit { return rename(a.resource, a.value, toARN) },
	}
}

func name(v terraform.Value) string {
	if v.Reference != nil {
		return v.Reference.String()
	}
	text, _ := v.Text()
	return text
}

// attributeOfKMS is a reference to a resource or data source of KMS.
var attributeOfKMS = regexp.MustCompile(`^((?:data\.)?(aws_kms_\w+)\.[\w-]+(?:\[[^\[\]]+\])?\.)(?:arn|id|key_id|name|target_key_id)$`)

// rename writes another attribute where a value is a reference to one of a key or an alias. Behind a local, a variable
// or an output others may stand that need the form which is written there, so there is no edit.
func rename(r *terraform.Resource, v terraform.Value, to func(typ string) string) []finding.Edit {
	return fix.Rewrite(r.SourceOf(v.Range), v.Range, func(text string) string {
		m := attributeOfKMS.FindStringSubmatch(text)
		if m == nil || to(m[2]) == "" {
			return text
		}
		return m[1] + to(m[2])
	})
}

// toARN is the attribute with the key's ARN, of each type. An alias has it too, so the alias stays in the code.
func toARN(typ string) string {
	if typ == "aws_kms_alias" {
		return "target_key_arn"
	}
	return "arn"
}
