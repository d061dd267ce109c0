package identifier

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed alias_invalid.txtar
var aliasInvalidSpec string

// AliasInvalid reports an alias that cannot be made.
var AliasInvalid = rule.Rule{
	ID: "KMS403", Name: "alias-invalid",
	Title:      "Alias whose name or target KMS rejects",
	Severity:   finding.High,
	Everywhere: true,
	References: []string{"https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
		"https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html",
		"https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_alias"},
	Spec:  aliasInvalidSpec,
	Check: checkAliasInvalid,
}

const (
	attrTarget = "target_key_id"
	prefix     = "alias/"
	reserved   = "alias/aws/"
	maxName    = 256 // https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html#KMS-CreateAlias-request-AliasName
	// suffix is how many characters the provider puts behind a name_prefix.
	// https://pkg.go.dev/github.com/hashicorp/terraform-plugin-sdk/v2/helper/id#UniqueIDSuffixLength
	suffix = 26
)

func checkAliasInvalid(p *rule.Pass) {
	for _, alias := range p.Head.OfType("aws_kms_alias") {
		checkName(p, alias, "name")
		checkName(p, alias, "name_prefix")
		checkTarget(p, alias)
	}
	checkDuplicates(p)
}

func checkName(p *rule.Pass, alias *terraform.Resource, attribute string) {
	v := alias.Attr(attribute)
	if alias.Ignores(attribute) {
		return
	}
	problem := rule.Problem{
		Resource: alias, Attribute: attribute, Discriminator: "name", Range: v.Range, Evidence: rule.Origin(v),
		Fix: func() []finding.Edit { return withPrefix(alias, v) },
	}
	longest := maxName
	if attribute == "name_prefix" {
		longest -= suffix
	}
	text, _ := v.Text()
	switch fault := nameFault(alias, v); {
	case fault != "":
		problem.Message = fmt.Sprintf("`%s` cannot be made: its `%s` %s. The provider rejects it in the plan, so nothing of this configuration is applied.",
			alias.Address, attribute, fault)
	case len(text) > longest:
		problem.Message = fmt.Sprintf("`%s` cannot be made: its `%s` is longer than %d characters. Plan and validate pass, then CreateAlias fails "+
			"in the middle of the apply.", alias.Address, attribute, longest)
	default:
		return
	}
	p.Report(problem)
}

// nameFault says what is wrong with as much of a name as is known; "" for nothing. The provider holds a prefix against
// the pattern of a whole name.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/kms/validate.go
func nameFault(alias *terraform.Resource, v terraform.Value) string {
	segments, _ := v.Segments()
	if text, known := v.Text(); known {
		if text == prefix {
			if source := alias.SourceOf(v.Range); !v.Range.CanSliceBytes(source) || string(v.Range.SliceBytes(source)) != `"`+prefix+`"` {
				return "" // an input that is empty until somebody gives it, as the names of modules are that are made to be called
			}
			return "has nothing behind `" + prefix + "`"
		}
		segments = []terraform.Value{v}
	}
	for i, segment := range segments {
		text, known := segment.Text()
		switch {
		case !known || text == "":
		case i == 0 && strings.HasPrefix(text, reserved):
			return "begins with `" + reserved + "`, which is for AWS's own keys"
		case i == 0 && !strings.HasPrefix(text, prefix) && !(strings.HasPrefix(prefix, text) && len(segments) > 1):
			return "does not begin with `" + prefix + "`"
		case !inName.MatchString(text):
			return "has characters other than letters, digits, `/`, `_` and `-`"
		}
	}
	return ""
}

var inName = regexp.MustCompile(`^[a-zA-Z0-9/_-]+$`)

// simple is a reference that may stand in a template as it is.
var simple = regexp.MustCompile(`^(var|local|each|module)(\.\w[\w-]*)+$`)

// withPrefix writes the missing alias/ where the name is written. Behind a variable or a local others may stand, who
// want the name as it is.
func withPrefix(alias *terraform.Resource, v terraform.Value) []finding.Edit {
	if text, known := v.Text(); known && strings.HasPrefix(text, prefix) {
		return nil
	}
	return fix.Rewrite(alias.SourceOf(v.Range), v.Range, func(text string) string {
		switch {
		case strings.HasPrefix(text, `"`+prefix):
		case strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`):
			return `"` + prefix + text[1:]
		case simple.MatchString(text):
			return `"` + prefix + "${" + text + `}"`
		}
		return text
	})
}

func checkTarget(p *rule.Pass, alias *terraform.Resource) {
	v := alias.Attr(attrTarget)
	if alias.Ignores(attrTarget) || v.Absent() || !direct(v) {
		return
	}
	if _, form, _ := p.Head.Target(v, alias); form&(services.AliasName|services.AliasARN) != 0 {
		// The target of another alias is as it is written there, and is reported there.
		if v.Reference == nil || v.Reference.Attribute != attrTarget {
			p.Report(rule.Problem{
				Resource: alias, Attribute: attrTarget, Discriminator: "alias", Range: v.Range, Evidence: rule.Origin(v),
				Message: fmt.Sprintf("`%s` points at another alias, and KMS lets an alias point at a key only. Plan and validate pass, then "+
					"CreateAlias fails in the middle of the apply.", alias.Address),
				Fix: func() []finding.Edit { return rename(alias, v, targetOfAlias) },
			})
		}
		return
	}
	there, at := keyRegion(p, v, alias)
	here, known := alias.Region().Text()
	if !known || there == "" || !regionName.MatchString(here) || here == there {
		return
	}
	p.Report(rule.Problem{
		Resource: alias, Attribute: attrTarget, Discriminator: "region", Range: v.Range,
		Evidence: append(place(at, "the key's Region"), place(alias.Region().Range, "the alias's Region")...),
		Message: fmt.Sprintf("`%s` is in `%s`, and the key that it points at in `%s`. An alias and its key are in one Region, so "+
			"CreateAlias fails in the middle of the apply.", alias.Address, here, there),
	})
}

func targetOfAlias(typ string) string {
	if typ == "aws_kms_alias" {
		return attrTarget
	}
	return ""
}

func place(at hcl.Range, note string) []rule.Evidence {
	if at.Filename == "" {
		return nil
	}
	return []rule.Evidence{{Range: at, Note: note}}
}
