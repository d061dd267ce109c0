package services

import "strings"

// RegionBy is the path of the argument that says in which Region the key has to be, by name or by the bucket that it
// names; "" where no argument does. It stands in the block of the key, or in one around it.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs
func (r *Row) RegionBy() string {
	beside := r.Path[:len(r.Path)-len(r.Attribute())]
	switch r.Type {
	case "aws_cloudtrail":
		return "s3_bucket_name"
	case "aws_db_snapshot_copy":
		return "destination_region"
	case "aws_dlm_lifecycle_policy":
		return beside + "target"
	case "aws_dynamodb_table":
		return beside + "region_name"
	case "aws_efs_replication_configuration", "aws_secretsmanager_secret":
		return beside + "region"
	case "aws_kinesis_firehose_delivery_stream":
		return beside + "bucket_arn"
	case "aws_macie2_classification_export_configuration":
		return beside + "bucket_name"
	case "aws_s3_bucket", "aws_s3_bucket_replication_configuration":
		return r.Path[:strings.LastIndex(r.Path, "destination.")] + "destination.bucket"
	}
	return ""
}
