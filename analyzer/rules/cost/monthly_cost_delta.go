package cost

import (
	_ "embed"
	"fmt"

	bill "github.com/kms-review/kms-review/analyzer/cost"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed monthly_cost_delta.txtar
var monthlyCostDeltaSpec string

// MonthlyCostDelta reports what a change does to the monthly bill. The check run says that of every change, so the rule
// is for those who want it on the lines.
var MonthlyCostDelta = rule.Rule{
	ID: "KMS701", Name: "monthly-cost-delta",
	Title:        "This change alters what keys cost a month",
	Severity:     finding.Low,
	Hazard:       true,
	OffByDefault: true,
	References: []string{"https://aws.amazon.com/kms/pricing/",
		"https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"},
	Compliance: []string{"AWS Well-Architected COST02", "AWS Well-Architected COST05"},
	Spec:       monthlyCostDeltaSpec,
	Check:      checkMonthlyCostDelta,
}

func checkMonthlyCostDelta(p *rule.Pass) {
	for _, line := range bill.Lines(p.Base, p.Head) {
		if line.USD == 0 || line.Each {
			continue
		}
		p.Report(rule.Problem{
			Resource: line.Resource, AtBase: line.AtBase, Attribute: "cost",
			Message: fmt.Sprintf("`%s`: %s. The bill changes by USD %+.2f a month, requests aside, which cost USD 0.03 for 10,000 "+
				"beyond the first 20,000 of a month.", line.Resource.Address, line.Change, line.USD),
		})
	}
}
