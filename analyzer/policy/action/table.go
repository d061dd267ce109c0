package action

// The actions, in the order of the alphabet: their place is their bit.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
const (
	CancelKeyDeletion Set = 1 << iota
	ConnectCustomKeyStore
	CreateAlias
	CreateCustomKeyStore
	CreateGrant
	CreateKey
	Decrypt
	DeleteAlias
	DeleteCustomKeyStore
	DeleteImportedKeyMaterial
	DeriveSharedSecret
	DescribeCustomKeyStores
	DescribeKey
	DisableKey
	DisableKeyRotation
	DisconnectCustomKeyStore
	EnableKey
	EnableKeyRotation
	Encrypt
	GenerateDataKey
	GenerateDataKeyPair
	GenerateDataKeyPairWithoutPlaintext
	GenerateDataKeyWithoutPlaintext
	GenerateMac
	GenerateRandom
	GetKeyLastUsage
	GetKeyPolicy
	GetKeyRotationStatus
	GetParametersForImport
	GetPublicKey
	ImportKeyMaterial
	ListAliases
	ListGrants
	ListKeyPolicies
	ListKeyRotations
	ListKeys
	ListResourceTags
	ListRetirableGrants
	PutKeyPolicy
	ReEncryptFrom
	ReEncryptTo
	ReplicateKey
	RetireGrant
	RevokeGrant
	RotateKeyOnDemand
	ScheduleKeyDeletion
	Sign
	SynchronizeMultiRegionKey
	TagResource
	UntagResource
	UpdateAlias
	UpdateCustomKeyStore
	UpdateKeyDescription
	UpdatePrimaryRegion
	Verify
	VerifyMac

	count = iota
)

var names = [count]string{
	"CancelKeyDeletion", "ConnectCustomKeyStore", "CreateAlias", "CreateCustomKeyStore", "CreateGrant",
	"CreateKey", "Decrypt", "DeleteAlias", "DeleteCustomKeyStore", "DeleteImportedKeyMaterial",
	"DeriveSharedSecret", "DescribeCustomKeyStores", "DescribeKey", "DisableKey", "DisableKeyRotation",
	"DisconnectCustomKeyStore", "EnableKey", "EnableKeyRotation", "Encrypt", "GenerateDataKey",
	"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext",
	"GenerateMac", "GenerateRandom", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus",
	"GetParametersForImport", "GetPublicKey", "ImportKeyMaterial", "ListAliases", "ListGrants",
	"ListKeyPolicies", "ListKeyRotations", "ListKeys", "ListResourceTags", "ListRetirableGrants",
	"PutKeyPolicy", "ReEncryptFrom", "ReEncryptTo", "ReplicateKey", "RetireGrant", "RevokeGrant",
	"RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign", "SynchronizeMultiRegionKey", "TagResource",
	"UntagResource", "UpdateAlias", "UpdateCustomKeyStore", "UpdateKeyDescription", "UpdatePrimaryRegion",
	"Verify", "VerifyMac",
}

// What the actions are for, and what a key policy can do with them. SynchronizeMultiRegionKey is in no class: KMS
// calls it for itself.
const (
	// All holds every action.
	All Set = 1<<count - 1
	// Administration changes the key, its policy or its aliases, and gives no access to data.
	Administration = CancelKeyDeletion | ConnectCustomKeyStore | CreateAlias | CreateCustomKeyStore | CreateKey |
		DeleteAlias | DeleteCustomKeyStore | DeleteImportedKeyMaterial | DisableKey | DisableKeyRotation |
		DisconnectCustomKeyStore | EnableKey | EnableKeyRotation | ImportKeyMaterial | PutKeyPolicy |
		ReplicateKey | RotateKeyOnDemand | ScheduleKeyDeletion | TagResource | UntagResource | UpdateAlias |
		UpdateCustomKeyStore | UpdateKeyDescription | UpdatePrimaryRegion
	// Use is the cryptographic operations.
	Use = Decrypt | DeriveSharedSecret | Encrypt | GenerateDataKey | GenerateDataKeyPair |
		GenerateDataKeyPairWithoutPlaintext | GenerateDataKeyWithoutPlaintext | GenerateMac | ReEncryptFrom |
		ReEncryptTo | Sign | Verify | VerifyMac
	// Grants makes and ends grants, which permit beside the policy.
	Grants = CreateGrant | RetireGrant | RevokeGrant
	// Read looks at the key and changes nothing.
	Read = DescribeCustomKeyStores | DescribeKey | GenerateRandom | GetKeyLastUsage | GetKeyPolicy |
		GetKeyRotationStatus | GetParametersForImport | GetPublicKey | ListAliases | ListGrants |
		ListKeyPolicies | ListKeyRotations | ListKeys | ListResourceTags | ListRetirableGrants
	iamOnly = ConnectCustomKeyStore | CreateCustomKeyStore | CreateKey | DeleteCustomKeyStore |
		DescribeCustomKeyStores | DisconnectCustomKeyStore | GenerateRandom | ListAliases | ListKeys |
		ListRetirableGrants | UpdateCustomKeyStore
	// Effective has an effect in a key policy: the others work on no key, so only IAM policies can permit them.
	Effective = All &^ iamOnly
	// CrossAccount is effective for a principal of another account: the pages of the operations say so under
	// "Cross-account use". https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
	CrossAccount = CreateGrant | Decrypt | DeriveSharedSecret | DescribeKey | Encrypt | GenerateDataKey |
		GenerateDataKeyPair | GenerateDataKeyPairWithoutPlaintext | GenerateDataKeyWithoutPlaintext |
		GenerateMac | GetKeyRotationStatus | GetPublicKey | ListGrants | ReEncryptFrom | ReEncryptTo |
		RetireGrant | RevokeGrant | Sign | Verify | VerifyMac
	// TakesContext is the actions whose requests may have an encryption context, and so the condition keys
	// kms:EncryptionContext:* and kms:EncryptionContextKeys.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
	TakesContext = CreateGrant | Decrypt | Encrypt | GenerateDataKey | GenerateDataKeyPair |
		GenerateDataKeyPairWithoutPlaintext | GenerateDataKeyWithoutPlaintext | ReEncryptFrom | ReEncryptTo |
		RetireGrant
	// TakesGrantResource is the actions whose requests have kms:GrantIsForAWSResource.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
	TakesGrantResource = CreateGrant | ListGrants | RevokeGrant
)
