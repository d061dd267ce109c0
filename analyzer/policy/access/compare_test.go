package access_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

var pairs = flag.Int("pairs", 800, "how many pairs of policies are drawn; 100000 take some minutes")

// TestCompareAgainstJudge draws pairs of policies and has both say how they differ. Where Compare does not know, that
// is counted, and has to be rare.
func TestCompareAgainstJudge(t *testing.T) {
	t.Parallel()
	owner := ownOwner(t)
	counts := map[string]int{}
	wrong := 0
	for seed := range *pairs {
		b, h := newGenerator(uint64(seed)).pair()
		got := access.Compare(b.read(), h.read(), owner, owner)
		want, gained, lost := judge(b, h)
		counts[verdictNames[want]]++
		if got.Verdict == access.Incomparable {
			reason, _, _ := strings.Cut(got.Reason, "may")
			counts["incomparable: "+reason]++
			counts["incomparable"]++
			continue
		}
		wider, narrower := actionsOf(got.Wider), actionsOf(got.Narrower)
		if got.Verdict == want && wider&^gained == 0 && narrower&^lost == 0 {
			if wider != gained || narrower != lost {
				counts["right, and not all actions are certain"]++
			}
			continue
		}
		if wrong++; wrong <= 5 {
			t.Errorf("pair %d: %s, want %s, beyond it %v %v\n%s\nbase %s\nhead %s", seed, verdictNames[got.Verdict], verdictNames[want], (wider &^ gained).names(), (narrower &^ lost).names(), described(got), b, h)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%7d %s", counts[name], name)
	}
	if wrong > 0 {
		t.Errorf("%d of %d are wrong", wrong, *pairs)
	}
	if counts["incomparable"]*50 > *pairs {
		t.Errorf("%d of %d are incomparable", counts["incomparable"], *pairs)
	}
}

func actionsOf(changes []access.Change) mask {
	var m mask
	for _, change := range changes {
		m |= actionsLike(change.Actions.Names())
	}
	return m
}

func (m mask) names() (list []string) {
	for i, a := range actionNames {
		if m>>i&1 == 1 {
			list = append(list, a.name)
		}
	}
	return list
}

var verdictNames = map[access.Verdict]string{
	access.Incomparable: "incomparable", access.Equal: "equal", access.Wider: "wider", access.Narrower: "narrower",
	access.Changed: "changed",
}

func described(c access.Comparison) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", strings.TrimSpace(verdictNames[c.Verdict]+" "+c.Reason))
	for sign, list := range map[string][]access.Change{"+": c.Wider} {
		for _, change := range list {
			fmt.Fprintf(&out, "%s %s\n", sign, change.Words)
		}
	}
	for _, change := range c.Narrower {
		fmt.Fprintf(&out, "- %s\n", change.Words)
	}
	return out.String()
}

// ownOwner is the owner of a key whose provider says which account it works in.
func ownOwner(t testing.TB) access.Owner {
	t.Helper()
	s := build(t, []txtar.File{{Name: "main.tf", Data: []byte("provider \"aws\" {\n  allowed_account_ids = [\"" + ownAccount + "\"]\n}\nresource \"aws_kms_key\" \"a\" {}\n")}})
	return s.Owner(s.Keys[0])
}

func (d document) String() string {
	var out strings.Builder
	for _, r := range d {
		text, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&out, "\n  %s", text)
	}
	return out.String()
}

// read makes of a document what reading its JSON would.
func (d document) read() policy.Document {
	doc := policy.Document{Version: textOf("2012-10-17")}
	for _, r := range d {
		s := policy.Statement{
			Exists: terraform.True, Sid: textOf(r.Sid), Effect: textOf(r.Effect),
			Principals: principalsOf(r.Principal), NotPrincipals: principalsOf(r.NotPrincipal),
			Actions: listOf(r.Action), NotActions: listOf(r.NotAction), Resources: listOf(r.Resource), NotResources: listOf(r.NotResource),
		}
		for _, op := range slices.Sorted(maps.Keys(r.Condition)) {
			for _, key := range slices.Sorted(maps.Keys(r.Condition[op])) {
				s.Conditions.Items = append(s.Conditions.Items, policy.Condition{
					Test: textOf(op), Key: textOf(key), Values: listOf(r.Condition[op][key]), Exists: terraform.True,
				})
			}
		}
		doc.Statements = append(doc.Statements, s)
	}
	return doc
}

func textOf(s string) policy.Text {
	if s == "" {
		return policy.Text{}
	}
	return policy.Text{Parts: []policy.Part{{Literal: s}}}
}

func listOf(items []string) policy.List {
	if items == nil {
		return policy.List{Present: terraform.False}
	}
	l := policy.List{Present: terraform.True}
	for _, item := range items {
		l.Items = append(l.Items, textOf(item))
	}
	return l
}

func principalsOf(m map[string][]string) policy.Principals {
	if m == nil {
		return policy.Principals{Present: terraform.False}
	}
	p := policy.Principals{Present: terraform.True}
	for _, typ := range slices.Sorted(maps.Keys(m)) {
		p.Groups = append(p.Groups, policy.Principal{Type: textOf(typ), Identifiers: listOf(m[typ]), Exists: terraform.True})
	}
	return p
}
