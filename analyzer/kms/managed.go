package kms

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// AWSManaged tells that a value certainly names a key of AWS: an AWS managed key by its alias, "alias/aws/sqs" or the ARN of
// it, or by a data source that looks the alias up, or one that AWS owns by the word that some services have for it.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
func AWSManaged(v terraform.Value) bool {
	if text, known := v.Text(); known {
		return managedAlias(text) || ownedByAWS[text]
	}
	if v.Reference == nil {
		segments, _ := v.Segments()
		if len(segments) == 0 {
			return false
		}
		end, known := segments[len(segments)-1].Text()
		return known && strings.Contains(end, ":alias/aws/")
	}
	found := v.Reference.Resources()
	for _, r := range found {
		argument := map[string]string{"aws_kms_alias": "name", "aws_kms_key": "key_id"}[r.Type]
		if r.Kind != "data" || argument == "" {
			return false
		}
		if name, known := r.Attr(argument).Text(); !known || !managedAlias(name) {
			return false
		}
	}
	return len(found) > 0
}

func managedAlias(text string) bool {
	return strings.HasPrefix(text, "alias/aws/") || strings.HasPrefix(text, "arn:") && strings.Contains(text, ":alias/aws/")
}

// ownedByAWS are the words that stand in place of a key: of Aurora DSQL, QLDB and Network Firewall, and of Security Lake.
//   - https://docs.aws.amazon.com/qldb/latest/developerguide/API_CreateLedger.html
//   - https://docs.aws.amazon.com/security-lake/latest/APIReference/API_DataLakeEncryptionConfiguration.html
var ownedByAWS = map[string]bool{"AWS_OWNED_KMS_KEY": true, "S3_MANAGED_KEY": true}
