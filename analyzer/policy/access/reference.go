package access

import (
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// attribute is what names a principal: of a resource or a data source.
type attribute struct{ kind, typ, name string }

// meanings are the attributes that people name principals with.
var meanings = map[attribute]Kind{
	{"resource", "aws_iam_role", "arn"}:                                 Identity,
	{"resource", "aws_iam_user", "arn"}:                                 Identity,
	{"resource", "aws_iam_service_linked_role", "arn"}:                  Identity,
	{"resource", "aws_iam_service_linked_role", "id"}:                   Identity,
	{"resource", "aws_cloudfront_origin_access_identity", "iam_arn"}:    Identity,
	{"resource", "aws_organizations_account", "id"}:                     Account,
	{"resource", "aws_organizations_organization", "master_account_id"}: Account,
	{"data", "aws_organizations_organization", "master_account_id"}:     Account,
	{"data", "aws_iam_role", "arn"}:                                     Identity,
	{"data", "aws_iam_user", "arn"}:                                     Identity,
	{"data", "aws_caller_identity", "arn"}:                              Identity,
	{"data", "aws_caller_identity", "account_id"}:                       Account,
	{"data", "aws_caller_identity", "id"}:                               Account,
	{"data", "aws_iam_session_context", "issuer_arn"}:                   Identity,
	{"data", "aws_elb_service_account", "arn"}:                          Account,
	{"data", "aws_elb_service_account", "id"}:                           Account,
	{"data", "aws_cloudtrail_service_account", "arn"}:                   Account,
	{"data", "aws_cloudtrail_service_account", "id"}:                    Account,
	{"data", "aws_billing_service_account", "arn"}:                      Account,
	{"data", "aws_billing_service_account", "id"}:                       Account,
	{"data", "aws_redshift_service_account", "arn"}:                     Identity,
}

// mistakes are attributes that AWS takes for no principal.
var mistakes = map[attribute]string{
	{"resource", "aws_iam_group", "arn"}:            "a group is no principal",
	{"resource", "aws_iam_instance_profile", "arn"}: "an instance profile is no principal: its role is",
	{"resource", "aws_iam_policy", "arn"}:           "a policy is no principal",
	{"resource", "aws_iam_role", "name"}:            "a role is named by its ARN",
	{"resource", "aws_iam_role", "id"}:              "a role is named by its ARN",
	{"resource", "aws_iam_user", "name"}:            "a user is named by their ARN",
	{"resource", "aws_iam_user", "id"}:              "a user is named by their ARN",
	{"data", "aws_iam_role", "name"}:                "a role is named by its ARN",
	{"data", "aws_iam_role", "id"}:                  "a role is named by its ARN",
}

// referred classifies a principal that is an attribute of a resource. A role, a user and a caller are in the account
// of their provider configuration.
func (o Owner) referred(p *Principal, ref terraform.Reference) {
	r := sole(ref)
	if r == nil {
		return
	}
	at := attribute{r.Kind, r.Type, ref.Attribute}
	if why := mistakes[at]; why != "" {
		p.invalid(why)
		return
	}
	p.Kind = meanings[at]
	switch {
	case p.Kind == Account && ref.Attribute != "arn":
		p.Account = p.Text
	case p.Kind == Identity && (r.Type == "aws_iam_role" || r.Type == "aws_iam_user" ||
		r.Type == "aws_iam_service_linked_role" || r.Type == "aws_caller_identity"):
		p.Own = o.same(r)
	case r.Type == "aws_iam_session_context":
		p.Own = o.issuer(r)
	}
	switch r.Type {
	case "aws_elb_service_account", "aws_cloudtrail_service_account", "aws_billing_service_account", "aws_redshift_service_account":
		p.Own = terraform.False // they are AWS's
	}
}

// issuer tells whether the role behind a session is of the key's account: it is of that of the session.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_session_context
func (o Owner) issuer(context *terraform.Resource) terraform.Truth {
	ref := context.Attr("arn").Reference
	if ref == nil {
		return terraform.Undecided
	}
	if caller := sole(*ref); caller != nil && caller.Type == "aws_caller_identity" {
		return o.same(caller)
	}
	return terraform.Undecided
}
