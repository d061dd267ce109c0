package consumer

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed wrong_key_type_for_service.txtar
var wrongKeyTypeForServiceSpec string

const (
	typesGuide  = "https://docs.aws.amazon.com/kms/latest/developerguide/symmetric-asymmetric.html"
	dnssecGuide = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html"
)

// WrongKeyTypeForService reports a service that is given a key which it cannot use.
var WrongKeyTypeForService = rule.Rule{
	ID: "KMS106", Name: "wrong-key-type-for-service",
	Title:      "Service attribute points at a key type the service cannot use",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{typesGuide, dnssecGuide},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       wrongKeyTypeForServiceSpec,
	Check:      checkWrongKeyType,
}

func checkWrongKeyType(p *rule.Pass) {
	for _, use := range p.Head.Uses() {
		if use.Row.Signs {
			checkSigning(p, use)
			continue
		}
		key, attr := shapedBy(use.Key)
		if key == nil {
			continue
		}
		spec := key.Attr(attr)
		if spec.Unknown() {
			p.Undecided(key.Resource, attr, spec)
		}
		if name, _ := spec.Text(); !symmetric(name) && !key.Ignores(attr) {
			report(p, use, key, spec, fmt.Sprintf("`%s` is given `%s` in `%s`, which is a key of the spec `%s`. AWS services encrypt with "+
				"symmetric encryption keys only: applying this fails, or else the first use of it.", use.Consumer.Address, use.Key.Address, use.Row.Path, name))
		}
	}
}

// shapedBy finds the key whose arguments say of which kind a key is, and the argument for the spec: a replica is of
// its primary's kind. It is nil where that is not in the configuration.
func shapedBy(key *kms.Key) (shaped *kms.Key, attr string) {
	switch key.Type {
	case "aws_kms_key":
		return key, "customer_master_key_spec"
	case "aws_kms_external_key":
		return key, "key_spec" // since version 6 of the provider; symmetric before
	}
	if primary := key.Primary(); primary != nil && primary.Primary() == nil {
		return shapedBy(primary)
	}
	return nil, ""
}

// symmetric tells that a spec is not certainly one of the others. A spec that nobody knows is refused by the provider,
// or newer than we are.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
func symmetric(spec string) bool {
	for _, family := range []string{"RSA_", "ECC_", "HMAC_", "ML_DSA_", "SM2"} {
		if strings.HasPrefix(spec, family) {
			return false
		}
	}
	return true
}

// checkSigning judges the one service that signs: DNSSEC of Route 53 wants a key of one kind, in one Region.
func checkSigning(p *rule.Pass, use kms.Use) {
	key := use.Key
	if key.Type != "aws_kms_key" {
		return
	}
	spec, region := key.Attr("customer_master_key_spec"), key.Region()
	name, known := spec.Text()
	place, regionKnown := region.Text()
	switch {
	case spec.Absent() || known && name != "ECC_NIST_P256":
		report(p, use, key, spec, signing(use, "is a key of the spec `"+orDefault(name)+"`"))
	case regionKnown && place != "us-east-1":
		report(p, use, key, region, signing(use, "is in `"+place+"`"))
	case spec.Unknown():
		p.Undecided(key.Resource, "customer_master_key_spec", spec)
	}
}

func signing(use kms.Use, what string) string {
	return fmt.Sprintf("`%s` is to sign with `%s` in `%s`, which %s. Route 53 takes a key of the spec `ECC_NIST_P256` in `us-east-1` "+
		"and no other, so applying this fails.", use.Consumer.Address, use.Key.Address, use.Row.Path, what)
}

func orDefault(spec string) string {
	if spec == "" {
		return "SYMMETRIC_DEFAULT"
	}
	return spec
}

func report(p *rule.Pass, use kms.Use, key *kms.Key, reason terraform.Value, message string) {
	at := reason.Range
	if at.Filename == "" {
		at = key.Header()
	}
	p.Report(rule.Problem{
		Resource: use.Consumer, Attribute: use.Row.Path, Discriminator: use.Key.Address, Range: use.Value.Range,
		Message: message, Evidence: []rule.Evidence{{Range: at, Note: "what kind of key it is"}},
	})
}
