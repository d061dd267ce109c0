package encryption_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// around writes a row's resource with its switches on and without the key, so that only the key is missing. What the
// path's block needs to be there is an argument of no meaning.
func around(row services.Row, key string) string {
	arguments := []argument{}
	block := row.Path[:strings.LastIndexByte(row.Path, '.')+1]
	switch {
	case key != "":
		arguments = append(arguments, argument{row.Path, key})
	case row.Own == "" && block != "":
		arguments = append(arguments, argument{block + "x", "1"})
	case row.Own != "" && !strings.HasPrefix(row.Path, row.Own+"."):
		outer, _, _ := strings.Cut(row.Path, "."+row.Own+".")
		arguments = append(arguments, argument{outer + ".x", "1"})
	}
	if row.Flag != nil && row.Own == "" {
		arguments = append(arguments, argument{row.Flag.Path, quoted(row.Flag.Need[0])})
	}
	if row.OnlyWith != "" {
		arguments = append(arguments, argument{row.OnlyWith, "true"})
	}
	arguments = append(arguments, map[string][]argument{
		"aws_docdb_cluster_instance": {{"enable_performance_insights", "true"}},
		"aws_fsx_lustre_file_system": {{"deployment_type", `"PERSISTENT_2"`}},
		"aws_lambda_function":        {{"environment.x", "1"}},
		"aws_rds_cluster":            {{"performance_insights_enabled", "true"}},
		"aws_rds_cluster_instance":   {{"performance_insights_enabled", "true"}},
	}[row.Type]...)
	return configuration(row.Type, row.Object, arguments...)
}

// TestCustomerKeys has each argument of the table name a key of one's own, an AWS managed key, none, and one that is not
// known.
func TestCustomerKeys(t *testing.T) {
	t.Parallel()
	copies := map[string]bool{"aws_devopsguru_service_integration": true, "aws_dlm_lifecycle_policy": true, "aws_efs_replication_configuration": true}
	without := 0
	for _, row := range services.All() {
		reported := func(key string) bool {
			_, found := judge(t, "KMS507", around(row, key), settings.Default())
			n := 0
			for _, f := range found {
				if strings.Contains(f.Message, "`"+row.Path+"`") || row.Type == "aws_s3_bucket" && row.Own != "" && key == "" {
					n++
				}
				if f.Suggestion != nil {
					t.Errorf("%s.%s: a suggestion for what is a decision", row.Type, row.Path)
				}
			}
			if n > 1 {
				t.Errorf("%s.%s is reported %d times", row.Type, row.Path, n)
			}
			return n > 0
		}
		if reported(ownKey) || reported("var.any") {
			t.Errorf("%s.%s: a key of one's own is reported, or one that nobody knows", row.Type, row.Path)
		}
		if reported(`"alias/aws/any"`) == row.Signs {
			t.Errorf("%s.%s: an AWS managed key", row.Type, row.Path)
		}
		switch got := reported(""); {
		case got:
			without++
			if row.Default == services.BucketDefault || row.Default == services.FromSource || row.Default == services.Required {
				t.Errorf("%s.%s: who encrypts is said elsewhere", row.Type, row.Path)
			}
		case (row.Default == services.AWSOwned || row.Default == services.AWSManaged || row.Default == services.SQSManaged) && !copies[row.Type]:
			t.Errorf("%s.%s may be left out", row.Type, row.Path)
		}
	}
	if without != 147 {
		t.Errorf("%d arguments are demanded, not 147", without)
	}
}

// TestDemandedInPart has the settings name a type, and nothing else judged.
func TestDemandedInPart(t *testing.T) {
	t.Parallel()
	const text = "resource \"aws_sqs_queue\" \"q\" {}\nresource \"aws_sns_topic\" \"t\" {}\n"
	for yaml, want := range map[string]string{
		"":                                       "",
		"customer_key_required: [aws_sqs_queue]": "aws_sqs_queue.q",
		"customer_key_required: [\"aws_s?s_*\"]": "aws_sns_topic.t aws_sqs_queue.q",
		"rules: {KMS507: on}":                    "aws_sns_topic.t aws_sqs_queue.q",
		"rules: {KMS507: on}\ncustomer_key_required: [aws_sqs_queue]":       "aws_sns_topic.t aws_sqs_queue.q",
		"rules: {KMS507: off}\ncustomer_key_required: [aws_sqs_queue]":      "",
		"customer_key_required: [aws_sqs_queue, aws_secretsmanager_secret]": "aws_sqs_queue.q",
	} {
		with, diags := settings.Load(nil, &settings.File{Origin: "it", Text: []byte(yaml)})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		report := analyse(t, text, with)
		var found []string
		for _, f := range report.Findings {
			found = append(found, f.Address)
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%q: %q, not %q", yaml, got, want)
		}
		if read := report.Stats.Resources > 1; read != (want != "") {
			t.Errorf("%q: the file is read: %v", yaml, read)
		}
	}
}
