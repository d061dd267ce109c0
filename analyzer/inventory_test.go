package analyzer_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
)

func TestInventory(t *testing.T) {
	t.Parallel()
	const text = `
resource "aws_kms_key" "plain" {
  description = "no policy, no rotation"
}

resource "aws_kms_key" "rotated" {
  enable_key_rotation = true
  multi_region        = true
  policy              = "{}"
}

resource "aws_kms_key" "beside" {
  count               = 2
  enable_key_rotation = true
}

resource "aws_kms_key_policy" "beside" {
  key_id = aws_kms_key.plain.id
  policy = "{}"
}

resource "aws_kms_key" "signs" {
  customer_master_key_spec = "RSA_2048"
  key_usage                = "SIGN_VERIFY"
}

resource "aws_db_instance" "own" {
  kms_key_id        = aws_kms_key.plain.arn
  storage_encrypted = true
}

resource "aws_db_instance" "off" {
  engine            = "postgres"
  storage_encrypted = false
}

resource "aws_db_instance" "of_aws" {
  storage_encrypted = true
}

resource "aws_efs_file_system" "undecided" {
  encrypted  = true
  kms_key_id = var.key
}

resource "aws_efs_file_system" "of_aws" {
  encrypted  = true
  kms_key_id = "alias/aws/elasticfilesystem"
}

resource "aws_iam_role" "no_consumer" {
  name = "x"
}

variable "key" {
  type = string
}
`
	report, err := analyzer.Analyze(t.Context(), analyzer.Input{
		Head: fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(text)}}, Settings: settings.Default(), Now: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := analyzer.Inventory{Keys: 5, Rotatable: 4, Rotated: 3, OwnPolicy: 2, MultiRegion: 1, OwnKey: 1, AWSKey: 2, NotEncrypted: 1, Unknown: 1}
	if d := cmp.Diff(want, report.Inventory); d != "" {
		t.Error(d)
	}
}
