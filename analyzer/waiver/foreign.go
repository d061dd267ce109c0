package waiver

import (
	"regexp"
	"strings"
	"time"
)

// problemOf says which of our rules is about the same problem as a check of another tool, and on which resource
// type. Identifiers are lower case; trivy's and tfsec's are shared, because trivy took tfsec's over.
//
//   - checkov: https://www.checkov.io/5.Policy%20Index/terraform.html
//   - trivy: https://avd.aquasec.com/misconfig/aws/
//   - tfsec: https://aquasecurity.github.io/tfsec/latest/checks/aws/
var problemOf = map[string]struct {
	typ   string
	rules []string
}{
	"ckv_aws_7":   {"aws_kms_key", []string{"KMS101", "KMS104"}},
	"ckv2_aws_64": {"", []string{"KMS216"}},
	"ckv_aws_33":  {"aws_kms_key", []string{"KMS201"}},
	"ckv_aws_16":  {"aws_db_instance", []string{"KMS502"}},
	"ckv_aws_3":   {"aws_ebs_volume", []string{"KMS502"}},
	"ckv_aws_5":   {"", []string{"KMS502"}}, // search domains of both types
	"ckv_aws_8":   {"", []string{"KMS502"}}, // devices of instances and launch configurations
	"ckv_aws_42":  {"aws_efs_file_system", []string{"KMS502"}},
	"ckv_aws_43":  {"aws_kinesis_stream", []string{"KMS502"}},
	"ckv_aws_44":  {"aws_neptune_cluster", []string{"KMS502"}},
	"ckv_aws_47":  {"aws_dax_cluster", []string{"KMS502"}},
	"ckv_aws_74":  {"aws_docdb_cluster", []string{"KMS502"}},
	"ckv_aws_96":  {"aws_rds_cluster", []string{"KMS502"}},
	"ckv_aws_155": {"aws_workspaces_workspace", []string{"KMS502"}},
	"ckv_aws_156": {"aws_workspaces_workspace", []string{"KMS502"}},

	"ckv_aws_119": {"aws_dynamodb_table", []string{"KMS507"}},
	"ckv_aws_136": {"aws_ecr_repository", []string{"KMS507"}},
	"ckv_aws_145": {"", []string{"KMS507"}}, // buckets, and what configures their encryption
	"ckv_aws_147": {"aws_codebuild_project", []string{"KMS507"}},
	"ckv_aws_149": {"aws_secretsmanager_secret", []string{"KMS507"}},
	"ckv_aws_158": {"aws_cloudwatch_log_group", []string{"KMS507"}},
	"ckv_aws_160": {"aws_timestreamwrite_database", []string{"KMS507"}},
	"ckv_aws_166": {"aws_backup_vault", []string{"KMS507"}},
	"ckv_aws_173": {"aws_lambda_function", []string{"KMS507"}},
	"ckv_aws_373": {"aws_bedrockagent_agent", []string{"KMS507"}},
	"ckv_aws_381": {"aws_codegurureviewer_repository_association", []string{"KMS507"}},

	"aws-0065":                 {"aws_kms_key", []string{"KMS101", "KMS104"}},
	"aws-kms-auto-rotate-keys": {"aws_kms_key", []string{"KMS101", "KMS104"}},
	"aws019":                   {"aws_kms_key", []string{"KMS101", "KMS104"}},

	"aws-0080":                              {"aws_db_instance", []string{"KMS502"}},
	"aws-rds-encrypt-instance-storage-data": {"aws_db_instance", []string{"KMS502"}},
	"aws052":                                {"aws_db_instance", []string{"KMS502"}},

	"aws-0026":                         {"aws_ebs_volume", []string{"KMS502"}},
	"aws-ebs-enable-volume-encryption": {"aws_ebs_volume", []string{"KMS502"}},
	"aws-ec2-enable-volume-encryption": {"aws_ebs_volume", []string{"KMS502"}},
}

// sameProblem lists our rules that a marker of another tool speaks of, on a resource type.
func sameProblem(tool, check, typ string) []string {
	check = strings.TrimPrefix(strings.ToLower(check), "avd-")
	if strings.HasPrefix(check, "ckv") != (tool == "checkov") {
		return nil
	}
	found := problemOf[check]
	if found.typ != "" && found.typ != typ {
		return nil
	}
	return found.rules
}

var (
	// https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
	checkovSkip = regexp.MustCompile(`checkov:skip=\s*(CKV2?_AWS_\d+)(?:\s*:\s*(.*))?`)
	// https://aquasecurity.github.io/tfsec/latest/guides/configuration/ignores and
	// https://trivy.dev/latest/docs/configuration/filtering/#by-inline-comments
	aquaIgnore = regexp.MustCompile(`(trivy|tfsec):ignore:([^\s:]+)((?::[a-z]+:[^\s:]+)*)`)
)

// readForeign reads the markers of other tools. One that holds only in a workspace, or only for a value, is not
// read: we cannot tell whether it holds.
func readForeign(body string) []Waiver {
	var waivers []Waiver
	if m := checkovSkip.FindStringSubmatch(body); m != nil {
		waivers = append(waivers, Waiver{Tool: "checkov", Names: []string{m[1]}, Reason: strings.TrimSpace(m[2])})
	}
	for _, m := range aquaIgnore.FindAllStringSubmatch(body, -1) {
		w := Waiver{Tool: m[1], Names: []string{m[2]}}
		if w.readScope(m[3]) && !strings.ContainsAny(m[2], "*[") {
			waivers = append(waivers, w)
		}
	}
	return waivers
}

// readScope reads `:exp:2027-01-31`; false for any other scope.
func (w *Waiver) readScope(scope string) bool {
	parts := strings.Split(strings.TrimPrefix(scope, ":"), ":")
	for i := 0; i+1 < len(parts); i += 2 {
		until, err := time.Parse(day, parts[i+1])
		if parts[i] != "exp" || err != nil {
			return false
		}
		w.Until = until
	}
	return true
}
