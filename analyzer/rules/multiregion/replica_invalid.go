package multiregion

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed replica_invalid.txtar
var replicaInvalidSpec string

const overview = "https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html"

// ReplicaInvalid reports a replica that AWS refuses to make, although Terraform plans it.
var ReplicaInvalid = rule.Rule{
	ID: "KMS601", Name: "replica-invalid",
	Title:      "Replica key that KMS refuses to make",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{overview, "https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_replica_key"},
	Spec:  replicaInvalidSpec,
	Check: checkReplicaInvalid,
}

const attrPrimary = "primary_key_arn"

// fault is why a replica cannot be made.
type fault struct {
	attribute string
	at        hcl.Range
	why       string // completes "`x` cannot be made: ..."
	cure      string // a sentence
	evidence  []rule.Evidence
}

func checkReplicaInvalid(p *rule.Pass) {
	for _, key := range p.Head.Keys {
		if !replica(key) || key.Exists == terraform.False {
			continue
		}
		if f := invalid(p, key); f != nil {
			p.Report(rule.Problem{
				Resource: key.Resource, Attribute: f.attribute, Range: f.at, Evidence: f.evidence,
				Message: fmt.Sprintf("`%s` cannot be made: %s, so ReplicateKey fails in the apply, after other resources were changed. %s",
					key.Address, f.why, f.cure),
			})
		}
	}
}

func replica(key *kms.Key) bool {
	return key.Type == "aws_kms_replica_key" || key.Type == "aws_kms_replica_external_key"
}

// invalid finds the first fault, the deepest first: who replicates the wrong key need not hear of its Region.
func invalid(p *rule.Pass, key *kms.Key) *fault {
	arn := key.Attr(attrPrimary)
	primary := key.Primary()
	if primary == nil {
		return singleRegion(arn)
	}
	header := []rule.Evidence{{Range: primary.Header(), Note: "the key that it is to replicate"}}
	switch external := strings.HasSuffix(key.Type, "external_key"); {
	case replica(primary):
		return &fault{attrPrimary, arn.Range, fmt.Sprintf("`%s` is a replica itself", primary.Address), "Name its primary instead.", header}
	case external != (primary.Type == "aws_kms_external_key"):
		return otherKind(arn, primary, external, header)
	}
	multi := primary.Attr("multi_region")
	single := rule.Condition{Attribute: attrPrimary, Value: multi, Holds: terraform.Any(multi.IsAbsent(), multi.IsFalse())}
	// A deployed key keeps its multi_region when the argument is taken away.
	if before := p.Before(primary.Resource); before != nil && multi.Absent() && before.Attr("multi_region").IsFalse() != terraform.True &&
		!before.Attr("multi_region").Absent() {
		return nil
	}
	if p.Decide(key.Resource, single) {
		return &fault{attrPrimary, arn.Range, fmt.Sprintf("`%s` is a single-Region key", primary.Address),
			"A key cannot be made multi-Region afterwards: `multi_region = true` replaces it, and what it encrypts stays behind; make a new key.", header}
	}
	return inRegion(key, primary, header)
}

func otherKind(arn terraform.Value, primary *kms.Key, external bool, header []rule.Evidence) *fault {
	want, has := "aws_kms_replica_external_key", "imported material"
	if external {
		want, has = "aws_kms_replica_key", "material that KMS made"
	}
	return &fault{attrPrimary, arn.Range, fmt.Sprintf("`%s` has %s", primary.Address, has), fmt.Sprintf("Such a key is replicated with `%s`.", want), header}
}

// singleRegion judges an ARN that is written out: the ids of multi-Region keys begin with mrk-.
func singleRegion(arn terraform.Value) *fault {
	text, known := arn.Text()
	_, id, isKey := strings.Cut(text, ":key/")
	if !known || !isKey || id == "" || strings.HasPrefix(id, "mrk-") {
		return nil
	}
	return &fault{attrPrimary, arn.Range, "the key that it names is a single-Region key, as its id does not begin with `mrk-`",
		"A key cannot be made multi-Region afterwards; make a new one.", nil}
}

// inRegion judges where the replica is to be.
func inRegion(key, primary *kms.Key, header []rule.Evidence) *fault {
	if same(key, primary) == terraform.True {
		return &fault{"provider", key.Header(), fmt.Sprintf("it is to be in the Region of `%s`, its primary", primary.Address),
			"Give it a `provider` of another Region.", header}
	}
	if a, b := partition(key), partition(primary); a != "" && b != "" && a != b {
		return &fault{"provider", key.Header(), fmt.Sprintf("its Region and that of `%s` are in different partitions of AWS", primary.Address),
			"Replicas stay within a partition.", header}
	}
	for _, other := range primary.Replicas() {
		if other.Resource == key.Resource {
			break // of two, the second is reported
		}
		if other.Address != key.Address && other.Exists == terraform.True && same(key, other) == terraform.True {
			return &fault{"provider", key.Header(), fmt.Sprintf("`%s` has a replica in that Region already", primary.Address),
				"One of the two has to go.", []rule.Evidence{{Range: other.Header(), Note: "the other replica"}}}
		}
	}
	return nil
}

// same tells whether two keys are in one Region: by name, or because they use one provider configuration.
func same(a, b *kms.Key) terraform.Truth {
	x, known := a.Region().Text()
	y, knownToo := b.Region().Text()
	switch {
	case known && knownToo && x == y:
		return terraform.True
	case known && knownToo:
		return terraform.False
	case !a.Attr("region").Absent() || !b.Attr("region").Absent():
		return terraform.Undecided
	}
	if a.Provider().Same(b.Provider()) == terraform.True {
		return terraform.True
	}
	return terraform.Undecided
}

func partition(key *kms.Key) string {
	name, known := key.Region().Text()
	switch {
	case !known:
		return ""
	case strings.HasPrefix(name, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(name, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(name, "us-iso"), strings.HasPrefix(name, "eu-iso"):
		return "" // several partitions, told apart by more than the first letters
	default:
		return "aws"
	}
}
