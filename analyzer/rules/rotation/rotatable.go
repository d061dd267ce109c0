package rotation

import (
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

const (
	attrRotation = "enable_key_rotation"
	attrPeriod   = "rotation_period_in_days"
	attrSpec     = "customer_master_key_spec"
	attrUsage    = "key_usage"
	attrStore    = "custom_key_store_id"
	attrEnabled  = "is_enabled"
)

const (
	rotateGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"
	keyResource = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key"
)

// rotationControls are the controls that ask for rotation.
var rotationControls = []string{"CIS AWS Foundations 3.6 (v5), 4.6 (v7)", "AWS Security Hub KMS.4", "AWS Control Tower CT.KMS.PR.1",
	"PCI DSS v4 3.7.4", "NIST SP 800-53 SC-12, SC-12(2)", "ISO 27001 A.8.24", "AWS Well-Architected SEC08-BP01"}

// keysOf lists the keys that Terraform lets rotate: only aws_kms_key has the argument.
func keysOf(s *kms.Snapshot) []*kms.Key {
	var keys []*kms.Key
	for _, key := range s.Keys {
		if key.Type == "aws_kms_key" {
			keys = append(keys, key)
		}
	}
	return keys
}

// rotatable are the conditions for AWS to accept automatic rotation: a symmetric encryption key with material
// that KMS made, outside of a custom key store, enabled. On any other key switching it on makes apply fail.
func rotatable(key *kms.Key) []rule.Condition {
	spec, usage, store, enabled := key.Attr(attrSpec), key.Attr(attrUsage), key.Attr(attrStore), key.Attr(attrEnabled)
	return []rule.Condition{
		{Attribute: attrSpec, Value: spec, Holds: terraform.Any(spec.IsAbsent(), spec.IsString("SYMMETRIC_DEFAULT"))},
		{Attribute: attrUsage, Value: usage, Holds: terraform.Any(usage.IsAbsent(), usage.IsString("ENCRYPT_DECRYPT"))},
		{Attribute: attrStore, Value: store, Holds: store.IsAbsent()},
		{Attribute: attrEnabled, Value: enabled, Holds: terraform.Any(enabled.IsAbsent(), enabled.IsTrue())},
	}
}

// managed is the condition that Terraform acts on a change of the rotation at all.
func managed(key *kms.Key) rule.Condition {
	holds := terraform.True
	if key.Ignores(attrRotation) {
		holds = terraform.False
	}
	return rule.Condition{Attribute: attrRotation, Value: key.Attr(attrRotation), Holds: holds}
}

// off is the condition that an argument is false, or left to a default of false.
func off(attribute string, v terraform.Value) rule.Condition {
	return rule.Condition{Attribute: attribute, Value: v, Holds: terraform.Any(v.IsAbsent(), v.IsFalse())}
}

// state says in words how an argument that is off is written.
func state(attribute string, v terraform.Value) string {
	if v.Absent() {
		return "`" + attribute + "` is not set, and its default is `false`"
	}
	return "`" + attribute + "` is `false`"
}

// certain tells that all conditions hold, without noting why not.
func certain(conditions []rule.Condition) bool {
	for _, c := range conditions {
		if c.Holds != terraform.True {
			return false
		}
	}
	return true
}
