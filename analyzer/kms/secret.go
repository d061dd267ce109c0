package kms

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Secret is an argument whose value is a secret: nobody who reads a report may see it.
type Secret struct {
	*terraform.Resource
	Attribute string // path of the argument
	Value     terraform.Value
}

// secretArguments are what the provider sends to AWS as a secret, and keeps in the state as it is.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_external_key
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_ciphertext
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_custom_key_store
var secretArguments = []struct{ typ, block, attribute string }{
	{"aws_kms_ciphertext", "", "plaintext"},
	{"aws_kms_custom_key_store", "", "key_store_password"},
	{"aws_kms_custom_key_store", "xks_proxy_authentication_credential", "raw_secret_access_key"},
	{"aws_kms_external_key", "", "key_material_base64"},
	{"aws_kms_replica_external_key", "", "key_material_base64"},
	{dataCiphertext, "", "plaintext"},
}

// dataCiphertext is the data source that encrypts a plaintext whenever it is read.
const dataCiphertext = "data.aws_kms_ciphertext"

// Secrets lists the arguments that hold a secret and are set, in the order of types, roots and addresses.
func (s *Snapshot) Secrets() []Secret {
	var found []Secret
	for _, row := range secretArguments {
		for _, r := range s.OfType(row.typ) {
			if row.block == "" {
				found = append(found, Secret{Resource: r, Attribute: row.attribute, Value: r.Attr(row.attribute)})
				continue
			}
			blocks, _ := r.Blocks(row.block)
			for _, b := range blocks {
				found = append(found, Secret{Resource: r, Attribute: row.block + "." + row.attribute, Value: b.Attr(row.attribute)})
			}
		}
	}
	return found
}

// Places are the ranges that the secret, or a part of it, may be read from: the expression itself, the literals that
// references lead to, and those of its parts.
func (s Secret) Places() []hcl.Range { return places(s.Value, 0) }

// maxParts bounds how deep a value is taken apart.
const maxParts = 50

func places(v terraform.Value, depth int) []hcl.Range {
	var found []hcl.Range
	for _, at := range []hcl.Range{v.Range, v.Origin} {
		if at.Filename != "" {
			found = append(found, at)
		}
	}
	if depth > maxParts {
		return found
	}
	for _, part := range parts(v) {
		found = append(found, places(part, depth+1)...)
	}
	return found
}

// parts are the values that another one was put together from. A known text is its own only segment.
func parts(v terraform.Value) []terraform.Value {
	segments, _ := v.Segments()
	if len(segments) == 1 && v.Known() {
		segments = nil
	}
	choices, _ := v.Choices()
	elements, _ := v.Elements()
	all := append(append(segments[:len(segments):len(segments)], choices...), elements...)
	if encoded, ok := v.Encoded(); ok {
		all = append(all, encoded)
	}
	fields, _ := v.Fields()
	for _, field := range fields {
		all = append(all, field)
	}
	return all
}
