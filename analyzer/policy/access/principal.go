package access

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Kind is what a principal is.
type Kind int

// The kinds. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
const (
	// Unknown may be any of the others.
	Unknown Kind = iota
	// Everyone is "*": anyone in any account, and without one.
	Everyone
	// Account is an account's root, written as its ARN or as the bare number: the account's IAM policies decide.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
	Account
	// Identity is a role, a user, or a session of one.
	Identity
	// Service is a service of AWS.
	Service
	// Federated is an identity provider.
	Federated
	// Canonical is a canonical user id of S3.
	Canonical
	// Invalid is what AWS refuses; Why says why.
	Invalid
)

// Principal is one principal that a statement names.
type Principal struct {
	Kind    Kind
	Text    policy.Text     // as written
	Account policy.Text     // the number of the account of an Account or Identity; the empty text where there is none
	Own     terraform.Truth // whether that account is the key's
	Service string          // of a Service: "logs.amazonaws.com", without Region and in any partition; "" where not known
	Why     string          // of an Invalid one
	Range   hcl.Range
}

// Principals lists whom the Principal element of a statement certainly names. whole is false where there may be
// others.
func Principals(s policy.Statement, o Owner) (list []Principal, whole bool) {
	return named(s, s.Principals, o)
}

// NotPrincipals lists whom the NotPrincipal element certainly names. whole is false where there may be others.
func NotPrincipals(s policy.Statement, o Owner) (list []Principal, whole bool) {
	return named(s, s.NotPrincipals, o)
}

func named(s policy.Statement, element policy.Principals, o Owner) (list []Principal, whole bool) {
	whole = !s.Open && !element.Open && element.Present != terraform.Undecided
	for _, group := range element.Groups {
		if group.Exists != terraform.True {
			whole = false
			continue
		}
		whole = whole && !group.Identifiers.Open && group.Identifiers.Present != terraform.Undecided
		for _, item := range group.Identifiers.Items {
			list = append(list, o.principal(group.Type, item))
		}
	}
	return list, whole
}

// principal classifies one identifier of a type of principals.
func (o Owner) principal(typ, text policy.Text) Principal {
	p := Principal{Text: text, Range: text.Range}
	name, known := typ.Known()
	switch {
	case !known:
	case name == "*" && text.Is("*") == terraform.True:
		p.Kind = Everyone
	case name == "*":
	case name == "AWS":
		o.aws(&p)
	case name == "Service":
		p.Kind, p.Service = Service, service(text)
	case name == "Federated":
		p.Kind = Federated
	case name == "CanonicalUser":
		p.Kind = Canonical
	default:
		p.invalid("AWS knows no principals of the type `" + name + "`")
	}
	return p
}

func (p *Principal) invalid(why string) { p.Kind, p.Why = Invalid, why }

// aws classifies what stands under AWS: an ARN, an account's number or "*".
func (o Owner) aws(p *Principal) {
	text, known := p.Text.Known()
	switch {
	case known && text == "*":
		p.Kind = Everyone
	case known && isAccount(text):
		p.Kind, p.Account = Account, p.Text
	case known && digits(text):
		p.invalid("an account's number has 12 digits")
	case known && uniqueID(text):
		p.invalid("it is what AWS leaves of a role or user that was deleted")
	case begins(p.Text, "arn:"):
		o.arn(p)
	case known:
		p.invalid("it is neither an ARN nor an account's number nor `*`")
	case p.Text.Reference() != nil:
		o.referred(p, *p.Text.Reference())
	default:
		o.chosen(p)
	}
	if p.Own == terraform.Undecided && (p.Kind == Account || p.Kind == Identity) {
		p.Own = o.Self(p.Account)
	}
}

// chosen classifies what an unknown condition chooses, where that is of one kind whatever the condition says.
func (o Owner) chosen(p *Principal) {
	if len(p.Text.Parts) != 1 || p.Text.Parts[0].Unknown == nil {
		return
	}
	choices, _ := p.Text.Parts[0].Unknown.Choices()
	for i, choice := range choices {
		one := Principal{Text: policy.Text{Parts: []policy.Part{{Unknown: &choice}}}}
		if text, known := choice.Text(); known {
			one.Text.Parts[0] = policy.Part{Literal: text}
		} else if choice.Reference == nil {
			p.Kind = Unknown
			return
		}
		o.aws(&one)
		switch {
		case i == 0:
			p.Kind, p.Own, p.Why = one.Kind, one.Own, one.Why
		case p.Kind != one.Kind:
			p.Kind, p.Own, p.Why = Unknown, terraform.Undecided, ""
			return
		case p.Own != one.Own:
			p.Own = terraform.Undecided
		}
	}
}
