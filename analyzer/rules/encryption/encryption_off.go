package encryption

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed encryption_off.txtar
var encryptionOffSpec string

// EncryptionOff reports storage that AWS leaves unencrypted. A volume is medium, because its account may
// encrypt by default without the repository saying so.
var EncryptionOff = rule.Rule{
	ID: "KMS502", Name: "encryption-off",
	Title:    "Storage encryption off where AWS really stores data unencrypted",
	Severity: finding.High,
	References: []string{
		"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",
		"https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-3"},
	Compliance: storageControls,
	Spec:       encryptionOffSpec,
	Check:      checkEncryptionOff,
}

func checkEncryptionOff(p *rule.Pass) {
	all := services.Storages()
	for i := range all {
		for _, r := range p.Head.OfType(all[i].Type) {
			if all[i].Account {
				checkVolumes(p, r, &all[i])
			} else {
				checkStorage(p, r, &all[i])
			}
		}
	}
}

// encryptedByDefault tells that volumes may be encrypted although nothing asks for it.
func encryptedByDefault(p *rule.Pass) bool {
	return p.Options.EBSEncryptedByDefault || p.Head.EncryptedByDefault()
}

// checkStorage judges a service that stores plain data unless it is told otherwise.
func checkStorage(p *rule.Pass, r *terraform.Resource, s *services.Storage) {
	off := storageSetting(r, s.Path, s)
	condition := off.off()
	if s.Or != "" {
		other := storageSetting(r, s.Or, s)
		if condition.Holds == terraform.False || condition.Holds == terraform.Undecided && other.off().Holds == terraform.True {
			off, condition = other, other.off()
		}
	}
	arguments, blocks := s.MadeFrom()
	conditions := append([]rule.Condition{condition}, sources(r, off.place, "", arguments, blocks)...)
	if !p.Decide(r, append(conditions, engines(r, s)...)...) {
		return
	}
	what := "its data"
	if s.Or != "" {
		what = "a volume"
	}
	report(p, off, rule.Problem{
		Part:    off.place.Part,
		Message: fmt.Sprintf("`%s` stores %s unencrypted: %s. %s.", r.Address, what, off.words(), later(s, off)),
	})
}

// storageSetting reads a setting in the only place that it has: the block around it, or the resource where there is none.
func storageSetting(r *terraform.Resource, path string, s *services.Storage) setting {
	around, rest := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		around, rest = path[:i], path[i+1:]
	}
	if places, complete := kms.Places(r, around); complete && len(places) == 1 {
		return settingAt(r, places[0], path, rest, []string{s.On}, terraform.True)
	}
	return settingAt(r, resource(r), path, path, []string{s.On}, terraform.True)
}

// resource is the resource itself as a place.
func resource(r *terraform.Resource) kms.Place {
	places, _ := kms.Places(r, "")
	return places[0]
}

// later says what becomes of switching encryption on for what is deployed.
func later(s *services.Storage, off setting) string {
	change, known := services.SwitchOf(s.Type, s.Path)
	switch {
	case change.On == services.EngineDecides && inPlaceEngine(off.resource):
		return "Encryption can be switched on later, in place, and never off again"
	case !known || change.On == services.InPlace:
		return "Switched on later, it encrypts only what is written from then on"
	case change.Set == services.Replace && change.On == services.EngineDecides:
		return "An engine older than Elasticsearch 6.7 cannot switch encryption on later without replacing it"
	}
	return "Encryption cannot be switched on later without replacing it"
}

// engines are the conditions that a storage is one that stores plain data.
func engines(r *terraform.Resource, s *services.Storage) []rule.Condition {
	switch {
	case s.Type == "aws_opensearch_domain" || s.Type == "aws_elasticsearch_domain":
		return []rule.Condition{plainDomain(r)}
	case len(s.Engines) == 0:
		return nil
	}
	engine := r.Attr("engine")
	c := rule.Condition{Attribute: "engine", Value: engine, Holds: terraform.False}
	name, known := engine.Text()
	switch {
	case engine.Absent(): // a replica or a restored snapshot: its source decides
	case !known:
		c.Holds = terraform.Undecided
	case s.Type == "aws_rds_cluster" && slices.Contains(s.Engines, name), s.Type != "aws_rds_cluster" && hasPrefix(name, s.Engines):
		c.Holds = terraform.True
	}
	return []rule.Condition{c}
}

// optimized are the instance types that run with encryption only.
// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/or1.html
var optimized = []string{"or1.", "or2.", "om2.", "oi2."}

// plainDomain is the condition that a search domain may run without encryption.
func plainDomain(r *terraform.Resource) rule.Condition {
	v := resource(r).Value("cluster_config.instance_type")
	c := rule.Condition{Attribute: "cluster_config.instance_type", Value: v, Holds: terraform.Undecided}
	if name, known := v.Text(); known && hasPrefix(name, optimized) {
		c.Holds = terraform.False
	} else if known || v.Absent() {
		c.Holds = terraform.True
	}
	return c
}

// checkVolumes judges volumes whose account decides. Only a written false is reported: an argument that is left out
// may well rely on the account's default.
func checkVolumes(p *rule.Pass, r *terraform.Resource, s *services.Storage) {
	if encryptedByDefault(p) {
		return
	}
	around, rest := "", s.Path
	if i := strings.LastIndexByte(s.Path, '.'); i >= 0 {
		around, rest = s.Path[:i], s.Path[i+1:]
	}
	places, _ := kms.Places(r, around)
	names := told(places)
	for i, place := range places {
		off := settingAt(r, place, s.Path, rest, []string{s.On}, terraform.False)
		arguments, _ := s.MadeFrom()
		conditions := append([]rule.Condition{off.exists(), off.off()}, sources(r, place, around, arguments, nil)...)
		if off.value.Absent() || !p.Decide(r, conditions...) {
			continue
		}
		report(p, off, rule.Problem{
			Severity: finding.Medium, Part: place.Part, Discriminator: names[i],
			Message: fmt.Sprintf("`%s` does not ask for encryption: %s%s", r.Address, off.words(), defaults(s)),
		})
	}
}

// defaults completes the message about a volume.
func defaults(s *services.Storage) string {
	switch {
	case s.Type == "aws_ecs_service":
		return ". A `false` leaves it to the account's default for the Region, and that is off unless somebody switched it on."
	case s.Image:
		return ". Unless the machine image is encrypted, the account's default for the Region decides, and that is off unless somebody switched it on."
	}
	return ", and the provider sends nothing for it. The account's default for the Region decides, and that is off unless somebody switched it on."
}

func report(p *rule.Pass, off setting, problem rule.Problem) {
	problem.Resource, problem.Attribute, problem.Fix = off.resource, off.path, func() []finding.Edit { return off.switchOn(p) }
	off.at(&problem)
	p.Report(problem)
}
