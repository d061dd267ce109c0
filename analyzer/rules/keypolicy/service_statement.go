package keypolicy

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// guided is what the statement of a service's guide is called here, and what its condition asks for.
type guided struct {
	sid  string
	asks conditionOf
}

type conditionOf int

const (
	nothing conditionOf = iota
	account
	trails
	logGroups
)

// guides are the services whose statement can be written without the name of a resource. That of DNSSEC is two
// statements, and CloudFront's names a distribution, which may in turn need the key.
var guides = map[string]guided{
	"cloudtrail.amazonaws.com":    {"AllowCloudTrail", trails},
	"cloudwatch.amazonaws.com":    {"AllowCloudWatchAlarms", account},
	"delivery.logs.amazonaws.com": {"AllowLogDelivery", account},
	"events.amazonaws.com":        {"AllowEventBridge", nothing},
	"guardduty.amazonaws.com":     {"AllowGuardDuty", account},
	"logs.amazonaws.com":          {"AllowCloudWatchLogs", logGroups},
	"s3.amazonaws.com":            {"AllowS3Notifications", account},
	"sns.amazonaws.com":           {"AllowSNS", nothing},
}

// letIn writes the statement of a service's guide with the guide's condition.
func (j *judged) letIn(n need) []finding.Edit {
	guide, known := guides[n.service()]
	if !known {
		return nil
	}
	s := fix.Statement{Sid: j.free(guide.sid), Principal: n.principal.Name, Service: true, Actions: n.principal.Actions}
	if n.use.Consumer.Type == "aws_cloudtrail_event_data_store" {
		guide.asks = nothing // CloudTrail Lake takes no condition
	}
	if guide.asks != nothing && !j.limit(&s, n, guide.asks) {
		return nil
	}
	return j.editor().Prepend(j.document, s)
}

// limit writes the condition; ok is false where the configuration does not have what it takes to say it.
func (j *judged) limit(s *fix.Statement, n need, asks conditionOf) (ok bool) {
	file := j.written()
	number, root, known := j.account(file)
	if !known || n.use.Consumer.Provider().Same(j.resource.Provider()) != terraform.True {
		return false
	}
	partition, _, named := strings.Cut(root, ":iam:")
	condition := fix.Condition{Test: "StringEquals", Key: "aws:SourceAccount", Value: number}
	switch asks {
	case trails:
		condition = fix.Condition{Test: "ArnLike", Key: "aws:SourceArn", Value: fmt.Sprintf("%s:cloudtrail:*:%s:trail/*", partition, number)}
	case logGroups:
		region, has := j.regionName(file)
		s.Principal = "logs." + region + ".amazonaws.com"
		condition = fix.Condition{Test: "ArnLike", Key: "kms:EncryptionContext:aws:logs:arn", Value: fmt.Sprintf("%s:logs:%s:%s:*", partition, region, number)}
		named = named && has
	case account, nothing:
		named = true
	}
	s.Conditions = []fix.Condition{condition}
	return named
}

// regionName is the Region of the key, as a text that is written in a file can refer to it, or by its name.
func (j *judged) regionName(file string) (text string, ok bool) {
	if scope := j.scopeOf(file); scope != nil {
		if region := j.only(scope, "aws_region"); region != nil && region.Attr("name").Absent() && region.Attr("region").Absent() {
			attribute := "name" // which version 6 of the provider still has
			if scope.ProviderVersion().Below(6, 0) == terraform.False {
				attribute = "region"
			}
			return fmt.Sprintf("${data.aws_region.%s.%s}", region.Name, attribute), true
		}
	}
	name, known := j.resource.Region().Text()
	return name, known && !strings.HasPrefix(name, "cn-") // where the services have other names
}
