package access

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// begins tells that a text certainly begins so.
func begins(t policy.Text, prefix string) bool {
	return len(t.Parts) > 0 && t.Parts[0].Unknown == nil && strings.HasPrefix(t.Parts[0].Literal, prefix)
}

// split cuts a text at a separator in its literals, into at most n pieces.
func split(t policy.Text, separator string, n int) []policy.Text {
	pieces := []policy.Text{{Range: t.Range}}
	last := func() *policy.Text { return &pieces[len(pieces)-1] }
	for _, part := range t.Parts {
		if part.Unknown != nil {
			last().Parts = append(last().Parts, part)
			continue
		}
		for i, literal := range strings.SplitN(part.Literal, separator, n-len(pieces)+1) {
			if i > 0 {
				pieces = append(pieces, policy.Text{Range: t.Range})
			}
			if literal != "" {
				last().Parts = append(last().Parts, policy.Part{Literal: literal})
			}
		}
	}
	return pieces
}

// literals tells whether a text's literal parts have one of the characters.
func literals(t policy.Text, chars string) bool {
	return slices.ContainsFunc(t.Parts, func(p policy.Part) bool { return strings.ContainsAny(p.Literal, chars) })
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isAccount(s string) bool { return len(s) == 12 && digits(s) }

// uniqueID tells the id of a user or a role. AWS shows it in place of the ARN of one that was deleted, and takes it
// from nobody. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func uniqueID(s string) bool {
	return len(s) >= 16 && (strings.HasPrefix(s, "AROA") || strings.HasPrefix(s, "AIDA")) && !strings.ContainsAny(s, ":/")
}

// arn classifies arn:PARTITION:iam::ACCOUNT:RESOURCE and its likes. None of the parts of such an ARN can hold a
// colon, so with five written ones the unknown parts have their places; with fewer, one of them may hold anything.
func (o Owner) arn(p *Principal) {
	fields := split(p.Text, ":", 6)
	_, known := p.Text.Known()
	switch {
	case len(fields) < 6 && known:
		p.invalid("the ARN is not complete")
		return
	case len(fields) < 6 || literals(p.Text, "$"):
		return
	}
	service, account, resource := fields[2], fields[4], fields[5]
	switch number, written := account.Known(); {
	case literals(account, "*?") || literals(resource, "*?"):
		p.invalid("a principal's ARN has no wildcards")
		return
	case service.Is("iam") == terraform.False && service.Is("sts") == terraform.False:
		p.invalid("it is not the ARN of an account, a role, a user or a session")
		return
	case written && number == "cloudfront":
	case written && !isAccount(number):
		p.invalid("an account's number has 12 digits")
		return
	}
	p.Account = account
	p.resource(service, resource)
}

// resource classifies by the last part of an ARN.
func (p *Principal) resource(service, resource policy.Text) {
	iam, sts := service.Is("iam") == terraform.True, service.Is("sts") == terraform.True
	switch {
	case iam && resource.Is("root") == terraform.True:
		p.Kind = Account
	case iam && (begins(resource, "role/") || begins(resource, "user/")):
		p.Kind = Identity
	case sts && (begins(resource, "assumed-role/") || begins(resource, "federated-user/")):
		p.Kind = Identity
	case iam && begins(resource, "group/"):
		p.invalid("a group is no principal")
	case iam && begins(resource, "instance-profile/"):
		p.invalid("an instance profile is no principal: its role is")
	case iam && begins(resource, "policy/"):
		p.invalid("a policy is no principal")
	}
}

var region = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]$`)

// service is the name of a service principal without the Region that some have and in the spelling of the partition
// aws: logs.eu-central-1.amazonaws.com and logs.${data.aws_region.x.name}.${data.aws_partition.x.dns_suffix} are
// logs.amazonaws.com.
func service(t policy.Text) string {
	var words []string
	for _, label := range split(t, ".", 20) {
		word, known := label.Known()
		if !known || word == "amazonaws" || region.MatchString(word) {
			break
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ".") + ".amazonaws.com"
}
