package rule

import "github.com/kms-review/kms-review/analyzer/terraform"

// Lasts tells that a resource of the base certainly goes on as one of head, so that what they say differently is what
// Terraform plans for it. What a file that could not be read, an import, a moved instance or the new default of a variable that had
// none may explain is none.
func (p *Pass) Lasts(before, now *terraform.Resource) bool {
	root := now.Scope.Root
	switch {
	case before.Exists != terraform.True || now.Exists != terraform.True:
		return false
	case p.Base.Config.BrokenRoot(root) || p.Head.Config.BrokenRoot(root) || p.Head.Config.MovesInstances(p.Base.Config, root, now.Address):
		return false
	case p.Head.Config.Imported(root, now.Address) && !p.Base.Config.Imported(root, before.Address):
		return false
	case now.Defaulted(before):
		return false
	}
	_, removed := p.Head.Config.Removed(root, before.Address)
	return !removed
}
