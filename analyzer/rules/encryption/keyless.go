package encryption

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// exports are arguments for what a resource sends elsewhere, or for one of its uses: to leave the key out says nothing of
// the resource's own data. By type and path.
var exports = map[string]bool{
	"aws_dataexchange_event_action.action.export_revision_to_s3.encryption.kms_key_arn":                                           true,
	"aws_devopsguru_service_integration.kms_server_side_encryption.kms_key_id":                                                    true,
	"aws_dms_endpoint.redshift_settings.server_side_encryption_kms_key_id":                                                        true,
	"aws_dms_endpoint.s3_settings.server_side_encryption_kms_key_id":                                                              true,
	"aws_dms_s3_endpoint.server_side_encryption_kms_key_id":                                                                       true,
	"aws_dynamodb_table_export.s3_sse_kms_key_id":                                                                                 true,
	"aws_efs_replication_configuration.destination.kms_key_id":                                                                    true,
	"aws_emr_cluster.log_encryption_kms_key_id":                                                                                   true,
	"aws_lambda_event_source_mapping.kms_key_arn":                                                                                 true,
	"aws_s3_bucket_replication_configuration.rule.destination.encryption_configuration.replica_kms_key_id":                        true,
	"aws_timestreamwrite_table.magnetic_store_write_properties.magnetic_store_rejected_data_location.s3_configuration.kms_key_id": true,
}

// judgedWithout tells that a row's argument that is not written means a key of AWS, and not that of a source, of a bucket
// or of a feature that is not used.
func judgedWithout(row *services.Row) bool {
	if exports[row.Type+"."+row.Path] || row.Flag != nil && row.Flag.FromSource {
		return false
	}
	switch row.Default {
	case services.AWSOwned, services.AWSManaged, services.S3Managed, services.SQSManaged:
		return true
	case services.Unencrypted, services.AccountDefault:
		return row.Flag != nil
	case services.DefaultUnknown:
		return row.Flag != nil || row.Own != "" || !strings.Contains(row.Path, ".")
	case services.BucketDefault:
		return byItself(row) != ""
	case services.FromSource, services.Required:
	}
	return false
}

// byItself is the argument by which something that lies in a bucket says itself how it is encrypted; "" for none.
func byItself(row *services.Row) string {
	switch {
	case row.Flag != nil:
		return row.Flag.Path
	case row.Type == "aws_s3_object" || row.Type == "aws_s3_bucket_object" || row.Type == "aws_s3_object_copy":
		return "server_side_encryption"
	}
	return ""
}

// instead is the condition that it certainly says so, and does not ask for KMS: then the bucket has no say.
func instead(v terraform.Value, path string) rule.Condition {
	c := rule.Condition{Attribute: path, Value: v, Holds: v.IsAbsent().Not()}
	if text, known := v.Text(); known && strings.Contains(strings.ToUpper(text), "KMS") {
		c.Holds = terraform.False
	} else if !known && !v.Absent() {
		c.Holds = terraform.Undecided
	}
	return c
}

// keyless are the conditions under which a place that names no key is encrypted, by nobody else's decision, with a key of
// AWS.
func keyless(p *rule.Pass, r *terraform.Resource, row *services.Row, place kms.Place, outer string) []rule.Condition {
	var all []rule.Condition
	if only := features(row); only != "" {
		v := within(r, place, outer, only)
		all = append(all, rule.Condition{Attribute: only, Value: v, Holds: v.IsTrue()})
	}
	if row.Default == services.BucketDefault {
		all = append(all, instead(within(r, place, outer, byItself(row)), byItself(row)))
	} else if row.Flag != nil {
		if asks := asked(r, row, place, outer); asks != nil {
			all = append(all, *asks)
		}
		all = append(all, sources(r, place, outer, row.Flag.Sources, row.Flag.SourceBlocks)...)
	}
	if row.Default == services.AccountDefault && len(p.Head.OfType("aws_ebs_default_kms_key")) > 0 {
		all = append(all, rule.Condition{Holds: terraform.False})
	}
	return append(all, special(p, r)...)
}

// features names the boolean without which the key has nothing to encrypt; "" for none.
func features(row *services.Row) string {
	switch {
	case row.Type == "aws_docdb_cluster_instance":
		return "enable_performance_insights"
	case row.Path == "performance_insights_kms_key_id":
		return "performance_insights_enabled"
	}
	return row.OnlyWith
}

// asked is the condition that a service which does not always encrypt was told to; nil for the others, whose flag only
// says with which kind of key.
func asked(r *terraform.Resource, row *services.Row, place kms.Place, outer string) *rule.Condition {
	switch row.Default {
	case services.AWSOwned, services.S3Managed, services.SQSManaged:
		return nil
	case services.Unencrypted:
		if row.OnlyWith != "" {
			return nil // which decides
		}
	case services.DefaultUnknown, services.AWSManaged, services.BucketDefault, services.AccountDefault, services.FromSource, services.Required:
	}
	c := &rule.Condition{Attribute: row.Flag.Path, Value: within(r, place, outer, row.Flag.Path)}
	c.Holds = on(c.Value, row)
	if row.Flag.Or != "" {
		c.Holds = terraform.Any(c.Holds, on(within(r, place, outer, row.Flag.Or), row))
	}
	if name, known := r.Attr("engine").Text(); known && row.Type == "aws_rds_cluster" && strings.HasPrefix(name, "aurora") {
		c.Holds = terraform.True // every cluster since February 2026; an older one has no key of its own either
	}
	return c
}

