package keyshape

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// KMS accepts waiting periods of 7 to 30 days.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
const (
	minWindow = 7
	maxWindow = 30
)

// checkWindow says nothing of a period that is not known: the provider looks at it in every plan, and does so whatever
// ignore_changes says.
func checkWindow(p *rule.Pass, key *kms.Key) {
	window := key.Attr(attrWindow)
	days, ok := window.Int()
	if !ok || minWindow <= days && days <= maxWindow {
		return
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrWindow, Range: window.Range,
		Message: fmt.Sprintf("`%s` sets `%s` to %d, and KMS accepts %d to %d days. The provider refuses the value, so "+
			"`terraform validate` and every plan fail.", key.Address, attrWindow, days, minWindow, maxWindow),
		Evidence: rule.Origin(window),
	})
}

// places points at a value's line, if it is written.
func places(v terraform.Value, note string) []rule.Evidence {
	if v.Range == (hcl.Range{}) {
		return nil
	}
	return []rule.Evidence{{Range: v.Range, Note: note}}
}
