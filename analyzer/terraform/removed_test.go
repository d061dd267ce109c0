package terraform_test

import (
	"testing"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

func TestRemoved(t *testing.T) {
	t.Parallel()
	config := load(t, map[string]string{
		"main.tf": `
removed {
  from = aws_kms_key.forgotten
  lifecycle {
    destroy = false
  }
}
removed {
  from = aws_kms_key.destroyed
  lifecycle {
    destroy = true
  }
}
removed {
  from = aws_kms_key.silent
}
removed {
  from = module.gone
  lifecycle {
    destroy = false
  }
}
removed {
  from = module.gone.aws_kms_key.b
  lifecycle {
    destroy = true
  }
}
removed {
  from = aws_kms_key.strange
  lifecycle {
    destroy = var.x
  }
}
module "a" {
  source = "./a"
}`,
		"a/main.tf.json":      `{"removed": {"from": "aws_kms_alias.in_a", "lifecycle": {"destroy": false}}}`,
		"tofu/main.tofu":      "removed {\n  from = aws_kms_key.silent\n}\n",
		"broken/main.tf":      "removed {}\nremoved {\n  from = 1\n}\n",
		"a/unrelated.tf":      `resource "aws_kms_key" "k" {}`,
		"broken/unrelated.tf": `resource "aws_kms_key" "k" {}`,
	})
	for address, want := range map[string]terraform.Truth{
		"aws_kms_key.forgotten":         terraform.False,
		"aws_kms_key.destroyed":         terraform.True,
		"aws_kms_key.silent":            terraform.True,
		"aws_kms_key.strange":           terraform.Undecided,
		"module.gone.aws_kms_key.a":     terraform.False,
		"module.gone.module.x.aws_s3.y": terraform.False,
		"module.gone.aws_kms_key.b":     terraform.True,
		"module.a.aws_kms_alias.in_a":   terraform.False,
	} {
		removed, found := config.Removed(".", address)
		if !found || removed.Destroys != want || removed.Range.Filename == "" {
			t.Errorf("%s: found %t, destroys %v, want %v", address, found, removed.Destroys, want)
		}
	}
	for _, address := range []string{"aws_kms_key.forgotten2", "module.gone2.aws_kms_key.a", "aws_kms_alias.in_a"} {
		if removed, found := config.Removed(".", address); found {
			t.Errorf("%s is covered: %+v", address, removed)
		}
	}
	if removed, found := config.Removed("tofu", "aws_kms_key.silent"); !found || removed.Destroys != terraform.False {
		t.Errorf("OpenTofu forgets: %v %v", found, removed.Destroys)
	}
	for _, c := range []struct {
		root, typ string
		want      bool
	}{{".", "aws_kms_key", true}, {".", "aws_kms_grant", true}, {"tofu", "aws_kms_key", true}, {"tofu", "aws_kms_grant", false}, {"broken", "aws_kms_key", false}} {
		if got := config.Forgets(c.root, c.typ); got != c.want {
			t.Errorf("%s %s: %t", c.root, c.typ, got)
		}
	}
}