func on(v terraform.Value, row *services.Row) terraform.Truth {
	if v.Absent() {
		byDefault := slices.Contains(row.Flag.Need, row.Flag.Default) || row.Type == "aws_redshift_cluster"
		if byDefault {
			return terraform.True
		}
		return terraform.False
	}
	var any []terraform.Truth
	for _, need := range row.Flag.Need {
		any = append(any, is(v, need))
	}
	return terraform.Any(any...)
}

// within reads an argument, by its path from the resource, in a place where it lies there.
func within(r *terraform.Resource, place kms.Place, outer, path string) terraform.Value {
	if rest, inside := strings.CutPrefix(path, outer+"."); inside {
		return place.Value(rest)
	}
	return resource(r).Value(path)
}

// special are the conditions of single types.
func special(p *rule.Pass, r *terraform.Resource) []rule.Condition {
	switch r.Type {
	case "aws_lambda_function": // the key is for environment variables
		blocks, complete := r.Blocks("environment")
		c := rule.Condition{Attribute: "environment", Holds: terraform.False}
		c.Value.Reason = "a dynamic block may write it"
		if len(blocks) > 0 && blocks[0].Exists == terraform.True {
			c.Holds = terraform.True
		} else if !complete {
			c.Holds = terraform.Undecided
		}
		return []rule.Condition{c}
	case "aws_fsx_lustre_file_system": // a scratch one takes no key
		v := r.Attr("deployment_type")
		c := rule.Condition{Attribute: "deployment_type", Value: v, Holds: v.IsAbsent().Not()}
		if text, known := v.Text(); known && !strings.HasPrefix(text, "PERSISTENT") {
			c.Holds = terraform.False
		} else if !known && !v.Absent() {
			c.Holds = terraform.Undecided
		}
		return []rule.Condition{c}
	case "aws_dms_endpoint": // the provider refuses the key of an endpoint that is a bucket
		v := r.Attr("engine_name")
		return []rule.Condition{{Attribute: "engine_name", Value: v, Holds: v.IsString("s3").Not()}}
	case "aws_s3_bucket":
		c := rule.Condition{Attribute: "bucket", Value: terraform.Value{Reason: "another resource may configure its encryption"}, Holds: unconfigured(p, r)}
		return []rule.Condition{c}
	}
	return nil
}

// unconfigured tells that no other resource says how a bucket is encrypted: one that does is judged itself.
func unconfigured(p *rule.Pass, bucket *terraform.Resource) terraform.Truth {
	verdict := terraform.True
	if bucket.HandedOut() {
		verdict = terraform.Undecided
	}
	for _, c := range p.Head.OfType("aws_s3_bucket_server_side_encryption_configuration") {
		if c.Scope.Root != bucket.Scope.Root {
			continue
		}
		verdict = terraform.All(verdict, kms.NamesBucket(c.Attr("bucket"), bucket).Not())
	}
	return verdict
}

// otherwise says who encrypts instead.
func otherwise(row *services.Row) string {
	if row.Flag != nil && row.Default != services.AccountDefault && row.Default != services.BucketDefault {
		return ", so that a key of AWS encrypts it" // which one is a matter of the flag
	}
	switch row.Default {
	case services.AWSOwned:
		return ", so that a key which AWS owns encrypts it"
	case services.AWSManaged:
		return ", so that the AWS managed key `" + row.Managed + "` encrypts it"
	case services.S3Managed, services.BucketDefault:
		return ", so that keys of S3 (SSE-S3) encrypt it"
	case services.SQSManaged:
		return ", so that keys of SQS (SSE-SQS) encrypt it at best"
	case services.AccountDefault:
		return ", so that the account's default key for EBS encrypts it"
	case services.DefaultUnknown, services.FromSource, services.Required, services.Unencrypted:
	}
	return ""
}

// forLogs tells what a bucket keeps whose logs no key of KMS could encrypt.
func forLogs(p *rule.Pass, r *terraform.Resource) bool {
	return (r.Type == "aws_s3_bucket" || r.Type == "aws_s3_bucket_server_side_encryption_configuration") && p.Head.ReceivesLogs(r)
}

// advice says what to do, and when it is too late for it.
func advice(row *services.Row) string {
	set := row.Set
	if row.Own != "" {
		set = row.BlockSet
	}
	if set == services.Replace && row.Loss == services.LosesData && !row.Uncertain {
		return "Name one before there is any data, since later that replaces the resource"
	}
	return "Name one there, and its policy, rotation and end are yours to decide"
}
