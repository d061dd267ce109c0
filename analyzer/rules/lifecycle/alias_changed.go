package lifecycle

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed alias_changed.txtar
var aliasChangedSpec string

const updateAlias = "https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html"

// AliasChanged reports an alias that means another key from the apply on, or none: critical where the key that it meant
// goes too, high where something still uses the old name or KMS refuses the change, medium otherwise.
var AliasChanged = rule.Rule{
	ID: "KMS809", Name: "alias-changed",
	Title:      "Alias goes to another key, or away, while it is in use",
	Severity:   finding.Critical,
	Hazard:     true,
	References: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/alias-manage.html#alias-update", updateAlias},
	Compliance: []string{"AWS Well-Architected SEC08-BP01"},
	Spec:       aliasChangedSpec,
	Check:      checkAliasChanged,
}

const (
	attrName   = "name"
	attrTarget = "target_key_id"
)

func checkAliasChanged(p *rule.Pass) {
	for _, alias := range p.Base.OfType("aws_kms_alias") {
		name, named := alias.Attr(attrName).Text()
		now := p.After(alias)
		switch {
		case now == nil:
			if fate := p.Follow(alias); named && fate.Fate == rule.Destroyed && alias.Exists == terraform.True {
				reportGone(p, alias, name, fate)
			}
		case renamedAlias(alias, now):
			reportRenamed(p, alias, now, name)
		case now.Exists == terraform.True && !now.Ignores(attrTarget):
			checkTarget(p, alias, now)
		}
	}
}

// renamedAlias tells that an alias certainly has another name. KMS cannot rename one, so it is deleted and created.
func renamedAlias(alias, now *terraform.Resource) bool {
	was, known := alias.Attr(attrName).Text()
	is, knownToo := now.Attr(attrName).Text()
	return known && knownToo && was != is && !now.Ignores(attrName) && alias.Exists == terraform.True && now.Exists == terraform.True
}

func reportGone(p *rule.Pass, alias *terraform.Resource, name string, fate rule.Whereabouts) {
	places := namedBy(p, alias, name)
	if len(places) == 0 {
		return
	}
	problem := rule.Problem{
		Resource: alias, AtBase: true, Attribute: attrName, Discriminator: name, Severity: finding.High, Evidence: evidenceOf(places),
		Message: fmt.Sprintf("The next apply destroys `%s`, and %s %s. From then on KMS does not find the key by that name; keep the alias "+
			"until nothing names it any more.", alias.Address, subject(whoNames(places), "still names", "still name"), finding.Code(name)),
	}
	if fate.By != nil {
		problem.AtBase, problem.Range = false, fate.By.Range
	}
	p.Report(problem)
}

func reportRenamed(p *rule.Pass, alias, now *terraform.Resource, name string) {
	places := namedBy(p, alias, name)
	if len(places) == 0 {
		return
	}
	at := now.Attr(attrName).Range
	p.Report(rule.Problem{
		Resource: now, Attribute: attrName, Severity: finding.High, Range: at, Discriminator: name,
		Message: fmt.Sprintf("An alias has no other name than its own, so `%s` is deleted and another one created, and %s %s. From the apply on "+
			"KMS does not find the key by that name; declare both names until nothing uses the old one.",
			now.Address, subject(whoNames(places), "still names", "still name"), finding.Code(name)),
		Evidence: append(evidenceOf(places), rule.Evidence{Range: alias.Attr(attrName).Range, Note: "the name before this change", AtBase: true}),
	})
}

func whoNames(places []naming) []string {
	var users []user
	for _, place := range places {
		users = append(users, user{resource: place.by})
	}
	return distinct(users)
}

func evidenceOf(places []naming) []rule.Evidence {
	var all []rule.Evidence
	for _, place := range places[:min(len(places), maxEvidence)] {
		all = append(all, rule.Evidence{Range: place.at, Note: "names the old alias"})
	}
	return all
}

