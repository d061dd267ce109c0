package keyshape

import (
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// written tells that the configuration certainly holds the secret itself.
func written(s kms.Secret) bool {
	return holds(s.Value, s.Attribute == "key_material_base64")
}

// holds looks at each choice of a condition that is not known: it holds a secret whichever is taken, or is silent.
func holds(v terraform.Value, material bool) bool {
	if choices, ok := v.Choices(); ok {
		for _, choice := range choices {
			if !holds(choice, material) {
				return false
			}
		}
		return true
	}
	text, _ := v.Text()
	if placeholder(text) {
		return false
	}
	if !material {
		return true
	}
	// What is no base64, or is base64 of nothing, is no key material: the provider refuses it.
	decoded, err := base64.StdEncoding.DecodeString(text)
	return err == nil && !placeholder(string(decoded))
}

var (
	// templated is what another tool fills in before or after Terraform: ${NAME}, {{ name }}, <NAME>, __NAME__, %NAME%,
	// @NAME@.
	templated = regexp.MustCompile(`\$\{[^}]*\}|\{\{[^}]*\}\}|^<[^>]*>$|^__\w+__$|^%\w+%$|^@\w+@$`)
	// filler is what people write where a value has to come later.
	filler = regexp.MustCompile(`(?i)^([x*.?-]+|(please[-_ ]?)?(change|replace|fill|set|update|override|insert)([-_ ]?(me|this|it|in|here|later|value))+` +
		`|todo\b.*|tbd|fixme|(a[-_ ])?place[-_ ]?holder([-_ ].*)?|dummy([-_ ].*)?|redacted|ignored|unused|null|none|n/a)$`)
)

// placeholder tells a text that stands for a secret and is none.
func placeholder(text string) bool {
	text = strings.TrimSpace(text)
	return text == "" || templated.MatchString(text) || filler.MatchString(text)
}
