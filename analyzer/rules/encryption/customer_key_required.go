package encryption

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed customer_key_required.txtar
var customerKeyRequiredSpec string

// CustomerKeyRequired reports what is encrypted with a key of AWS where a key of one's own could be. It is for
// organisations whose policy demands that: nothing is unencrypted.
var CustomerKeyRequired = rule.Rule{
	ID: "KMS507", Name: "customer-key-required",
	Title:        "Encrypted with a key of AWS where the policy demands a customer managed key",
	Severity:     finding.High,
	OffByDefault: true,
	References: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-mgmt",
		"https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_rest_key_mgmt.html"},
	Compliance: []string{"AWS Well-Architected SEC08-BP01", "NIST SP 800-53 SC-12, SC-28(1)"},
	Spec:       customerKeyRequiredSpec,
	Check:      checkCustomerKey,
	Demands:    demands,
}

// demands lists the types of the table, or those of them that the settings name.
func demands(o rule.Options, all bool) []string {
	if !all {
		return o.CustomerKeyRequired
	}
	var types []string
	for _, row := range services.All() {
		if n := len(types); n == 0 || types[n-1] != row.Type {
			types = append(types, row.Type)
		}
	}
	return types
}

func checkCustomerKey(p *rule.Pass) {
	types := demands(p.Options, !p.Partly)
	rows := services.All()
	for i := range rows {
		if row := &rows[i]; !row.Signs && slices.Contains(types, row.Type) {
			for _, r := range p.Head.OfType(row.Type) {
				if !r.Ignores(row.Top()) && !forLogs(p, r) {
					demandKey(p, r, row)
				}
			}
		}
	}
}

// demandKey judges the arguments of a row, and reports the first that is wrong.
func demandKey(p *rule.Pass, r *terraform.Resource, row *services.Row) {
	outer, rest := holder(row)
	places, _ := kms.Places(r, outer)
	for _, place := range places {
		key := place.Value(rest)
		exists := rule.Condition{Attribute: row.Path, Value: terraform.Value{Range: place.Header, Reason: place.Reason}, Holds: place.Exists}
		problem := rule.Problem{Resource: r, Attribute: row.Path, Range: key.Range}
		switch {
		case kms.AWSManaged(key) && p.Decide(r, exists):
			problem.Message = fmt.Sprintf("`%s` names a key of AWS in `%s`, and a customer managed key is required. "+
				"Nobody but AWS sets the policy, the rotation and the end of that one.", r.Address, row.Path)
		case judgedWithout(row) && p.Decide(r, append(keyless(p, r, row, place, outer), exists, rule.Condition{Attribute: row.Path, Value: key, Holds: named(key).Not()})...):
			problem.Message = fmt.Sprintf("%s is not encrypted with a customer managed key: %s%s. %s.", subject(r, row), missing(row), otherwise(row), advice(row))
		default:
			continue
		}
		if problem.Range.Filename == "" && place.Part.Filename != "" {
			problem.Range = place.Header
		}
		p.Report(problem)
		return
	}
}

// subject is what the argument would encrypt, where that is not the resource's own data.
func subject(r *terraform.Resource, row *services.Row) string {
	switch {
	case strings.HasSuffix(row.Path, "_secret_kms_key_id"):
		return "The secret with the password of `" + r.Address + "`"
	case row.Path == "performance_insights_kms_key_id":
		return "What Performance Insights keeps of `" + r.Address + "`"
	}
	return "`" + r.Address + "`"
}

// missing says what does not name a key.
func missing(row *services.Row) string {
	if row.Type == "aws_s3_bucket" {
		return "no `aws_s3_bucket_server_side_encryption_configuration` is there for it"
	}
	return "`" + row.Path + "` is not set"
}

// holder is the path of the places that have to name a key, and the way from there: the block that the argument stands
// in has to be there, unless it does nothing but encrypt what the resource has anyhow.
func holder(row *services.Row) (outer, rest string) {
	path := strings.Split(row.Path, ".")
	n := len(path) - 1
	if i := slices.Index(path, row.Own); row.Own != "" && i >= 0 {
		n = i
	}
	return strings.Join(path[:n], "."), strings.Join(path[n:], ".")
}
