package keyshape

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// chinese is the spec that only the Regions of China have.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html#key-spec-sm
const chinese = "SM2"

// checkRegion says nothing where the Region is not written: whoever makes such a key is most likely there.
func checkRegion(p *rule.Pass, s shape) {
	region := s.key.Region()
	if s.spec.IsString(chinese) != terraform.True || !outsideChina(region) || s.key.Ignores(s.specName) {
		return
	}
	name, _ := region.Text()
	p.Report(rule.Problem{
		Resource: s.key.Resource, Attribute: s.specName, Discriminator: "region", Range: s.spec.Range,
		Message: fmt.Sprintf("`%s` is a key of the spec `%s`, which KMS has in the Regions of China alone, and it is made in `%s`. "+
			"Plan and validate pass, then CreateKey refuses the key in the middle of the apply.", s.key.Address, chinese, name),
		Evidence: append(rule.Origin(s.spec), places(region, "the key's Region")...),
	})
}

// regionName is how AWS names its Regions; a text of another form, such as that of an emulator, is not judged.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

func outsideChina(region terraform.Value) bool {
	name, _ := region.Text()
	return regionName.MatchString(name) && !strings.HasPrefix(name, "cn-")
}
