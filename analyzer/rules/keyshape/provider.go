package keyshape

import (
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// sinceMajor is the first version of the provider that knows recentSpecs: 5.100.0, the last one before it, has none of
// them. https://github.com/hashicorp/terraform-provider-aws/releases
const sinceMajor = 6

var recentSpecs = []string{"ECC_NIST_EDWARDS25519", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87"}

func recent(spec terraform.Value) bool {
	text, _ := spec.Text()
	return slices.Contains(recentSpecs, text)
}

// checkProvider tells whether it reported that the provider is too old for the spec. Nothing is applied then, so it is no
// more than a note.
func checkProvider(p *rule.Pass, s shape) bool {
	version := s.key.Scope.ProviderVersion()
	if !recent(s.spec) || version.Below(sinceMajor, 0) != terraform.True {
		return false
	}
	p.Report(rule.Problem{
		Resource: s.key.Resource, Attribute: s.specName, Discriminator: "provider", Severity: finding.Low, Range: s.spec.Range,
		Message: fmt.Sprintf("`%s` is a key %s, and the AWS provider's version is %s. The spec came with version %d, so "+
			"`terraform validate` and every plan fail.", s.key.Address, kind(s.spec), version.Words(), sinceMajor),
		Evidence: append(rule.Origin(s.spec), rule.Evidence{Range: version.Pin, Note: "the provider's version is limited here"}),
	})
	return true
}
