package identifier

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed identifier_form_rejected.txtar
var identifierFormRejectedSpec string

// IdentifierFormRejected reports a key that is named in a form which the provider or the service does not take.
var IdentifierFormRejected = rule.Rule{
	ID: "KMS402", Name: "identifier-form-rejected",
	Title:      "Key named in a form that the provider or the service rejects",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id",
		"https://github.com/boto/botocore/tree/develop/botocore/data"},
	Spec:  identifierFormRejectedSpec,
	Check: checkIdentifierForm,
}

func checkIdentifierForm(p *rule.Pass) {
	for _, a := range arguments(p, func(*services.Row) bool { return true }) {
		switch {
		case a.row.Signs && a.form&(services.KeyID|services.AliasName) == 0:
			// The forms that the DNSSEC key may have were not asked of the service.
		case !a.row.Accepts.Has(a.form):
			problem := a.reported(fmt.Sprintf("`%s` is given %s in `%s`, which takes %s. The provider or the service rejects it, "+
				"so the resource cannot be made.", a.resource.Address, words(a.form), a.row.Path, accepted(a.row.Accepts)))
			if a.form == services.MultiRegionARN {
				problem.Fix = nil // it takes another key
			}
			p.Report(problem)
		case a.form == services.KeyID && answersARN(a.row) && (a.row.BareID == services.Replace || a.row.BareID == services.InPlace):
			problem := a.reported(fmt.Sprintf("`%s` names a key by its id in `%s`, and AWS answers with the key's ARN: after the first apply, %s. "+
				"Name the key's ARN instead.", a.resource.Address, a.row.Path, everyPlan(a.row, a.row.BareID == services.Replace)))
			problem.Severity = finding.Low
			p.Report(problem)
		}
	}
}

// forms are the forms with their names, in the order in which they are listed.
var forms = []struct {
	form services.Form
	name string
}{
	{services.KeyARN, "a key's ARN"},
	{services.KeyID, "a key's id"},
	{services.AliasName, "an alias's name"},
	{services.AliasARN, "an alias's ARN"},
	{services.MultiRegionARN, "the ARN of a multi-Region key"},
}

func words(form services.Form) string {
	for _, f := range forms {
		if f.form == form {
			return f.name
		}
	}
	return ""
}

func accepted(set services.Form) string {
	var names []string
	for _, f := range forms {
		if set.Has(f.form) && (f.form != services.MultiRegionARN) {
			names = append(names, f.name)
		}
	}
	list := "only " + strings.Join(names, " or ")
	if !set.Has(services.MultiRegionARN) {
		list += ", and of a single-Region key"
	}
	return list
}
