package multiregion

import (
	_ "embed"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed multi_region_without_need.txtar
var withoutNeedSpec string

// MultiRegionWithoutNeed reports a multi-Region key that serves nobody who could tell.
var MultiRegionWithoutNeed = rule.Rule{
	ID: "KMS603", Name: "multi-region-without-need",
	Title:      "Multi-Region key that only AWS services use",
	Severity:   finding.Low,
	References: []string{overview, "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"},
	Compliance: []string{"NIST SP 800-53 SA-9(6)"},
	Spec:       withoutNeedSpec,
	Check:      checkWithoutNeed,
}

const attrMulti = "multi_region"

func checkWithoutNeed(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		multi := key.Attr(attrMulti) // which a replica does not have
		if multi.IsTrue() == terraform.False || len(key.Uses()) == 0 || mayBeReplicated(p.Head, key) || !onlyServices(key) ||
			!p.Decide(key.Resource, rule.Condition{Attribute: attrMulti, Value: multi, Holds: multi.IsTrue()}) {
			continue
		}
		p.Report(rule.Problem{
			Resource: key.Resource, Attribute: attrMulti, Range: multi.Range,
			Message: fmt.Sprintf("`%s` is a multi-Region key without a replica, and all that uses it here are AWS services, which take it "+
				"for a single-Region key. Replication in S3, DynamoDB, RDS and Secrets Manager takes a key of its own in each Region; "+
				"a multi-Region key shares its material across Regions and cannot be turned back.", key.Address),
			Evidence: []rule.Evidence{{Range: key.Uses()[0].Value.Range, Note: fmt.Sprintf("`%s` uses it", key.Uses()[0].Consumer.Address)}},
		})
	}
}

// mayBeReplicated tells that some replica is, or may be, one of this key.
func mayBeReplicated(s *kms.Snapshot, key *kms.Key) bool {
	for _, other := range s.Keys {
		if replica(other) && (other.Primary() == key || other.Primary() == nil) {
			return true
		}
	}
	return false
}

// onlyServices tells that nobody but AWS services is given the key: no client, no output, no policy of an identity.
func onlyServices(key *kms.Key) bool {
	for _, kind := range key.Referrers() {
		if kind != "aws_kms_alias" && kind != "aws_kms_key_policy" && len(services.Of(kind)) == 0 {
			return false
		}
	}
	return true
}
