package terraform

import "github.com/hashicorp/hcl/v2"

// SourceOf is the text of the file that a range lies in, as the resource's scope or a scope above it read it:
// the range of a value may lie in a var file or in a caller. It is nil for a file that was not read.
func (r *Resource) SourceOf(place hcl.Range) []byte {
	if file := r.Scope.file(place); file != nil {
		return file.Bytes
	}
	return nil
}

// Texts gives the configuration files that were parsed, by path. Var files are not among them.
func (c *Configuration) Texts() map[string][]byte {
	texts := map[string][]byte{}
	for _, m := range c.modules {
		if m == nil {
			continue
		}
		for path, file := range m.Files {
			texts[path] = file.Bytes
		}
	}
	return texts
}
