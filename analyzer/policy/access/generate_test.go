package access_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator draws policies in pairs.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 2026))} }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// some draws one to most of a list, each once.
func some[T any](g generator, list []T, most int) []T {
	drawn := slices.Clone(list)
	g.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	return drawn[:1+g.IntN(min(most, len(drawn)))]
}

var (
	awsNames = []string{
		ownAccount, "arn:aws:iam::" + ownAccount + ":root", "arn:aws:iam::" + ownAccount + ":root", "arn:aws:iam::" + ownAccount + ":role/app",
		"arn:aws:iam::" + ownAccount + ":role/ops", "arn:aws:iam::" + ownAccount + ":user/bob", "arn:aws:sts::" + ownAccount + ":assumed-role/app/s1",
		otherAccount, "arn:aws:iam::" + otherAccount + ":root", "arn:aws:iam::" + otherAccount + ":role/app", thirdAccount, "*",
	}
	serviceNames = []string{"logs.amazonaws.com", "s3.amazonaws.com"}
	actionLists  = [][]string{
		{"kms:*"}, {"*"}, {"kms:Decrypt"}, {"kms:Decrypt", "kms:DescribeKey"}, {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"},
		{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}, {"kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"},
		{"kms:PutKeyPolicy"}, {"KMS:decrypt", "kms:generatedatakey"}, {"kms:Re*"}, {"kms:CreateKey"}, {"s3:*"}, {"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}, {"kms:Sign", "kms:Verify", "kms:GetPublicKey"}, {"kms:?ecrypt"},
	}
	conditionKinds = []struct {
		key       string
		operators []string
		values    []string
	}{
		{"kms:ViaService", []string{"StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists", "StringEqualsIgnoreCase", "Null"}, []string{"s3.eu-central-1.amazonaws.com", "s3.us-east-1.amazonaws.com", "ec2.eu-central-1.amazonaws.com", "s3.*", "*.us-east-1.amazonaws.com", "*.eu-*", "ec2.*", "*"}},
		{"kms:CallerAccount", []string{"StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"}, []string{ownAccount, otherAccount, thirdAccount, "2*", "*"}},
		{"aws:PrincipalAccount", []string{"StringEquals", "StringNotEquals"}, []string{ownAccount, otherAccount}},
		{"aws:PrincipalArn", []string{"ArnLike", "StringLike", "StringEquals", "ArnNotLike", "ArnEquals", "StringNotEquals"}, []string{"arn:aws:iam::111111111111:role/app", "arn:aws:iam::111111111111:role/*", "arn:aws:iam::*:role/*", "arn:aws:iam::222222222222:*", "arn:aws:iam::111111111111:user/bob"}},
		{"aws:PrincipalOrgID", []string{"StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringLike", "ForAllValues:StringEquals"}, []string{"o-abc", "o-xyz", "o-ab?", "o-a*"}},
		{"aws:PrincipalOrgPaths", []string{"ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAnyValue:StringLike", "ForAnyValue:StringNotEquals", "ForAllValues:StringNotEquals", "Null"}, []string{"o-abc/r-1/ou-1/", "o-abc/r-1/ou-2/", "o-xyz/r-1/", "o-abc/*"}},
		{"aws:SourceArn", []string{"ArnLike", "ArnEquals", "StringEquals", "ArnNotEquals", "ArnLikeIfExists", "StringLike"}, []string{"arn:aws:s3:::bucket", "arn:aws:logs:*:111111111111:log-group:*", "arn:aws:logs:eu-central-1:111111111111:log-group:a", "arn:aws:logs:*:*:log-group:a"}},
		{"aws:SecureTransport", []string{"Bool", "BoolIfExists"}, []string{"true", "false"}},
		{"kms:GrantIsForAWSResource", []string{"Bool", "BoolIfExists", "Null"}, []string{"true", "false"}},
		{"aws:SourceIp", []string{"IpAddress", "NotIpAddress"}, []string{"10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "192.168.0.0/16", "10.1.0.0/16"}},
		{"kms:EncryptionContext:app", []string{"StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists", "Null", "StringEqualsIgnoreCase"}, []string{"a", "b", "ab", "a*", "*b", "*"}},
		{"kms:EncryptionContext:env", []string{"StringEquals", "ForAnyValue:StringEquals"}, []string{"prod", "dev"}},
		{"aws:MultiFactorAuthAge", []string{"NumericLessThan", "NumericGreaterThan", "NumericLessThanEquals", "NumericLessThanIfExists", "NumericNotEquals", "NumericEquals"}, []string{"300", "3600"}},
		{"aws:CurrentTime", []string{"DateLessThan", "DateGreaterThanEquals", "DateNotEquals", "DateGreaterThan"}, []string{"2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"}},
		{"aws:PrincipalTag/team", []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase"}, []string{"red", "blue"}},
	}
)

func (g generator) document() document {
	var d document
	if g.chance(70) {
		d = append(d, rule{Sid: "Root", Effect: "Allow", Principal: map[string][]string{"AWS": {"arn:aws:iam::" + ownAccount + ":root"}}, Action: []string{"kms:*"}, Resource: []string{"*"}})
		if g.chance(40) {
			d[0].Action = pick(g, actionLists)
		}
	}
	for range 1 + g.IntN(4) {
		d = append(d, g.rule())
	}
	return d
}

func (g generator) rule() rule {
	r := rule{Sid: string(rune('a' + g.IntN(26))), Effect: "Allow", Action: pick(g, actionLists), Resource: []string{"*"}, Principal: g.principals()}
	if g.chance(25) {
		r.Effect = "Deny"
	}
	if g.chance(12) {
		r.Action, r.NotAction = nil, r.Action
	}
	if g.chance(10) {
		r.Principal, r.NotPrincipal = nil, r.Principal
	}
	switch {
	case g.chance(4):
		r.Resource, r.NotResource = nil, []string{"arn:aws:s3:::x"}
	case g.chance(4):
		r.Resource = []string{"arn:aws:kms:*:*:alias/x"}
	case g.chance(3):
		r.Resource, r.NotResource = nil, []string{"*"}
	case g.chance(3):
		r.Resource = []string{"arn:aws:kms:*:*:key/*"}
	}
	for g.chance(45) && len(r.Condition) < 3 {
		g.condition(&r)
	}
	return r
}

func (g generator) principals() map[string][]string {
	switch {
	case g.chance(10):
		return map[string][]string{"*": {"*"}}
	case g.chance(20):
		return map[string][]string{"Service": some(g, serviceNames, 2)}
	case g.chance(10):
		return map[string][]string{"AWS": some(g, awsNames, 2), "Service": some(g, serviceNames, 1)}
	default:
		return map[string][]string{"AWS": some(g, awsNames, 3)}
	}
}

// maxKeys keeps the number of contexts small that the judge goes through.
const maxKeys = 3

func (g generator) condition(r *rule) {
	kind := pick(g, conditionKinds)
	op := pick(g, kind.operators)
	values := some(g, kind.values, 3)
	if op == "Null" {
		values = []string{pick(g, []string{"true", "false"})}
	}
	if strings.HasPrefix(op, "Bool") {
		values = values[:1]
	}
	key := kind.key
	if g.chance(20) {
		key = strings.ToLower(key)
	}
	if r.Condition == nil {
		r.Condition = map[string]map[string][]string{}
	}
	if r.Condition[op] == nil {
		r.Condition[op] = map[string][]string{}
	}
	for other := range r.Condition[op] {
		if strings.EqualFold(other, key) {
			delete(r.Condition[op], other)
		}
	}
	r.Condition[op][key] = values
}

func (d document) keys() int {
	keys := map[string]bool{}
	for _, r := range d {
		for _, conditions := range r.Condition {
			for key := range conditions {
				keys[strings.ToLower(key)] = true
			}
		}
	}
	return len(keys)
}

// pair draws two documents: one from the other by small edits, or independent of each other.
func (g generator) pair() (b, h document) {
	for {
		b = g.document()
		if g.chance(25) {
			h = g.document()
		} else {
			h = b.copied()
			for range 1 + g.IntN(3) {
				h = g.edited(h)
			}
		}
		if g.chance(10) {
			b, h = h, b
		}
		if append(slices.Clone(b), h...).keys() <= maxKeys && len(b) > 0 && len(h) > 0 {
			return b, h
		}
	}
}

func (d document) copied() document {
	c := slices.Clone(d)
	for i := range c {
		r := &c[i]
		r.Principal, r.NotPrincipal = copied(r.Principal), copied(r.NotPrincipal)
		r.Action, r.NotAction = slices.Clone(r.Action), slices.Clone(r.NotAction)
		r.Resource, r.NotResource = slices.Clone(r.Resource), slices.Clone(r.NotResource)
		if r.Condition == nil {
			continue
		}
		conditions := map[string]map[string][]string{}
		for op, keys := range r.Condition {
			conditions[op] = copied(keys)
		}
		r.Condition = conditions
	}
	return c
}

func copied(m map[string][]string) map[string][]string {
	if m == nil {
		return nil
	}
	c := map[string][]string{}
	for k, v := range m {
		c[k] = slices.Clone(v)
	}
	return c
}

// edited changes a little: half of the edits mean nothing.
func (g generator) edited(d document) document {
	if len(d) == 0 {
		return append(d, g.rule())
	}
	i := g.IntN(len(d))
	r := &d[i]
	switch g.IntN(16) {
	case 0:
		r.Sid = "Renamed"
	case 1:
		g.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
	case 2:
		return g.split(d, i)
	case 3:
		r.Action = g.expanded(r.Action)
	case 4:
		respell(r)
	case 5:
		return append(d, g.rule())
	case 6:
		return slices.Delete(d, i, i+1)
	case 7:
		if r.Principal["AWS"] != nil {
			r.Principal["AWS"] = append(r.Principal["AWS"], pick(g, awsNames))
		}
	case 8:
		if len(r.Principal["AWS"]) > 1 {
			r.Principal["AWS"] = r.Principal["AWS"][1:]
		}
	case 9:
		if r.Action != nil {
			r.Action = append(r.Action, pick(g, actionLists)...)
		}
	case 10:
		if len(r.Action) > 1 {
			r.Action = r.Action[1:]
		}
	case 11:
		r.Condition = nil
	case 12:
		g.condition(r)
	case 13:
		g.revalued(r)
	case 14:
		return append(d, d.copied()[i])
	case 15:
		if r.NotPrincipal["AWS"] != nil {
			r.NotPrincipal["AWS"] = append(r.NotPrincipal["AWS"], pick(g, awsNames))
		}
	}
	return d
}

// split makes two statements of one.
func (g generator) split(d document, i int) document {
	one := d.copied()[i]
	switch {
	case len(one.Action) > 1:
		at := 1 + g.IntN(len(one.Action)-1)
		d[i].Action, one.Action = one.Action[:at], one.Action[at:]
	case len(one.Principal["AWS"]) > 1:
		at := 1 + g.IntN(len(one.Principal["AWS"])-1)
		d[i].Principal["AWS"], one.Principal = d[i].Principal["AWS"][:at], map[string][]string{"AWS": one.Principal["AWS"][at:]}
	default:
		return d
	}
	return append(d, one)
}

// expanded writes wildcards out.
func (g generator) expanded(list []string) []string {
	if list == nil {
		return nil
	}
	var names []string
	m := actionsLike(list)
	for i, a := range actionNames {
		if m>>i&1 == 1 {
			names = append(names, "kms:"+a.name)
		}
	}
	if len(names) == 0 {
		return list
	}
	return names
}

// respell writes accounts in the other way.
func respell(r *rule) {
	for _, list := range [][]string{r.Principal["AWS"], r.NotPrincipal["AWS"]} {
		for i, name := range list {
			if rest, ok := strings.CutPrefix(name, "arn:aws:iam::"); ok && strings.HasSuffix(rest, ":root") {
				list[i] = strings.TrimSuffix(rest, ":root")
			} else if len(name) == 12 {
				list[i] = "arn:aws:iam::" + name + ":root"
			}
		}
	}
}

// revalued adds or drops a value of a condition.
func (g generator) revalued(r *rule) {
	for _, op := range slices.Sorted(maps.Keys(r.Condition)) {
		for _, key := range slices.Sorted(maps.Keys(r.Condition[op])) {
			if strings.HasPrefix(op, "Bool") || op == "Null" || g.chance(50) {
				continue
			}
			values := r.Condition[op][key]
			if len(values) > 1 && g.chance(50) {
				r.Condition[op][key] = values[1:]
				continue
			}
			for _, kind := range conditionKinds {
				if strings.EqualFold(kind.key, key) {
					r.Condition[op][key] = append(values, pick(g, kind.values))
				}
			}
		}
	}
}
