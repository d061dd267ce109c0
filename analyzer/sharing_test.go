package analyzer_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// TestSharingNamesTheRoot asserts that what shares a problem is told apart where its address is the same.
func TestSharingNamesTheRoot(t *testing.T) {
	t.Parallel()
	call := &fstest.MapFile{Data: []byte("module \"key\" {\n  source = \"../m\"\n}\nprovider \"aws\" {}\n")}
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
	for _, f := range report.Findings {
		if f.Rule != "KMS210" {
			continue
		}
		for _, e := range f.Evidence {
			if e.Note == "`module.key.aws_kms_key.k` of `prod` has the same problem" {
				return
			}
		}
		t.Errorf("%s: %v", f.Module, f.Evidence)
	}
	t.Error("nothing shares the problem")
}
