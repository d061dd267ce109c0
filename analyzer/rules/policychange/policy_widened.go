package policychange

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed policy_widened.txtar
var policyWidenedSpec string

const modifyGuide = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html"

// PolicyWidened reports a key policy that allows requests which the one before did not.
var PolicyWidened = rule.Rule{
	ID: "KMS804", Name: "policy-widened",
	Title:      "This change lets more happen with a key",
	Severity:   finding.Critical,
	Hazard:     true,
	References: []string{modifyGuide, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"},
	Compliance: []string{"AWS Well-Architected SEC03-BP04", "NIST SP 800-53 AC-6", "NIST SP 800-53 CM-6", "SOC 2 CC6.1"},
	Spec:       policyWidenedSpec,
	Check:      checkPolicyWidened,
}

func checkPolicyWidened(p *rule.Pass) {
	for _, r := range revisions(p) {
		compared := r.compare()
		changes := compared.Wider
		if compared.Verdict == access.Incomparable {
			changes = append(slices.Clone(changes), r.named(changes)...)
		}
		if len(changes) == 0 {
			if compared.Verdict == access.Incomparable && r.rewritten() {
				_, head, _ := r.policies()
				p.Undecided(r.key.Resource, attrPolicy, terraform.Value{Range: r.visible(head.Range), Reason: compared.Reason})
			}
			continue
		}
		var rest []access.Change
		public := map[*policy.Statement][]access.Change{}
		var order []*policy.Statement
		for _, change := range changes {
			if !r.openedUp(change) {
				rest = append(rest, change)
				continue
			}
			if public[change.Head] == nil {
				order = append(order, change.Head)
			}
			public[change.Head] = append(public[change.Head], change)
		}
		if len(rest) > 0 {
			p.Report(r.widened(rest))
		}
		for _, statement := range order {
			problem := r.widened(public[statement])
			sid, _ := statement.Sid.Symbol()
			problem.Part, problem.Discriminator = r.visible(statement.Range), "everyone\x00"+sid
			p.Report(problem)
		}
	}
}

// openedUp tells a statement that newly lets in everyone. By itself it is a problem of the policy, which other rules
// report with what to do, so that this one has to leave it to them.
func (r revision) openedUp(c access.Change) bool {
	if c.Kind != access.Everyone || c.Head == nil {
		return false
	}
	limit, _ := access.CallerLimit(*c.Head)
	return limit == access.NoLimit && !r.wasOpen(*c.Head)
}

// wasOpen tells that the policy of the base had the same statement for everyone already: then the problem is an old
// one, and nobody else would say that it grows.
func (r revision) wasOpen(head policy.Statement) bool {
	owner := r.Base.Owner(r.old)
	for _, d := range alternatives(r.Base.Policy(r.old)) {
		for _, s := range d.Statements {
			limit, _ := access.CallerLimit(s)
			list, _ := access.Principals(s, owner)
			everyone := slices.ContainsFunc(list, func(p access.Principal) bool { return p.Kind == access.Everyone })
			if sameOne(s, head) && s.Effect.Is("Allow") != terraform.False && limit == access.NoLimit && (everyone || s.NotPrincipals.Present == terraform.True) {
				return true
			}
		}
	}
	return false
}

// sameOne tells two statements to be one in two versions: by the Sid, or else by what they say of actions. One whose
// condition comes or goes is another problem than before.
func sameOne(s, other policy.Statement) bool {
	if len(s.Conditions.Items) > 0 != (len(other.Conditions.Items) > 0) {
		return false
	}
	a, _ := s.Sid.Symbol()
	b, _ := other.Sid.Symbol()
	same := func(x, y policy.Text) bool { return x.Same(y) == terraform.True }
	return a == b && (a != "" || slices.EqualFunc(s.Actions.Items, other.Actions.Items, same))
}

// maxChanges is how many changes a message tells.
const maxChanges = 3

// widened is the one problem of a key.
func (r revision) widened(changes []access.Change) rule.Problem {
	problem := rule.Problem{Resource: r.key.Resource, Attribute: attrPolicy, Shared: true}
	var told []string
	reach := ""
	for _, c := range changes {
		severity, why := r.severity(c)
		if severity > problem.Severity {
			problem.Severity, reach = severity, why
		}
		if words := c.Words + conditions(c); len(told) < maxChanges && !slices.Contains(told, words) {
			told = append(told, words)
		}
		if c.Head != nil && problem.Range.Filename == "" {
			problem.Range = r.visible(c.Head.Range)
		}
		if c.Base != nil {
			problem.Evidence = r.evidence(problem.Evidence, c.Base.Range, "what the policy said before")
		}
	}
	if more := len(changes) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	problem.Message = fmt.Sprintf("The policy of `%s` gets wider: %s. The policy before this change does not allow that%s.",
		r.key.Address, strings.Join(told, "; "), reach)
	return problem
}

// conditions says under which conditions something new is allowed, which the words of a change do not say.
func conditions(c access.Change) string {
	if c.Head == nil {
		return ""
	}
	var old, keys []string
	if c.Base != nil {
		old = conditionKeys(*c.Base)
	}
	for _, key := range conditionKeys(*c.Head) {
		if !slices.Contains(old, key) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	switch len(keys) {
	case 0:
		return ""
	case 1:
		return ", under a condition on " + keys[0]
	default:
		return ", under conditions on " + strings.Join(keys, " and ")
	}
}

// conditionKeys are the keys of a statement's conditions, as far as they are known.
func conditionKeys(s policy.Statement) (keys []string) {
	for _, condition := range s.Conditions.Items {
		if key, known := condition.Key.Known(); known {
			keys = append(keys, finding.Code(key))
		}
	}
	return keys
}

// severity says how much a change lets in, and completes the sentence "the policy before does not allow that".
func (r revision) severity(c access.Change) (severity finding.Severity, why string) {
	escalates := c.Actions & (action.PutKeyPolicy | action.ScheduleKeyDeletion)
	if c.Actions&action.CreateGrant != 0 && !forServices(c.Head) {
		escalates |= action.CreateGrant
	}
	switch {
	case c.Kind == access.Account && c.Own == terraform.True, c.By == access.Account && c.ByOwn == terraform.True:
		return finding.Low, ", and leaves to the account's IAM policies who may do it"
	case c.Kind == access.Everyone && c.Head != nil:
		switch limit, _ := access.CallerLimit(*c.Head); limit {
		case access.NoLimit:
			return finding.Critical, ", and no condition says whose principals may do it: any AWS account can"
		case access.Limits, access.LimitUnknown:
		}
	case c.Kind == access.Account && c.Own == terraform.Undecided && !numbered(c):
		return finding.Medium, ", and it is not known whether that account is the key's own, whose IAM policies would decide who may do it"
	case c.Kind == access.Service && actsForSomebody(c.Head):
		return finding.Low, ""
	case c.Kind == access.Service:
		return finding.Medium, ", nor does a condition say for whom the service does it"
	case amazons.MatchString(c.Principal):
		return finding.Medium, ", and the account is one that AWS delivers logs from"
	case c.Own == terraform.False && !r.trusted(c) && !r.letIn(c):
		return finding.Critical, ", and it is another account whose administrators decide who there can do it"
	}
	if c.Actions&action.PutKeyPolicy != 0 && c.Own == terraform.True && r.wasLocked() {
		return finding.Low, ", nor does it let anybody change it"
	}
	if escalates != 0 {
		return finding.Critical, ", and with `" + escalates.String() + "` the key can be taken over or destroyed"
	}
	return finding.High, ""
}

// amazons are the accounts of AWS itself that the provider's data sources name.
var amazons = regexp.MustCompile(`data\.aws_(elb|cloudtrail|billing|redshift)_service_account\.`)

// wasLocked tells that nobody at all could change the policy of the base: whoever comes to be able to mends that.
func (r revision) wasLocked() bool {
	for _, d := range alternatives(r.Base.Policy(r.old)) {
		if d.Absent || d.Open || slices.ContainsFunc(d.Statements, func(s policy.Statement) bool {
			_, possible := access.Actions(s)
			return s.Effect.Is("Deny") != terraform.True && possible&action.PutKeyPolicy != 0
		}) {
			return false
		}
	}
	return true
}

// numbered tells that an account is written as its number: that is how people name those that are not their own.
func numbered(c access.Change) bool { return !strings.Contains(c.Principal, "${") }

// actsForSomebody tells that a statement lets a service use the key for a certain account, resource or piece of data
// only. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func actsForSomebody(s *policy.Statement) bool {
	return s != nil && slices.ContainsFunc(s.Conditions.Items, func(c policy.Condition) bool {
		key, _ := c.Key.Known()
		key = strings.ToLower(key)
		return strings.HasPrefix(key, "kms:encryptioncontext") ||
			slices.Contains([]string{"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}, key)
	})
}

// forServices tells that a statement lets grants be made for services of AWS only, as the console writes it for a
// key's users. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
func forServices(s *policy.Statement) bool {
	return s != nil && slices.ContainsFunc(s.Conditions.Items, func(c policy.Condition) bool {
		key, _ := c.Key.Known()
		return strings.EqualFold(key, "kms:GrantIsForAWSResource") && len(c.Values.Items) == 1 && c.Values.Items[0].Is("true") == terraform.True
	})
}

// letIn tells that the policy of the base allowed something to the same account already: who is there is nothing new.
func (r revision) letIn(c access.Change) bool {
	owner := r.Base.Owner(r.old)
	for _, d := range alternatives(r.Base.Policy(r.old)) {
		for _, s := range d.Statements {
			list, _ := access.Principals(s, owner)
			if s.Effect.Is("Allow") == terraform.True && slices.ContainsFunc(list, func(p access.Principal) bool {
				account, named := p.Account.Symbol()
				return named && account != "" && strings.Contains(c.Principal, account)
			}) {
				return true
			}
		}
	}
	return false
}

// trusted tells that the settings list the account which a change lets in.
func (r revision) trusted(c access.Change) bool {
	return slices.ContainsFunc(r.Options.TrustedAccounts, func(account string) bool { return strings.Contains(c.Principal, account) })
}
