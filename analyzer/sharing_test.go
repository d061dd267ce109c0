package analyzer_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// TestCallersShareAFinding asserts that a problem in the code of a module is one finding, however many root modules
// call the module, and that it says which.
func TestCallersShareAFinding(t *testing.T) {
	t.Parallel()
	call := &fstest.MapFile{Data: []byte("module \"key\" {\n  source = \"../m\"\n}\nmodule \"other\" {\n  source = \"../m\"\n}\nprovider \"aws\" {}\n")}
	key := `resource "aws_kms_key" "k" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "kms:Decrypt", Resource = "*" }] })
}
`
	report, err := analyzer.Analyze(context.Background(), analyzer.Input{
		Head:     fstest.MapFS{"dev/main.tf": call, "prod/main.tf": call, "m/main.tf": {Data: []byte(key)}},
		Settings: settings.Default(), Now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string][]string{}
	for _, f := range report.Findings {
		for _, e := range f.Evidence {
			notes[f.Rule] = append(notes[f.Rule], e.Note)
		}
	}
	same := "the same problem in `module.other`, `prod`, `module.other` of `prod`"
	if diff := cmp.Diff(map[string][]string{"KMS101": {same}, "KMS203": {same}, "KMS210": {"what the service may do", same}}, notes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTheWorstSpeaks asserts that callers whose problems differ in severity share a finding of the highest.
func TestTheWorstSpeaks(t *testing.T) {
	t.Parallel()
	call := "module \"key\" {\n  source = \"../m\"\n}\nprovider \"aws\" {}\n"
	report, err := analyzer.Analyze(context.Background(), analyzer.Input{
		Head: fstest.MapFS{
			"a/main.tf": {Data: []byte(call)},
			"b/main.tf": {Data: []byte(call + "resource \"aws_ebs_volume\" \"data\" {\n  availability_zone = \"eu-west-1a\"\n  size = 10\n  encrypted = true\n  kms_key_id = module.key.arn\n}\n")},
			"m/main.tf": {Data: []byte("resource \"aws_kms_key\" \"k\" {\n  deletion_window_in_days = 7\n}\noutput \"arn\" {\n  value = aws_kms_key.k.arn\n}\n")},
		},
		Settings: settings.Default(), Now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		if f.Rule == "KMS301" {
			got = append(got, f.Severity.String()+" "+f.Module)
		}
	}
	if diff := cmp.Diff([]string{"medium b"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
