package keypolicy

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed service_cannot_use_key.txtar
var serviceCannotUseKeySpec string

// ServiceCannotUseKey reports a key whose policy does not let a service in that calls KMS under its own name. However
// many resources of a service use the key, the policy lacks one statement, so that is one finding.
var ServiceCannotUseKey = rule.Rule{
	ID: "KMS503", Name: "service-cannot-use-key",
	Title:      "Key policy does not let the service use the key",
	Severity:   finding.High,
	Everywhere: true,
	Supersedes: []string{"KMS216"},
	References: []string{
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
		"https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
		"https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
		"https://github.com/hashicorp/terraform-provider-aws/issues/8042"},
	Compliance: []string{"AWS Security Hub CloudTrail.2", "CIS AWS Foundations 3.5 (v3)"},
	Spec:       serviceCannotUseKeySpec,
	Check:      checkServices,
}

func checkServices(p *rule.Pass) {
	for _, n := range needs(p) {
		if n.use.Key != nil {
			checkNeed(p, n)
			continue
		}
		n.report(p, rule.Problem{
			Resource: n.use.Consumer,
			Message: fmt.Sprintf("`%s` is encrypted with an AWS managed key, whose policy lets no other service in and cannot be changed: what %s sends%s "+
				"is lost without an error in Terraform. Name a customer managed key whose policy allows `%s` %s.",
				n.use.Consumer.Address, finding.Code(n.principal.Name), n.forWhom(), n.principal.Name, named(n.must())),
		})
	}
}

// checkNeed judges the policy of a key.
func checkNeed(p *rule.Pass, n need) {
	key := n.use.Key
	d := p.Head.Policy(key)
	unmanaged := func(r kms.KeyPolicy) bool { return r.Ignores("policy") }
	if key.Ignores("policy") || slices.ContainsFunc(key.Policies, unmanaged) || d.Absent && kept(p, key) {
		return
	}
	j := &judged{Pass: p, resource: key.Resource, owner: p.Head.Owner(key), document: d}
	allowed, why := access.ForService(d, j.owner, n.service(), n.must())
	if why != "" {
		p.Undecided(key.Resource, "policy", terraform.Value{Range: j.visible(d.Range), Reason: why})
	}
	lacks := n.must() &^ allowed
	if lacks == 0 {
		return
	}
	problem := rule.Problem{
		Resource: key.Resource,
		Message: fmt.Sprintf("`%s` uses `%s`, %s allow `%s` %s. No IAM policy can do that instead, so %s.",
			n.use.Consumer.Address, key.Address, whose(d), n.principal.Name, named(lacks), n.then(p)),
		Fix: func() []finding.Edit { return j.letIn(n) },
	}
	if at := j.visible(d.Range); !d.Absent && at.Filename != "" {
		at.End = at.Start
		problem.Evidence = []rule.Evidence{{Range: at, Note: "the key's policy"}}
	}
	n.report(p, problem)
}

func whose(d policy.Document) string {
	if d.Absent {
		return "which has AWS's default policy, and that does not"
	}
	return "whose policy does not"
}

// need is that a service must be able to use a key, for one resource or more.
type need struct {
	use       kms.Use // the first one; without a key where AWS manages it
	principal services.Principal
	users     []user
}

// user is a resource that makes a service use a key, and where it says so.
type user struct {
	*terraform.Resource
	at hcl.Range
}

