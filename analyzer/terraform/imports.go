package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Imported tells whether an import block of a root module may name a resource: it exists in AWS already, although
// the configuration did not know it before.
// https://developer.hashicorp.com/terraform/language/import
func (c *Configuration) Imported(root, address string) bool {
	for _, top := range c.Roots {
		if top.Root != root {
			continue
		}
		for _, imported := range top.Module.imports {
			if imported == "" || imported == address {
				return true
			}
		}
	}
	return false
}

func (m *Module) addImport(b *hcl.Block) {
	to := attribute(b.Body, "to")
	if to == nil {
		return
	}
	if index, ok := to.(*hclsyntax.IndexExpr); ok { // the key is an expression: aws_kms_key.a[each.key]
		to = index.Collection
	}
	m.imports = append(m.imports, withoutKeys(addressOf(to)))
}
