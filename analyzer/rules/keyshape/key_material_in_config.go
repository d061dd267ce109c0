package keyshape

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
)

//go:embed key_material_in_config.txtar
var keyMaterialInConfigSpec string

// KeyMaterialInConfig reports a secret that the configuration holds. Its value appears nowhere in what is said.
var KeyMaterialInConfig = rule.Rule{
	ID: "KMS107", Name: "key-material-in-config",
	Title:      "Plaintext key material or secret in configuration and state",
	Severity:   finding.Critical,
	Everywhere: true,
	References: []string{
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_external_key",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_ciphertext",
		"https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html",
	},
	Compliance: []string{"AWS Well-Architected SEC02-BP03, SEC08-BP01", "PCI DSS v4 3.6.1, 3.7", "NIST SP 800-53 SC-12", "CWE-798"},
	Spec:       keyMaterialInConfigSpec,
	Check:      checkKeyMaterialInConfig,
}

func checkKeyMaterialInConfig(p *rule.Pass) {
	for _, secret := range p.Head.Secrets() {
		root, _, _ := strings.Cut(secret.Attribute, ".")
		if !written(secret) || secret.Ignores(root) {
			continue
		}
		problem := rule.Problem{
			Resource: secret.Resource, Attribute: secret.Attribute, Range: firstLine(secret.Value.Range),
			Message: fmt.Sprintf("`%s` takes %s from a text that stands in this configuration, or in a file beside it. Whoever can "+
				"read the repository, its history or the state has it: consider it disclosed and %s.",
				secret.Address, what(secret), remedy(secret)),
		}
		for _, e := range rule.Origin(secret.Value) {
			e.Range = firstLine(e.Range)
			problem.Evidence = append(problem.Evidence, e)
		}
		p.Report(problem)
	}
}

func what(s kms.Secret) string {
	switch s.Attribute {
	case "key_material_base64":
		return "its key material"
	case "plaintext":
		return "the plaintext that it encrypts"
	default:
		return "its `" + s.Attribute + "`"
	}
}

func remedy(s kms.Secret) string {
	switch s.Attribute {
	case "key_material_base64":
		return "import new material into a new key"
	case "plaintext":
		return "replace the secret where it is used"
	default:
		return "change it in the key store"
	}
}

// firstLine keeps a range to the line where it begins: the other lines of a heredoc are the secret.
func firstLine(r hcl.Range) hcl.Range {
	r.End = r.Start
	return r
}
