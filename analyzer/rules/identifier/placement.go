package identifier

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// placement is a key in an argument, and the Region in which the service needs it.
type placement struct {
	key    terraform.Value
	region terraform.Value // unknown where it is not certain
}

// placed lists the keys that a resource is given in a row's argument, each with the Region that the same block says.
func placed(r *terraform.Resource, row *services.Row) []placement {
	by := row.RegionBy()
	if by == "" {
		if row.Region != services.OfProvider {
			return nil
		}
		return []placement{{r.Attr(row.Path), r.Region()}}
	}
	return inBlock(r.Attr, r.Blocks, strings.Split(row.Path, "."), strings.Split(by, "."), terraform.Value{}, row.Region)
}

// inBlock follows the paths of the key and of what says the Region, which part where the latter has its last name.
func inBlock(attr func(string) terraform.Value, blocks func(string) ([]terraform.Block, bool), path, by []string,
	where terraform.Value, rule services.Region,
) []placement {
	if len(by) == 1 {
		where, by = regionAt(attr(by[0]), rule), nil
	}
	if len(path) == 1 {
		return []placement{{attr(path[0]), where}}
	}
	var all []placement
	inside, _ := blocks(path[0])
	for _, b := range inside {
		var rest []string
		if len(by) > 1 {
			rest = by[1:]
		}
		all = append(all, inBlock(b.Attr, b.Blocks, path[1:], rest, where, rule)...)
	}
	return all
}

// regionAt is the Region that an argument says: by its name, or as that of a bucket.
func regionAt(v terraform.Value, rule services.Region) terraform.Value {
	if v.Reference == nil {
		return v // the ARN or name of a bucket has no Region, and does not look like one
	}
	var found terraform.Value
	for i, r := range v.Reference.Resources() {
		if r.Type != "aws_s3_bucket" || r.Kind != "resource" || rule == services.OfReplica {
			return terraform.Value{}
		}
		region := r.Region()
		name, _ := region.Text()
		if i > 0 && found.IsString(name) != terraform.True {
			return terraform.Value{}
		}
		found = region
	}
	return found
}