// checkTarget reports an alias under the same name that certainly means another key.
func checkTarget(p *rule.Pass, alias, now *terraform.Resource) {
	was, is := alias.Attr(attrTarget), now.Attr(attrTarget)
	problem := rule.Problem{
		Resource: now, Attribute: attrTarget, Range: is.Range, Severity: finding.Medium,
		Evidence: []rule.Evidence{{Range: was.Range, Note: "the key before this change", AtBase: true}},
	}
	olds, _, known := p.Base.Target(was, alias)
	keys, _, knownToo := p.Head.Target(is, now)
	if known != terraform.True || knownToo != terraform.True {
		if from, to := writtenID(was), writtenID(is); from != "" && to != "" && from != to {
			problem.Message = retargeted(now, nil, "another key")
			p.Report(problem)
		}
		return
	}
	old, key := olds[0], keys[0]
	if p.After(old.Resource) == key.Resource || p.Before(key.Resource) == old.Resource {
		return
	}
	problem.Message = retargeted(now, old, "`"+key.Address+"`")
	switch {
	case differ(old, key):
		problem.Severity = finding.High
		problem.Message = fmt.Sprintf("`%s` goes from `%s` to `%s`, which is a key of another type or for another use. KMS refuses that, so the apply "+
			"fails; give the new key an alias of its own.", now.Address, old.Address, key.Address)
	case p.Follow(old.Resource).Fate == rule.Destroyed:
		problem.Severity = finding.Critical
		problem.Message = fmt.Sprintf("`%s` goes to `%s`, and the same change destroys `%s`, the key that it means today. %s after the apply whatever was "+
			"encrypted or signed through the alias is lost; keep the old key until all of that is encrypted anew.",
			now.Address, key.Address, old.Address, sentenceCase(windowOf(old)))
	}
	p.Report(problem)
}

// retargeted says what an alias that goes to another key means; old is nil for a key that is not in the configuration.
func retargeted(now *terraform.Resource, old *kms.Key, to string) string {
	if old != nil && class(old) != "symmetric" {
		return fmt.Sprintf("Whoever names the key by `%s` uses %s from the apply on. What the old key has signed, or what is encrypted for it, still "+
			"needs that key by its own name: hand out its public key, and keep it.", now.Address, to)
	}
	return fmt.Sprintf("Whoever encrypts through `%s` uses %s from the apply on. Data that is there already stays with the old key, which KMS finds "+
		"by itself for as long as it exists and its policy allows it.", now.Address, to)
}

// differ tells that KMS does not take one key for the other behind an alias: both have to be symmetric, asymmetric or
// for HMAC, and for the same use. https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html
func differ(a, b *kms.Key) bool {
	x, y := class(a), class(b)
	if x == "" || y == "" {
		return false
	}
	usage, known := usageOf(a)
	other, knownToo := usageOf(b)
	return x != y || known && knownToo && usage != other
}

// class is the type of a key; "" where it is not known.
func class(key *kms.Key) string {
	if key.Type != "aws_kms_key" {
		return ""
	}
	spec := key.Attr("customer_master_key_spec")
	text, known := spec.Text()
	switch {
	case spec.Absent() || text == "SYMMETRIC_DEFAULT":
		return "symmetric"
	case !known:
		return ""
	case strings.HasPrefix(text, "HMAC_"):
		return "HMAC"
	default:
		return "asymmetric"
	}
}

func usageOf(key *kms.Key) (usage string, known bool) {
	v := key.Attr("key_usage")
	if v.Absent() {
		return "ENCRYPT_DECRYPT", true
	}
	return v.Text()
}

// writtenID is the id of a key that is written out, by itself or in an ARN; "" for anything else.
func writtenID(v terraform.Value) string {
	text, _ := v.Text()
	if _, id, inARN := strings.Cut(text, ":key/"); inARN {
		return id
	}
	if strings.ContainsAny(text, ":/") {
		return ""
	}
	return text
}

func sentenceCase(words string) string { return strings.ToUpper(words[:1]) + words[1:] }
