package replacement

import "github.com/kms-review/kms-review/analyzer/finding"

// effect is what it means that a switch goes off in place, or in a resource whose replacement loses no data.
type effect struct {
	typ, path string
	inverted  bool // the switch turns encryption off
	severity  finding.Severity
	now       string // completes "from the next apply on, ..."
}

// effects are the switches with a meaning that AWS documents. Who else encrypts anyway, or what a switch only asks of
// somebody else's bucket, is not among them.
//   - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
//   - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html
//   - https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_CreateNFSFileShare.html
//   - https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html
var effects = []effect{
	{typ: "aws_api_gateway_method_settings", path: "settings.cache_data_encrypted", severity: finding.High, now: "the cached responses are stored in plain text"},
	{typ: "aws_appsync_api_cache", path: "at_rest_encryption_enabled", severity: finding.High, now: "a new cache keeps the responses in plain text"},
	{typ: "aws_codebuild_project", path: "artifacts.encryption_disabled", inverted: true, severity: finding.Medium, now: "CodeBuild writes its artifacts without encrypting them with a key"},
	{typ: "aws_codebuild_project", path: "logs_config.s3_logs.encryption_disabled", inverted: true, severity: finding.Medium, now: "CodeBuild writes its logs without encrypting them with a key"},
	{typ: "aws_codebuild_report_group", path: "export_config.s3_destination.encryption_disabled", inverted: true, severity: finding.Medium, now: "CodeBuild writes its reports without encrypting them with a key"},
	{typ: "aws_dax_cluster", path: "server_side_encryption.enabled", severity: finding.Critical, now: "a new cluster keeps the table's items in plain text"},
	{typ: "aws_dynamodb_table", path: "server_side_encryption.enabled", severity: finding.Medium, now: "the table is encrypted with a key of AWS's that nobody in the account sees or controls"},
	{typ: "aws_ebs_encryption_by_default", path: "enabled", severity: finding.High, now: "new volumes and copies of snapshots in the account's Region are plain unless each of them asks for encryption"},
	{typ: "aws_glue_data_catalog_encryption_settings", path: "data_catalog_encryption_settings.connection_password_encryption.return_connection_password_encrypted", severity: finding.High, now: "Glue hands out the passwords of connections in plain text"},
	{typ: "aws_kinesis_stream", path: "encryption_type", severity: finding.Critical, now: "the stream stores new records in plain text"},
	{typ: "aws_launch_template", path: "block_device_mappings.ebs.encrypted", severity: finding.Medium, now: "the volumes of new instances are plain unless their image or the account's default says otherwise"},
	{typ: "aws_sqs_queue", path: "sqs_managed_sse_enabled", severity: finding.Critical, now: "the queue stores new messages in plain text"},
	{typ: "aws_storagegateway_nfs_file_share", path: "kms_encrypted", severity: finding.Medium, now: "the share writes its objects with a key of S3's in place of one of KMS's"},
	{typ: "aws_storagegateway_smb_file_share", path: "kms_encrypted", severity: finding.Medium, now: "the share writes its objects with a key of S3's in place of one of KMS's"},
}

// effectOf is the meaning of a switch going off; nil for one that has none here.
func effectOf(c change) *effect {
	for i := range effects {
		e := &effects[i]
		if e.typ == c.resource.Type && e.path == c.path && (c.kind == switchedOff && !e.inverted || c.kind == switchGone && !e.inverted || c.kind == switchedOn && e.inverted) {
			return e
		}
	}
	return nil
}

// ending is a switch that has nothing to say while there is a key, and then says that nothing encrypts.
type ending struct {
	typ, key, path, off string
	severity            finding.Severity
	now                 string // completes "from the next apply on, ..."
}

// endings are documented as the effects are.
//   - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
//   - https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html
var endings = []ending{
	{"aws_sqs_queue", "kms_master_key_id", "sqs_managed_sse_enabled", "false", finding.Critical, "the queue stores new messages in plain text"},
	{"aws_glue_data_catalog_encryption_settings", "data_catalog_encryption_settings.encryption_at_rest.sse_aws_kms_key_id", "data_catalog_encryption_settings.encryption_at_rest.catalog_encryption_mode", "DISABLED", finding.High, "Glue stores what is new in the data catalog in plain text"},
}

// endOf is the switch that certainly leaves nothing, of a change that takes the key away; nil for none.
func endOf(c change) *ending {
	for i := range endings {
		e := &endings[i]
		if off, _ := at(c.resource, e.path); e.typ == c.resource.Type && e.key == c.path && off.is(e.off) {
			return e
		}
	}
	return nil
}
