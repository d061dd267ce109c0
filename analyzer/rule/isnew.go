package rule

import "github.com/kms-review/kms-review/analyzer/terraform"

// IsNew tells that a resource certainly has nothing deployed behind it, so that even an edit that Terraform
// carries out by replacing it is harmless. Without a base nothing is known to be new; nor is a resource whose
// base was not readable, that an import block names, or that may continue another one of its type which the
// change takes away (a renamed directory, a `terraform state mv`).
func (p *Pass) IsNew(r *terraform.Resource) bool {
	return p.Base != nil && p.Before(r) == nil && !p.Base.Config.Broken(r.Scope.Module.Dir) &&
		!p.Head.Config.Imported(r.Scope.Root, r.Address) && !p.takesAway(r.Type)
}

// takesAway tells that the base has a resource of a type that is no longer at its address.
func (p *Pass) takesAway(typ string) bool {
	for _, old := range p.Base.OfType(typ) {
		if p.Head.Resource(old.Scope.Root, old.Address) == nil {
			return true
		}
	}
	return false
}
