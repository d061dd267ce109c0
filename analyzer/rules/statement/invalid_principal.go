package statement

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed invalid_principal.txtar
var invalidPrincipalSpec string

const principalElement = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"

// InvalidPrincipal reports a principal that KMS refuses, in a key policy or in a grant.
var InvalidPrincipal = rule.Rule{
	ID: "KMS207", Name: "invalid-principal",
	Title:      "Principal that KMS rejects",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{policyElements, principalElement},
	Spec:       invalidPrincipalSpec,
	Check:      checkInvalidPrincipal,
}

func checkInvalidPrincipal(p *rule.Pass) {
	i := invalidPrincipals{newReporter(p)}
	for _, w := range p.Head.KeyDocuments() {
		region, _ := w.Region().Text()
		for _, d := range alternatives(w.Document) {
			for n := range d.Statements {
				i.each(judged{statement: &d.Statements[n], where: region}, func() { i.statement(w, i.asWritten(d.Statements[n])) })
			}
		}
	}
	for _, grant := range p.Head.OfType("aws_kms_grant") {
		i.grant(grant, "grantee_principal")
		i.grant(grant, "retiring_principal")
	}
}

type invalidPrincipals struct{ reporter }

func (i invalidPrincipals) statement(w kms.Written, s policy.Statement) {
	absent := s.Principals.Present == terraform.False && s.NotPrincipals.Present == terraform.False
	if absent && !s.Open {
		i.report(w, s.Range, rule.Problem{
			Discriminator: identity(s), Range: s.Range,
			Message: fmt.Sprintf("%s of the key policy of `%s` names no principal. KMS refuses the whole policy with MalformedPolicyDocumentException.",
				sentence(name(s)), w.Address),
		})
	}
	principals, _ := access.Principals(s, access.OwnerOf(w.Resource))
	others, _ := access.NotPrincipals(s, access.OwnerOf(w.Resource))
	for _, p := range append(principals, others...) {
		why := wrong(p, w.Resource)
		if why == "" {
			continue
		}
		symbol, _ := p.Text.Symbol()
		i.report(w, s.Range, rule.Problem{
			Discriminator: symbol + "\x00" + identity(s), Range: p.Range,
			Message: fmt.Sprintf("%s in %s of the key policy of `%s` is no valid principal: %s. KMS refuses the whole policy with "+
				"MalformedPolicyDocumentException.", finding.Code(p.Text.Words()), name(s), w.Address, why),
		})
	}
}

// wrong is why a principal is not valid in the account and partition of a resource; "" where it may be.
func wrong(p access.Principal, of *terraform.Resource) string {
	text, known := p.Text.Known()
	switch {
	case p.Kind == access.Invalid:
		return p.Why
	case p.Kind == access.Service && known && !isService(text):
		return "the name of a service ends in `.amazonaws.com`"
	case p.Kind == access.Account || p.Kind == access.Identity:
		return elsewhere(p.Text, of)
	default:
		return ""
	}
}

// domains are the endings of service principals, in all partitions.
var domains = []string{".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".aws.internal"}

func isService(text string) bool {
	return slices.ContainsFunc(domains, func(domain string) bool { return strings.HasSuffix(text, domain) })
}

// partitions are those whose Regions begin so; all other Regions are in the partition aws.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
var partitions = map[string]string{
	"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "us-isof-": "aws-iso-f", "eu-isoe-": "aws-iso-e",
	"eusc-": "aws-eusc",
}

// elsewhere tells an ARN of another partition than that of the provider's Region.
func elsewhere(text policy.Text, of *terraform.Resource) string {
	v := of.Region()
	region, known := v.Text()
	if !known || len(v.Via) > 0 { // a variable's default is not where everybody deploys
		return ""
	}
	fields := strings.SplitN(text.Parts[0].Literal, ":", 3)
	if len(fields) < 3 {
		return ""
	}
	partition := "aws"
	for prefix, other := range partitions {
		if strings.HasPrefix(region, prefix) {
			partition = other
		}
	}
	if fields[1] == partition {
		return ""
	}
	return fmt.Sprintf("the Region `%s` is in the partition `%s`, and it is of `%s`", region, partition, fields[1])
}

// servicePrincipal is what the provider takes for one in a grant.
var servicePrincipal = regexp.MustCompile(`^([0-9a-z-]+\.){1,4}(amazonaws|amazon)\.com$`)

func (i invalidPrincipals) grant(r *terraform.Resource, argument string) {
	v := r.Attr(argument)
	text := i.text(textOf(v))
	written, known := text.Known()
	if servicePrincipal.MatchString(written) {
		return
	}
	group := policy.Principal{
		Type: policy.Text{Parts: []policy.Part{{Literal: "AWS"}}}, Exists: terraform.True,
		Identifiers: policy.List{Present: terraform.True, Items: []policy.Text{text}},
	}
	principals, _ := access.Principals(policy.Statement{Principals: policy.Principals{Present: terraform.True, Groups: []policy.Principal{group}}}, access.OwnerOf(r))
	for _, p := range principals {
		why := wrong(p, r)
		if known && !strings.HasPrefix(written, "arn:") {
			why = "a grant names principals by their ARNs"
		}
		if why == "" {
			continue
		}
		i.Report(rule.Problem{
			Resource: r, Attribute: argument, Range: i.visible(v.Range),
			Message: fmt.Sprintf("`%s` of `%s` is %s, which is no valid principal: %s. KMS refuses to create the grant.", argument, r.Address, finding.Code(text.Words()), why),
		})
	}
}

func textOf(v terraform.Value) policy.Text {
	segments, ok := v.Segments()
	if !ok {
		segments = []terraform.Value{v}
	}
	t := policy.Text{Range: v.Range}
	for _, segment := range segments {
		if text, known := segment.Text(); known {
			t.Parts = append(t.Parts, policy.Part{Literal: text})
			continue
		}
		t.Parts = append(t.Parts, policy.Part{Unknown: &segment})
	}
	return t
}
