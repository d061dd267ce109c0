package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// requirement is an entry of required_providers.
// https://developer.hashicorp.com/terraform/language/providers/requirements
type requirement struct {
	source     string // "hashicorp/aws", without the registry's host where it is one of the public ones
	constraint Value  // "~> 5.0"; absent where none is written
}

// addRequirements notes the entries of a required_providers block; an override file's replace those of their name.
func (m *Module) addRequirements(file *File, b *hcl.Block) {
	attrs, _ := b.Body.JustAttributes()
	for name, attr := range attrs {
		r := requirement{source: "hashicorp/" + name, constraint: absentValue()}
		pairs, diags := hcl.ExprMap(attr.Expr)
		if diags.HasErrors() {
			r.constraint = constant(file, attr.Expr) // as before Terraform 0.13: aws = "~> 2.0"
		}
		for _, pair := range pairs {
			key := hcl.ExprAsKeyword(pair.Key)
			if key == "" {
				key, _ = constant(file, pair.Key).Text()
			}
			switch key {
			case "source":
				source, _ := constant(file, pair.Value).Text()
				r.source = providerSource(source)
			case "version":
				r.constraint = constant(file, pair.Value)
			}
		}
		m.required[name] = r
	}
}

// providerSource writes a provider's source address in one way: "hashicorp/aws" for all of aws, hashicorp/aws and
// registry.terraform.io/hashicorp/aws; OpenTofu's registry mirrors the providers of Terraform's.
func providerSource(source string) string {
	source = strings.ToLower(source)
	for _, host := range []string{"registry.terraform.io/", "registry.opentofu.org/"} {
		source = strings.TrimPrefix(source, host)
	}
	if !strings.Contains(source, "/") {
		return "hashicorp/" + source
	}
	return source
}

// source is the provider that a module means by a local name.
func (m *Module) source(local string) string {
	if r, exists := m.required[local]; exists {
		return r.source
	}
	return "hashicorp/" + local
}

// localName is how a module names a provider.
func (m *Module) localName(source string) string {
	for _, name := range sortedKeys(m.required) {
		if m.required[name].source == source {
			return name
		}
	}
	return source[strings.LastIndexByte(source, '/')+1:]
}
