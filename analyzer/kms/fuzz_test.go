package kms_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// FuzzTarget takes any expression for a key's identifier: it ends, and what is certain is one key of the configuration.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		`"alias/a"`, `aws_kms_alias.b.target_key_arn`, `data.aws_kms_key.by_alias.arn`, `"alias/${var.stage}-b"`, `"::::::"`,
		`"arn:aws:kms:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:alias/a"`, `"${"alias/"}${"a"}"`,
		`"arn:aws:kms:eu-west-1:${var.account}:key/${aws_kms_key.b.key_id}"`, `var.flag ? aws_kms_key.a.arn : null`, `aws_sqs_queue.q.kms_master_key_id`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		fsys := fstest.MapFS{
			"main.tf":   {Data: []byte(identifiers)},
			"m/main.tf": {Data: []byte(inner)},
			"queue.tf":  {Data: []byte("resource \"aws_sqs_queue\" \"q\" {\n  kms_master_key_id = " + expr + "\n}\n")},
		}
		config, err := terraform.Load(t.Context(), fsys, []string{"."}, terraform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := kms.Build(config)
		for _, queue := range s.OfType("aws_sqs_queue") {
			keys, _, truth := s.Target(queue.Attr("kms_master_key_id"), queue)
			if truth == terraform.True && len(keys) != 1 || truth == terraform.False && len(keys) > 0 {
				t.Errorf("%s means %v, and is %v", expr, keys, truth)
			}
			for _, key := range keys {
				if !slices.Contains(s.Keys, key) {
					t.Errorf("%s means a key that is not there", expr)
				}
			}
		}
		s.Uses()
	})
}
