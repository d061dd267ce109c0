package lifecycle

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// naming is a place at head that writes the name of an alias.
type naming struct {
	by *terraform.Resource
	at hcl.Range
}

// namedBy lists what at head writes the name of an alias of the base that goes: services, data sources, conditions of
// policies. There are none where something else may have the name from now on.
func namedBy(p *rule.Pass, alias *terraform.Resource, name string) []naming {
	if takenOver(p, alias, name) {
		return nil
	}
	var places []naming
	add := func(r *terraform.Resource, v terraform.Value) {
		if r.Scope.Root == alias.Scope.Root && r.Provider().Address == alias.Provider().Address && writes(v, name) {
			places = append(places, naming{r, v.Range})
		}
	}
	rows := services.All()
	for i := range rows {
		for _, r := range p.Head.OfType(rows[i].Type) {
			for _, v := range kms.ValuesAt(r, rows[i].Path) {
				add(r, v)
			}
		}
	}
	for _, scope := range p.Head.Config.Scopes() {
		if scope.Root != alias.Scope.Root {
			continue
		}
		for _, r := range scope.Resources(func(kind, typ string) bool { return kind == "data" && lookups[typ] != "" }) {
			add(r, r.Attr(lookups[r.Type]))
		}
	}
	for _, w := range slices.Concat(p.Head.KeyDocuments(), p.Head.IAMDocuments()) {
		if w.Scope.Root == alias.Scope.Root {
			places = append(places, conditionsOn(w, name)...)
		}
	}
	return places
}

// lookups are the data sources that find a key by the name of an alias, and the argument that says it.
var lookups = map[string]string{"aws_kms_alias": "name", "aws_kms_key": "key_id"}

// takenOver tells that the name may be that of another alias at head: one that is declared, or one of a module that was
// not read and that the base did not call.
func takenOver(p *rule.Pass, alias *terraform.Resource, name string) bool {
	for _, other := range p.Head.OfType("aws_kms_alias") {
		v := other.Attr(attrName)
		if v.IsString(name) == terraform.True || v.Unknown() && other.Scope.Root == alias.Scope.Root {
			return true
		}
	}
	known := map[string]bool{}
	for _, call := range p.Base.Config.Calls(alias.Scope.Root) {
		known[call.Path+" "+call.Source] = true
	}
	return slices.ContainsFunc(p.Head.Config.Calls(alias.Scope.Root), func(call terraform.ModuleCall) bool {
		return !call.Read && !known[call.Path+" "+call.Source]
	}) || p.Head.Config.BrokenRoot(alias.Scope.Root)
}

// writes tells that a text is the name of an alias, or its ARN, by whatever stands before the name.
func writes(v terraform.Value, name string) bool {
	segments, ok := v.Segments()
	if !ok || len(segments) == 0 {
		return false
	}
	last, _ := segments[len(segments)-1].Text()
	return last == name && len(segments) == 1 || strings.HasSuffix(last, ":"+name)
}

// conditionsOn lists the conditions of a policy that ask for the name of an alias.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-request-alias
func conditionsOn(w kms.Written, name string) []naming {
	var places []naming
	for _, s := range w.Document.Statements {
		for _, c := range s.Conditions.Items {
			key, _ := c.Key.Known()
			if !strings.EqualFold(key, "kms:RequestAlias") && !strings.EqualFold(key, "kms:ResourceAliases") {
				continue
			}
			for _, value := range c.Values.Items {
				if value.Is(name) == terraform.True {
					places = append(places, naming{w.Resource, value.Range})
				}
			}
		}
	}
	return places
}
