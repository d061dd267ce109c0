package services

// aToB are the rows of the types that begin with aws_a to aws_b, by type and path.
var aToB = []Row{
	{
		Type: "aws_ami_copy", Path: "kms_key_id",
		Accepts: anyARN, BareID: Replace,
		Change: Replace, Set: Replace, Unset: NoOp, Loss: LosesData,
		Default: AccountDefault,
		Flag:    &Flag{Path: "encrypted", Need: []string{"true"}, Default: "false", FromSource: true},
	},
	{
		Type: "aws_appconfig_configuration_profile", Path: "kms_key_identifier",
		Accepts: anyForm, Alias: AliasKept, BareID: InPlace,
		Change: InPlace, Set: InPlace, Unset: InPlace,
		Default: AWSOwned,
	},
	{
		Type: "aws_appconfig_deployment", Path: "kms_key_identifier",
		Accepts: anyForm, Alias: AliasKeptUnverified, BareID: Replace,
		Change: Replace, Set: Replace, Unset: Replace, Loss: LosesConfig,
		Default: AWSOwned,
	},
	{
		Type: "aws_appfabric_app_bundle", Path: "customer_managed_key_arn",
		Accepts: anyARN,
		Change:  Replace, Set: Replace, Unset: Replace, Loss: LosesConfig,
		Default: AWSOwned,
	},
	{
		Type: "aws_appflow_connector_profile", Path: "kms_arn",
		Accepts: anyARN, BareID: Replace,
		Change: Replace, Set: Replace, Unset: NoOp, Loss: LosesConfig,
	},
	{
		Type: "aws_appflow_flow", Path: "kms_arn",
		Accepts: anyARN, BareID: Replace,
		Change: Replace, Set: Replace, Unset: NoOp, Loss: LosesConfig,
	},
	{
		Type: "aws_appintegrations_data_integration", Path: "kms_key",
		Accepts: anyForm, BareID: InPlace,
		Change: InPlace, Set: InPlace, Unset: InPlace, Loss: LosesConfig,
		Default: Required,
	},
	{
		Type: "aws_apprunner_service", Path: "encryption_configuration.kms_key", Own: "encryption_configuration",
		Accepts: KeyARN, Alias: AliasRejectedByAPI, BareID: Replace,
		Change: Replace, Set: Replace, Unset: Replace, BlockSet: Replace, BlockUnset: Replace, Loss: LosesConfig,
	},
	{
		Type: "aws_athena_database", Path: "encryption_configuration.kms_key",
		Accepts: anyForm, BareID: Replace,
		Change: Replace, Set: Replace, Unset: Replace, BlockSet: Replace, BlockUnset: Replace, Loss: LosesConfig,
		Default: BucketDefault,
		Flag:    &Flag{Path: "encryption_configuration.encryption_option", Need: []string{"SSE_KMS", "CSE_KMS"}, Required: true},
	},
	{
		Type: "aws_athena_workgroup", Path: "configuration.result_configuration.encryption_configuration.kms_key_arn",
		Accepts: anyARN, BareID: InPlace,
		Change: InPlace, Set: InPlace, Unset: InPlace, BlockSet: InPlace, BlockUnset: InPlace,
		Default: BucketDefault,
		Flag:    &Flag{Path: "configuration.result_configuration.encryption_configuration.encryption_option", Need: []string{"SSE_KMS", "CSE_KMS"}, Unwritten: true},
	},
	{
		Type: "aws_auditmanager_account_registration", Path: "kms_key",
		Accepts: anyARN, BareID: InPlace,
		Change: InPlace, Set: InPlace, Unset: InPlace,
		Default: AWSOwned,
	},
	{
		Type: "aws_backup_vault", Path: "kms_key_arn",
		Accepts: anyARN, BareID: Replace,
		Change: Replace, Set: Replace, Unset: NoOp, Loss: LosesData,
		Default: AWSManaged, Managed: "alias/aws/backup",
	},
	{
		Type: "aws_bedrock_custom_model", Path: "custom_model_kms_key_id",
		Accepts: anyARN,
		Change:  Replace, Set: Replace, Unset: Replace, Loss: LosesData,
		Default: AWSOwned,
	},
	{
		Type: "aws_bedrock_guardrail", Path: "kms_key_arn",
		Accepts: anyForm, Alias: AliasKeptUnverified, BareID: InPlace,
		Change: InPlace, Set: InPlace, Unset: InPlace,
		Default: AWSOwned,
	},
	{
		Type: "aws_bedrockagent_agent", Path: "customer_encryption_key_arn",
		Accepts: KeyARN | MultiRegionARN, Alias: AliasRejectedByAPI,
		Change: InPlace, Set: InPlace, Unset: InPlace,
	},
	{
		Type: "aws_bedrockagent_data_source", Path: "server_side_encryption_configuration.kms_key_arn", Own: "server_side_encryption_configuration",
		Accepts: KeyARN | MultiRegionARN, Alias: AliasRejectedByAPI,
		Change: InPlace, Set: InPlace, Unset: InPlace,
		Default: AWSOwned,
	},
	{
		Type: "aws_bedrockagent_prompt", Path: "customer_encryption_key_arn",
		Accepts: KeyARN | MultiRegionARN, Alias: AliasRejectedByAPI,
		Change: InPlace, Set: InPlace, Unset: InPlace,
	},
}
