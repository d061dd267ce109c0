package services

import "slices"

// Principal is a service that calls KMS under its own name, so that the key's policy has to let it. Services without
// one act with the permissions of whoever calls them, or by a grant: they need no statement, and get none.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
type Principal struct {
	Name    string   // "logs.<region>.amazonaws.com"
	Paths   []string // the arguments whose key it must be able to use: "aws_cloudtrail.kms_key_id"
	Sender  bool     // only where a Delivery of that service goes to the topic, queue or bucket
	Actions []string // those of the service's guide
	Must    []string // those of them without which it certainly does not work
	Creates bool     // without the permission the resource cannot be created; otherwise it fails silently later
	Source  string   // URL
}

// Principals lists the services that must be able to use the key of an argument.
func (r *Row) Principals() []Principal {
	var found []Principal
	for _, p := range principals {
		if slices.Contains(p.Paths, r.Type+"."+r.Path) {
			found = append(found, p)
		}
	}
	return found
}

var principals = []Principal{
	{
		Name:    "logs.<region>.amazonaws.com",
		Paths:   []string{"aws_cloudwatch_log_group.kms_key_id"},
		Actions: []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Creates: true, Source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
	},
	{
		Name: "logs.<region>.amazonaws.com",
		Paths: []string{
			"aws_cloudwatch_log_anomaly_detector.kms_key_id",
			"aws_glue_security_configuration.encryption_configuration.cloudwatch_encryption.kms_key_arn",
		},
		Actions: []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
		Source:  "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
	},
	{
		Name:    "cloudtrail.amazonaws.com",
		Paths:   []string{"aws_cloudtrail.kms_key_id"},
		Actions: []string{"kms:GenerateDataKey*", "kms:DescribeKey"},
		Must:    []string{"kms:GenerateDataKey"},
		Creates: true, Source: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
	},
	{
		Name:    "cloudtrail.amazonaws.com",
		Paths:   []string{"aws_cloudtrail_event_data_store.kms_key_id"},
		Actions: []string{"kms:GenerateDataKey", "kms:Decrypt"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Creates: true, Source: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
	},
	{
		Name:    "config.amazonaws.com",
		Paths:   []string{"aws_config_delivery_channel.s3_kms_key_arn"},
		Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html",
	},
	{
		Name:    "guardduty.amazonaws.com",
		Paths:   []string{"aws_guardduty_publishing_destination.kms_key_arn"},
		Actions: []string{"kms:GenerateDataKey"},
		Must:    []string{"kms:GenerateDataKey"},
		Creates: true, Source: "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html",
	},
	{
		Name:    "dnssec-route53.amazonaws.com",
		Paths:   []string{"aws_route53_key_signing_key.key_management_service_arn"},
		Actions: []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:CreateGrant"},
		Must:    []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"},
		Creates: true, Source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/access-control-managing-permissions.html",
	},
	{
		Name: "s3.amazonaws.com", Sender: true,
		Paths:   []string{"aws_sns_topic.kms_master_key_id", "aws_sqs_queue.kms_master_key_id"},
		Actions: []string{"kms:GenerateDataKey", "kms:Decrypt"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
	},
	{
		Name: "events.amazonaws.com", Sender: true,
		Paths:   []string{"aws_sns_topic.kms_master_key_id", "aws_sqs_queue.kms_master_key_id"},
		Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html",
	},
	{
		Name: "cloudwatch.amazonaws.com", Sender: true,
		Paths:   []string{"aws_sns_topic.kms_master_key_id"},
		Actions: []string{"kms:Decrypt", "kms:GenerateDataKey*"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
	},
	{
		Name: "sns.amazonaws.com", Sender: true,
		Paths:   []string{"aws_sqs_queue.kms_master_key_id"},
		Actions: []string{"kms:GenerateDataKey*", "kms:Decrypt"},
		Must:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html",
	},
	{
		Name: "delivery.logs.amazonaws.com", Sender: true, Paths: bucketKeys,
		Actions: []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"},
		Must:    []string{"kms:GenerateDataKey"},
		Source:  "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html",
	},
	{
		Name: "cloudfront.amazonaws.com", Sender: true, Paths: bucketKeys,
		Actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"},
		Must:    []string{"kms:Decrypt"},
		Source:  "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html",
	},
}

// bucketKeys are the keys that a bucket encrypts with by default.
var bucketKeys = []string{
	"aws_s3_bucket.server_side_encryption_configuration.rule.apply_server_side_encryption_by_default.kms_master_key_id",
	"aws_s3_bucket_server_side_encryption_configuration.rule.apply_server_side_encryption_by_default.kms_master_key_id",
}
