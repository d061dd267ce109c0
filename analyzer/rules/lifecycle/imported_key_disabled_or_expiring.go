package lifecycle

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed imported_key_disabled_or_expiring.txtar
var importedKeyDisabledOrExpiringSpec string

const (
	importGuide         = "https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html"
	externalKeyResource = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_external_key"
)

// ImportedKeyDisabledOrExpiring reports imported material that has expired by its own date, and low, a key that the
// provider disables as soon as it has imported the material.
var ImportedKeyDisabledOrExpiring = rule.Rule{
	ID: "KMS108", Name: "imported-key-disabled-or-expiring",
	Title:      "Imported key expires or stays disabled",
	Severity:   finding.Medium,
	References: []string{importGuide, externalKeyResource},
	Compliance: []string{"PCI DSS v4 3.7.4", "AWS Well-Architected SEC08-BP01"},
	Spec:       importedKeyDisabledOrExpiringSpec,
	Check:      checkImportedKey,
}

const (
	attrMaterial = "key_material_base64"
	attrValidTo  = "valid_to"
	attrEnabled  = "enabled"
)

func checkImportedKey(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		if mayBeMissing(key.Attr(attrMaterial)) { // as it is of a key whose material KMS makes
			continue
		}
		checkExpiry(p, key)
		checkImportDisables(p, key)
	}
}

// mayBeMissing tells that a key may be waiting for material that comes another way. A secret that is not known is one.
func mayBeMissing(material terraform.Value) bool {
	choices, _ := material.Choices()
	return material.Absent() || slices.ContainsFunc(choices, mayBeMissing)
}

func checkExpiry(p *rule.Pass, key *kms.Key) {
	validTo := key.Attr(attrValidTo)
	if validTo.Unknown() {
		p.Undecided(key.Resource, attrValidTo, validTo)
	}
	text, _ := validTo.Text()
	end, err := time.Parse(time.RFC3339, text)
	if err != nil || !end.Before(p.Now) || key.Ignores(attrValidTo) {
		return
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrValidTo, Range: validTo.Range,
		Message: fmt.Sprintf("The material of `%s` expired on %s. KMS deletes expired material, and nothing that the key has encrypted "+
			"can be read until the same material is imported again.", key.Address, end.UTC().Format(time.DateOnly)),
	})
}

// checkImportDisables judges a key that says nothing of its state. The provider takes that for "not enabled" when it
// has imported the material, and calls DisableKey: seen with version 5.100.0, for both kinds of key. A key that is
// deployed and enabled stays so, and a written false is meant.
func checkImportDisables(p *rule.Pass, key *kms.Key) {
	enabled := key.Attr(attrEnabled)
	users, aliases := usersOf(key), key.Aliases()
	if !enabled.Absent() || key.Ignores(attrEnabled) || len(users)+len(aliases) == 0 {
		return
	}
	who := using(users)
	if len(users) == 0 {
		who = subject(aliasAddresses(aliases), "points at it", "point at it")
	}
	p.Report(rule.Problem{
		Resource: key.Resource, Attribute: attrEnabled, Severity: finding.Low,
		Message: fmt.Sprintf("`%s` does not say `enabled = true`, and %s. When the provider has created such a key and imported its "+
			"material, it disables the key.", key.Address, who),
		Fix: func() []finding.Edit { return fix.Set(key.Resource, attrEnabled, enabled, "true") },
	})
}
