package access_test

import (
	"maps"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestUnknownsAgainstJudge draws pairs in which an account and an organization are not known, and has the judge decide
// them for whatever they may be. What Compare calls equal has to be equal for all of it; what it calls wider or
// narrower has to be so where the unknown account is none of those that are written out.
func TestUnknownsAgainstJudge(t *testing.T) {
	t.Parallel()
	owner := ownOwner(t)
	unknown := map[string]terraform.Value{thirdAccount: unknownValue(t, "data.aws_vpc.a.owner_id"), "o-xyz": unknownValue(t, "data.aws_organizations_organization.a.id")}
	counts := map[string]int{}
	for seed := range *pairs / 2 {
		b, h := newGenerator(uint64(seed) + 1<<32).pair()
		got := access.Compare(with(b.read(), unknown), with(h.read(), unknown), owner, owner)
		counts[verdictNames[got.Verdict]]++
		want := got.Verdict
		for _, account := range []string{thirdAccount, otherAccount, ownAccount} {
			for _, organization := range []string{"o-xyz", "o-abc"} {
				plain := account == thirdAccount && organization == "o-xyz"
				if got.Verdict == access.Incomparable || !plain && got.Verdict != access.Equal {
					continue
				}
				as := strings.NewReplacer(thirdAccount, account, "o-xyz", organization)
				if is, _, _ := judge(b.replaced(as), h.replaced(as)); is != want {
					t.Errorf("pair %d: %s, and with %s and %s it is %s\n%s\nbase %s\nhead %s", seed, verdictNames[want], account, organization, verdictNames[is], described(got), b, h)
				}
			}
		}
	}
	t.Log(counts)
	if counts["incomparable"]*4 > *pairs/2 {
		t.Errorf("%d of %d are incomparable", counts["incomparable"], *pairs/2)
	}
}

// unknownValue is a reference to what only AWS knows.
func unknownValue(t *testing.T, expression string) terraform.Value {
	t.Helper()
	s := build(t, []txtar.File{{Name: "main.tf", Data: []byte(`
data "aws_vpc" "a" {}
data "aws_organizations_organization" "a" {}
resource "aws_kms_key" "a" {
  description = ` + expression + `
}
`)}})
	return s.Keys[0].Attr("description")
}

// with puts unknown values in the place of texts, wherever they stand.
func with(doc policy.Document, values map[string]terraform.Value) policy.Document {
	for i := range doc.Statements {
		s := &doc.Statements[i]
		for _, p := range []*policy.Principals{&s.Principals, &s.NotPrincipals} {
			for j := range p.Groups {
				substitute(p.Groups[j].Identifiers.Items, values)
			}
		}
		for _, c := range s.Conditions.Items {
			substitute(c.Values.Items, values)
		}
	}
	return doc
}

func substitute(items []policy.Text, values map[string]terraform.Value) {
	for i, item := range items {
		text, _ := item.Known()
		for name, value := range values {
			if before, after, found := strings.Cut(text, name); found {
				items[i] = policy.Text{}
				for _, part := range []policy.Part{{Literal: before}, {Unknown: &value}, {Literal: after}} {
					if part.Literal != "" || part.Unknown != nil {
						items[i].Parts = append(items[i].Parts, part)
					}
				}
			}
		}
	}
}

// replaced writes other texts for some.
func (d document) replaced(as *strings.Replacer) document {
	other := d.copied()
	for i := range other {
		r := &other[i]
		for _, principals := range []map[string][]string{r.Principal, r.NotPrincipal} {
			for _, list := range principals {
				replace(list, as)
			}
		}
		for conditions := range maps.Values(r.Condition) {
			for _, list := range conditions {
				replace(list, as)
			}
		}
	}
	return other
}

func replace(list []string, as *strings.Replacer) {
	for i := range list {
		list[i] = as.Replace(list[i])
	}
}
