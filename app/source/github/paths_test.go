package github

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]kind{
		"main.tf": config, "a/b/main.tf.json": config, "main.tofu": config, "prod.tfvars": config, "x.auto.tfvars.json": config,
		".terraform.lock.hcl": config, "env/.terraform.lock.hcl": config,
		"modules/kms/policies/key.json": attached, "user_data.tftpl": attached, "iam/assume.json": attached,
		"templates/policy.json.tpl": attached, "infra/x.tmpl": attached,
		"package.json": other, "web/tsconfig.json": other, "README.md": other, "main.go": other, "index.tmpl": other,
		"charts/app/templates/deployment.tpl": other, ".terraform/modules/x/main.tf": other, "main.tf~": other, ".main.tf": other,
		"main.tfx": other, "tf": other, "infra/README.md": other,
	} {
		if got := kindOf(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"main.tf":                 {"."},
		"env/prod/main.tf":        {"env/prod"},
		"env/prod/prod.tfvars":    {"env/prod", "env", "."},
		"a/b/c/d/policies/x.json": {"a/b/c/d/policies", "a/b/c/d", "a/b/c", "a/b"},
		"README.md":               nil,
	} {
		if d := cmp.Diff(want, seeds(name)); d != "" {
			t.Error(name, d)
		}
	}
}
