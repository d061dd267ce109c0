package kms_test

import (
	"testing"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
)

// TestEveryArgumentMatters has a file read that names a key which is declared elsewhere.
func TestEveryArgumentMatters(t *testing.T) {
	t.Parallel()
	for _, row := range services.All() {
		if !kms.Matters([]byte(written(row, "var.key", false))) || !kms.Matters([]byte(written(row, "var.key", true))) {
			t.Errorf("a file with %s.%s is not read", row.Type, row.Path)
		}
	}
}

func TestMatters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                                           false,
		`resource "aws_kms_key" "a" {}`:                              true,
		`resource aws_kms_key a {}`:                                  true,
		`{"resource": {"aws_kms_alias": {}}}`:                        true,
		`data "aws_kms_alias" "a" {}`:                                true,
		`source = "terraform-aws-modules/kms/aws"`:                   true,
		`resource "aws_db_instance" "a" {}`:                          true, // judged without a key
		`resource "aws_ebs_encryption_by_default" "a" {}`:            true,
		`resource "aws_sqs_queue" "a" {}`:                            false,
		`resource "aws_sqs_queue" "a" { kms_master_key_id = var.k }`: true,
		`resource "aws_sqs_queue" "a" { kms_key_id = var.k }`:        false, // of another type
		`resource "aws_instance" "a" { root_block_device {} }`:       false,
		`resource "aws_instance" "a" {
  dynamic "root_block_device" {
    content { kms_key_id = var.k }
  }
}`: true,
		`resource "aws_s3tables_table" "a" { encryption_configuration = local.encryption }`: true, // the key is in the local
		`resource "aws_vpc" "a" { kms_key_id = "" }`:                                        false,
		`aws aws_ aws_kms aws`: false,
	} {
		if kms.Matters([]byte(text)) != want {
			t.Errorf("%q matters: %v", text, !want)
		}
	}
}
