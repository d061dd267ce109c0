// Package rules owns the list of the rules: which there are, in which order, and how they are found by name.
package rules

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/rules/consumer"
	"github.com/kms-review/kms-review/analyzer/rules/cost"
	"github.com/kms-review/kms-review/analyzer/rules/encryption"
	"github.com/kms-review/kms-review/analyzer/rules/identifier"
	"github.com/kms-review/kms-review/analyzer/rules/keypolicy"
	"github.com/kms-review/kms-review/analyzer/rules/keyshape"
	"github.com/kms-review/kms-review/analyzer/rules/lifecycle"
	"github.com/kms-review/kms-review/analyzer/rules/multiregion"
	"github.com/kms-review/kms-review/analyzer/rules/policychange"
	"github.com/kms-review/kms-review/analyzer/rules/replacement"
	"github.com/kms-review/kms-review/analyzer/rules/rotation"
	"github.com/kms-review/kms-review/analyzer/rules/statement"
)

// All lists the rules by ID. It is written out, so that a rule that is not in it does not exist.
func All() []rule.Rule {
	return []rule.Rule{
		rotation.RotationDisabled,
		rotation.RotationUnsupported,
		rotation.RotationPeriodIneffective,
		rotation.RotationTurnedOff,
		keyshape.InvalidKeyShape,
		consumer.WrongKeyTypeForService,
		keyshape.KeyMaterialInConfig,
		lifecycle.ImportedKeyDisabledOrExpiring,
		keypolicy.PublicKeyPolicy,
		keypolicy.WeakLimitingCondition,
		keypolicy.PolicyLockout,
		keypolicy.RootDelegationMissing,
		statement.StatementIneffective,
		statement.UnknownAction,
		statement.InvalidPrincipal,
		keypolicy.DutiesNotSeparated,
		keypolicy.UnrestrictedCreateGrant,
		keypolicy.ConfusedDeputy,
		keypolicy.UntrustedCrossAccount,
		statement.PolicyLimits,
		statement.PolicyManagedTwice,
		statement.PolicyDocumentMergeHazard,
		statement.IAMDecryptAllKeys,
		keypolicy.NoExplicitPolicy,
		lifecycle.WeakDeletionSafety,
		lifecycle.DisabledKeyInUse,
		identifier.AliasARNNotIdempotent,
		identifier.IdentifierFormRejected,
		identifier.AliasInvalid,
		identifier.KeyRegionMismatch,
		encryption.KeySetButIgnored,
		encryption.EncryptionOff,
		keypolicy.ServiceCannotUseKey,
		encryption.S3BucketKey,
		encryption.S3ReplicationSkipsKMS,
		encryption.S3LogTargetKMS,
		encryption.CustomerKeyRequired,
		multiregion.ReplicaInvalid,
		multiregion.ReplicaPolicyDrift,
		multiregion.MultiRegionWithoutNeed,
		cost.MonthlyCostDelta,
		lifecycle.KeyDestroyed,
		lifecycle.KeyDestroyedConsumerKeepsIt,
		lifecycle.KeyReplaced,
		policychange.PolicyWidened,
		policychange.RootDelegationRemoved,
		policychange.KeyPolicyDetached,
		replacement.ConsumerReplacedDataLoss,
		replacement.EncryptionRemoved,
		lifecycle.AliasChanged,
		lifecycle.SafetyRailRemoved,
	}
}

// Default lists the rules that run where no settings say otherwise.
func Default() []rule.Rule {
	var on []rule.Rule
	for _, r := range All() {
		if !r.OffByDefault {
			on = append(on, r)
		}
	}
	return on
}

// ByID finds a rule by its ID or its name, in any case.
func ByID(key string) (rule.Rule, bool) {
	for _, r := range All() {
		if strings.EqualFold(r.ID, key) || strings.EqualFold(r.Name, key) {
			return r, true
		}
	}
	return rule.Rule{}, false
}
