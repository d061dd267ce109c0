package identifier

import (
	"fmt"

	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// checkDuplicates looks for aliases of one name in one account and Region, which one provider configuration of one root
// module proves.
func checkDuplicates(p *rule.Pass) {
	type named struct{ root, name string }
	first := map[named][]*terraform.Resource{}
	for _, alias := range p.Head.OfType("aws_kms_alias") {
		name, ok := certainName(alias)
		if !ok || alias.Exists != terraform.True {
			continue
		}
		at := named{alias.Scope.Root, name}
		if keys, known := alias.AllInstances(); known && len(keys) > 1 && alias.Provider().Same(alias.Provider()) == terraform.True {
			reportDuplicate(p, alias, fmt.Sprintf("has %d instances, all with the same name", len(keys)), nil)
			continue
		}
		for _, other := range first[at] {
			if together(alias, other) {
				late, early := alias, other
				if p.Before(alias) != nil && p.Before(other) == nil {
					late, early = other, alias // the new one is the mistake
				}
				reportDuplicate(p, late, fmt.Sprintf("has the name of `%s`", early.Address),
					[]rule.Evidence{{Range: early.Header(), Note: "the other alias"}})
				break
			}
		}
		first[at] = append(first[at], alias)
	}
}

func reportDuplicate(p *rule.Pass, alias *terraform.Resource, how string, evidence []rule.Evidence) {
	p.Report(rule.Problem{
		Resource: alias, Attribute: "name", Discriminator: "duplicate", Range: alias.Attr("name").Range, Evidence: evidence,
		Message: fmt.Sprintf("`%s` %s, and an account has a name once in each Region. Plan and validate pass, then CreateAlias fails "+
			"in the middle of the apply with AlreadyExistsException.", alias.Address, how),
	})
}

// certainName is what tells two names of one root module to be the same: the name, or what it will be made of.
func certainName(alias *terraform.Resource) (name string, ok bool) {
	v := alias.Attr("name")
	if v.Absent() || v.IsString(prefix) == terraform.True {
		return "", false // AWS makes one up; or its end is an input that nobody gave yet
	}
	if text, known := v.Text(); known {
		return "=" + text, true
	}
	return v.Symbol()
}

// together tells that two aliases are certainly in the same account and Region.
func together(a, b *terraform.Resource) bool {
	x, y := a.Attr("region"), b.Attr("region")
	name, known := x.Text()
	other, knownToo := y.Text()
	here := x.Absent() && y.Absent() || known && knownToo && name == other
	return here && a.Provider().Same(b.Provider()) == terraform.True
}