// needs lists who has to be able to use which key, in the order of the services' arguments.
func needs(p *rule.Pass) []need {
	var all []need
	at := map[string]int{}
	add := func(use kms.Use, principal services.Principal, users []user) {
		if use.Consumer.Exists != terraform.True || len(users) == 0 {
			return
		}
		of := use.Consumer
		if use.Key != nil {
			of = use.Key.Resource
		}
		id := fmt.Sprintf("%p %s", of, principal.Name)
		if _, known := at[id]; !known {
			at[id] = len(all)
			all = append(all, need{use: use, principal: principal})
		}
		all[at[id]].count(users)
	}
	for _, use := range p.Head.Uses() {
		for _, principal := range use.Row.Principals() {
			switch {
			case principal.Sender:
				add(use, principal, senders(p, use.Consumer, principal.Name))
			case principal.Creates:
				add(use, principal, []user{{use.Consumer, use.Value.Range}})
			}
		}
	}
	for _, typ := range []string{"aws_sns_topic", "aws_sqs_queue"} {
		for _, r := range p.Head.OfType(typ) {
			row := &services.Of(typ)[0]
			if v := r.Attr(row.Path); kms.AWSManaged(v) && !r.Ignores(row.Path) {
				for _, principal := range row.Principals() {
					add(kms.Use{Consumer: r, Row: row, Value: v}, principal, senders(p, r, principal.Name))
				}
			}
		}
	}
	return all
}

// count adds resources, each of them once.
func (n *need) count(users []user) {
	for _, u := range users {
		if !slices.ContainsFunc(n.users, func(known user) bool { return known.Resource == u.Resource }) {
			n.users = append(n.users, u)
		}
	}
}

// senders lists what has a service send to a topic or queue, or use what a bucket encrypts.
func senders(p *rule.Pass, consumer *terraform.Resource, service string) []user {
	to := consumer
	if to.Type == "aws_s3_bucket_server_side_encryption_configuration" {
		to = p.Head.BucketOf(consumer)
	}
	var all []user
	for _, d := range p.Head.DeliveriesTo(to) {
		if d.Row.Service == service {
			all = append(all, user{d.From, d.Value.Range})
		}
	}
	return all
}

// service is the principal's name without a Region.
func (n need) service() string { return strings.Replace(n.principal.Name, ".<region>", "", 1) }

func (n need) must() action.Set {
	var all action.Set
	for _, name := range n.principal.Must {
		all |= action.Match(name)
	}
	return all
}

// forWhom names the resource that has the service send.
func (n need) forWhom() string {
	text := fmt.Sprintf(" for `%s`", n.users[0].Address)
	if others := len(n.users) - 1; others > 0 {
		text += fmt.Sprintf(" and %d more", others)
	}
	return text
}

// then is what follows.
func (n need) then(p *rule.Pass) string {
	switch {
	case n.principal.Creates && p.Before(n.use.Consumer) != nil:
		return "the service can do nothing with it"
	case n.principal.Creates && len(n.users) > 1:
		return fmt.Sprintf("creating it fails, and so for %d more", len(n.users)-1)
	case n.principal.Creates:
		return "creating it fails"
	case n.service() == "cloudfront.amazonaws.com":
		return "what" + n.forWhom() + " is to serve from there is denied to it"
	}
	return "what the service sends" + n.forWhom() + " is lost without an error in Terraform"
}

// maxUsers bounds how many resources a finding points at.
const maxUsers = 5

// report points at the resource that the change brings, if it brings one, else at the first.
func (n need) report(p *rule.Pass, problem rule.Problem) {
	first := 0
	if p.Base != nil {
		first = max(0, slices.IndexFunc(n.users, func(u user) bool { return p.Before(u.Resource) == nil }))
	}
	problem.Attribute, problem.Discriminator, problem.Range = "policy", n.principal.Name, n.users[first].at
	if n.use.Key == nil {
		problem.Attribute = n.use.Row.Path
	}
	for i, u := range n.users {
		if i != first && i < maxUsers {
			problem.Evidence = append(problem.Evidence, rule.Evidence{Range: u.at, Note: fmt.Sprintf("`%s` needs it, too", u.Address)})
		}
	}
	if n.principal.Sender {
		problem.Evidence = append(problem.Evidence, rule.Evidence{Range: n.use.Value.Range, Note: "the key"})
	}
	p.Report(problem)
}
