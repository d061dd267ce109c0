package settings

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kms-review/kms-review/analyzer/kms/services"
)

// types are the resource types that a pattern stands for.
type types []string

// UnmarshalYAML reads a list of resource types that take a key, or of patterns of them: "aws_sqs_*".
func (t *types) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return refuse(node, "customer_key_required: %s is no list of resource types", written(node))
	}
	all, found := &yaml.TypeError{}, map[string]bool{}
	for _, entry := range node.Content {
		matched := matching(entry)
		if len(matched) == 0 {
			all.Errors = append(all.Errors, messages(refuse(entry, "customer_key_required: %s is no resource type that takes a KMS key", written(entry)))...)
		}
		for _, typ := range matched {
			found[typ] = true
		}
	}
	if len(all.Errors) > 0 {
		return all
	}
	*t = types{}
	for typ := range found {
		*t = append(*t, typ)
	}
	slices.Sort(*t)
	return nil
}

// matching lists the types that an entry names.
func matching(entry *yaml.Node) []string {
	if entry.Kind != yaml.ScalarNode || !strings.HasPrefix(entry.Value, "aws_") {
		return nil
	}
	var matched []string
	for _, row := range services.All() {
		if ok, err := path.Match(entry.Value, row.Type); err == nil && ok && !slices.Contains(matched, row.Type) {
			matched = append(matched, row.Type)
		}
	}
	return matched
}
