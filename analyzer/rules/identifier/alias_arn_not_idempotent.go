package identifier

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed alias_arn_not_idempotent.txtar
var aliasARNNotIdempotentSpec string

// AliasARNNotIdempotent reports an alias where AWS answers with the key's ARN, so that no plan is ever empty.
var AliasARNNotIdempotent = rule.Rule{
	ID: "KMS401", Name: "alias-arn-not-idempotent",
	Title:    "Alias given to an argument that AWS answers with the key's ARN",
	Severity: finding.Critical,
	References: []string{
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_alias",
		"https://github.com/hashicorp/terraform-provider-aws/issues/38780",
		"https://github.com/hashicorp/terraform-provider-aws/issues/25713",
		"https://github.com/pulumi/pulumi-aws/issues/999",
	},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       aliasARNNotIdempotentSpec,
	Check:      checkAliasNotIdempotent,
}

func checkAliasNotIdempotent(p *rule.Pass) {
	for _, a := range arguments(p, answersARN) {
		if a.form&(services.AliasARN|services.AliasName) == 0 || !a.row.Accepts.Has(a.form) {
			continue
		}
		problem := a.reported(fmt.Sprintf("`%s` names an alias in `%s`, and AWS answers with the ARN of the key behind it: after the first apply, "+
			"%s. Name the key's ARN instead; `target_key_arn` of the alias keeps the alias in the code.",
			a.resource.Address, a.row.Path, everyPlan(a.row, a.row.Alias == services.AliasReplaces)))
		if a.row.Alias == services.AliasDiffers {
			problem.Severity = finding.Medium
		}
		p.Report(problem)
	}
}

// answersARN tells that a service was seen to store the ARN of the key, whatever it is given.
func answersARN(row *services.Row) bool {
	return row.Alias == services.AliasReplaces || row.Alias == services.AliasDiffers
}

// everyPlan is a clause about a difference that no apply removes.
func everyPlan(row *services.Row, replaces bool) string {
	switch {
	case replaces && row.Loss == services.LosesData:
		return "every plan sees a difference and destroys and recreates the resource, with the data in it"
	case replaces:
		return "every plan sees a difference and destroys and recreates the resource"
	default:
		return "every plan shows a change that no apply settles"
	}
}
