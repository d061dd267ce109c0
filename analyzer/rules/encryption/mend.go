package encryption

import (
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// switchOn is the edit that makes a setting encrypt. On what is deployed it may destroy the data, so it is offered only
// where the provider was seen to carry it out in place, or where there is nothing yet. Only the block itself is edited:
// a default elsewhere may feed others.
func (s setting) switchOn(p *rule.Pass) []finding.Edit {
	change, known := services.SwitchOf(s.resource.Type, s.path)
	if !known || len(s.need) != 1 || s.place.Object || !canEncrypt(s.resource) || !s.own() {
		return nil
	}
	plan := change.Set
	if !s.value.Absent() {
		plan = change.On
	}
	inPlace := plan == services.InPlace || plan == services.EngineDecides && inPlaceEngine(s.resource)
	if (!inPlace || change.Uncertain) && !newEverywhere(p, s.resource) {
		return nil
	}
	return fix.SetIn(s.resource, s.place.Header, s.rest, s.value, literal(s.need[0]))
}

// own tells that the value is written in the resource's block, or not at all, and that the place itself holds it.
func (s setting) own() bool {
	if strings.Contains(s.rest, ".") {
		return false
	}
	block, at := s.resource.Range(), s.value.Origin
	return at.Filename == "" || at.Filename == block.Filename && block.Start.Byte <= at.Start.Byte && at.End.Byte <= block.End.Byte
}

// newEverywhere tells that nothing is deployed behind the block of a resource, in none of its instances and in no use of
// its module.
func newEverywhere(p *rule.Pass, r *terraform.Resource) bool {
	for _, other := range p.Head.OfType(r.Type) {
		if other.Header() == r.Header() && !p.IsNew(other) {
			return false
		}
	}
	return true
}

// oldClasses are instance classes without encryption at rest.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html#Overview.Encryption.Availability
var oldClasses = []string{"db.m1.", "db.m2.", "db.t1.", "db.t2.micro"}

// oldTypes are instance types of search domains without it.
// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html
var oldTypes = []string{"m3.", "r3.", "t2."}

// canEncrypt tells that a resource certainly supports encryption, so that a suggestion does not make it fail.
func canEncrypt(r *terraform.Resource) bool {
	switch r.Type {
	case "aws_db_instance":
		class, known := r.Attr("instance_class").Text()
		return known && !hasPrefix(class, oldClasses)
	case "aws_elasticsearch_domain", "aws_opensearch_domain":
		v := resource(r).Value("cluster_config.instance_type")
		class, known := v.Text()
		return v.Absent() || known && !hasPrefix(class, oldTypes)
	case "aws_workspaces_workspace":
		return named(resource(r).Value("volume_encryption_key")) == terraform.True // nobody else says with which key
	}
	return true
}

// inPlaceEngine tells that a search domain certainly runs an engine which can be told to encrypt later on: OpenSearch,
// or Elasticsearch from 6.7 on, without the storage tiers that forbid it.
// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html
func inPlaceEngine(r *terraform.Resource) bool {
	if warm := resource(r).Value("cluster_config.warm_enabled"); !warm.Absent() && warm.IsFalse() != terraform.True {
		return false
	}
	if r.Type == "aws_opensearch_domain" {
		version, known := r.Attr("engine_version").Text()
		if rest, old := strings.CutPrefix(version, "Elasticsearch_"); known && old {
			return atLeast67(rest)
		}
		return known && strings.HasPrefix(version, "OpenSearch_")
	}
	version, known := r.Attr("elasticsearch_version").Text()
	return known && atLeast67(version)
}

func atLeast67(version string) bool {
	major, minor, _ := strings.Cut(version, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	return errA == nil && errB == nil && (a > 6 || a == 6 && b >= 7)
}

func hasPrefix(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
