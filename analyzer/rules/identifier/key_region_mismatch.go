package identifier

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed key_region_mismatch.txtar
var keyRegionMismatchSpec string

// KeyRegionMismatch reports a key that is not in the Region in which the service needs it.
var KeyRegionMismatch = rule.Rule{
	ID: "KMS404", Name: "key-region-mismatch",
	Title:      "Key in another Region than the data that it is for",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN",
		"https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html",
		"https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html"},
	Compliance: []string{"NIST SP 800-53 SA-9(6)"},
	Spec:       keyRegionMismatchSpec,
	Check:      checkKeyRegion,
}

func checkKeyRegion(p *rule.Pass) {
	rows := services.All()
	for i := range rows {
		row := &rows[i]
		if row.Region == services.RegionUnknown {
			continue
		}
		for _, r := range p.Head.OfType(row.Type) {
			if r.Ignores(row.Top()) {
				continue
			}
			for _, at := range placed(r, row) {
				checkPlaced(p, r, row, at)
			}
		}
	}
}

func checkPlaced(p *rule.Pass, r *terraform.Resource, row *services.Row, at placement) {
	there, source := keyRegion(p, at.key, r)
	here, known := at.region.Text()
	if there == "" || !known || !regionName.MatchString(here) || here == there {
		return
	}
	p.Report(rule.Problem{
		Resource: r, Attribute: row.Path, Discriminator: name(at.key), Range: at.key.Range,
		Evidence: append(place(source, "the key's Region"), place(at.region.Range, "where the key has to be")...),
		Message: fmt.Sprintf("`%s` is given a key of `%s` in `%s`, and needs one of `%s`, %s. A key works in its own Region only: %s.",
			r.Address, there, row.Path, here, whose(row.Region), failure(r.Type)),
	})
}

func whose(region services.Region) string {
	switch region {
	case services.OfBucket:
		return "where the bucket is"
	case services.OfDestination:
		return "where the copies go"
	case services.OfReplica:
		return "where the replica is"
	default:
		return "where the resource itself is"
	}
}

// failure is when AWS says so. S3 takes a replication configuration as it is.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func failure(typ string) string {
	if strings.HasPrefix(typ, "aws_s3_") {
		return "S3 takes the configuration, and then replicates no object"
	}
	return "the apply fails, or else the first use of the key"
}

// regionName is how AWS names its Regions; a text of another form, such as that of an emulator, is not judged.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// keyRegion is the Region of the key that a value names, and what says so; "" where it is not certain, or where
// the id is that of a multi-Region key: each Region finds its own by it.
func keyRegion(p *rule.Pass, v terraform.Value, from *terraform.Resource) (region string, says hcl.Range) {
	keys, form, truth := p.Head.Target(v, from)
	text, literal := v.Text()
	arn := strings.SplitN(text, ":", 6)
	switch {
	case literal && len(arn) == 6 && arn[2] == "kms":
		region, says = arn[3], v.Origin
	case truth != terraform.True || form&(services.AliasName|services.AliasARN) != 0:
		return "", hcl.Range{}
	case form == services.KeyARN || form == services.KeyID && multiRegion(keys[0]) == terraform.False:
		at := keys[0].Region()
		region, _ = at.Text()
		says = at.Range
	}
	if !regionName.MatchString(region) {
		return "", hcl.Range{}
	}
	return region, says
}
