package access_test

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/policy/access"
)

// The judge is a second opinion on Compare that shares no code with it: it takes two policies as a person would write
// them, goes through requests one by one and follows AWS's description of how each is decided.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

// document is a policy as its JSON has it.
type document []rule

type rule struct {
	Sid          string                         `json:",omitempty"`
	Effect       string                         `json:",omitempty"`
	Principal    map[string][]string            `json:",omitempty"` // "*": ["*"] is everyone
	NotPrincipal map[string][]string            `json:",omitempty"`
	Action       []string                       `json:",omitempty"`
	NotAction    []string                       `json:",omitempty"`
	Resource     []string                       `json:",omitempty"`
	NotResource  []string                       `json:",omitempty"`
	Condition    map[string]map[string][]string `json:",omitempty"`
}

// caller is somebody who sends requests: all that they are, as a policy would name it.
type caller struct {
	typ     string   // "AWS", "Service"
	is      []string // for AWS: the account's number, the user or role, the session
	account string
	arn     string // aws:PrincipalArn
}

const (
	ownAccount    = "111111111111"
	otherAccount  = "222222222222"
	thirdAccount  = "333333333333"
	nobodyAccount = "999999999999"
)

func identity(account, typ, name string) caller {
	arn := "arn:aws:iam::" + account + ":" + typ + "/" + name
	c := caller{typ: "AWS", is: []string{account, arn}, account: account, arn: arn}
	if typ == "role" {
		c.is = append(c.is, "arn:aws:sts::"+account+":assumed-role/"+name+"/somebody")
	}
	return c
}

func federated(account string) caller {
	arn := "arn:aws:sts::" + account + ":federated-user/somebody"
	return caller{typ: "AWS", is: []string{account, arn}, account: account, arn: arn}
}

func session(account, role, name string) caller {
	c := identity(account, "role", role)
	c.is[2] = "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name
	return c
}

// callers has everyone that the generated policies name, and others who are named by none.
var callers = []caller{
	identity(ownAccount, "role", "app"), identity(ownAccount, "role", "ops"), identity(ownAccount, "user", "bob"),
	identity(ownAccount, "role", "unnamed"), identity(ownAccount, "user", "unnamed"), session(ownAccount, "app", "s1"),
	identity(otherAccount, "role", "app"), identity(otherAccount, "user", "unnamed"), identity(otherAccount, "role", "unnamed"),
	identity(thirdAccount, "role", "unnamed"), identity(thirdAccount, "user", "x"), identity("288888888888", "role", "unnamed"), identity("288888888888", "user", "x"), identity(nobodyAccount, "role", "unnamed"), identity(nobodyAccount, "user", "app"),
	federated(ownAccount), federated(otherAccount), federated(nobodyAccount),
	{typ: "Service", is: []string{"logs.amazonaws.com"}}, {typ: "Service", is: []string{"s3.amazonaws.com"}},
}

// actionNames are AWS's 56, with what the reference says of each: k has an effect in a key policy, x works across
// accounts, c takes an encryption context, g has kms:GrantIsForAWSResource.
var actionNames = []struct{ name, traits string }{
	{"CancelKeyDeletion", "k"}, {"ConnectCustomKeyStore", ""}, {"CreateAlias", "k"}, {"CreateCustomKeyStore", ""},
	{"CreateGrant", "kxcg"}, {"CreateKey", ""}, {"Decrypt", "kxc"}, {"DeleteAlias", "k"}, {"DeleteCustomKeyStore", ""},
	{"DeleteImportedKeyMaterial", "k"}, {"DeriveSharedSecret", "kx"}, {"DescribeCustomKeyStores", ""}, {"DescribeKey", "kx"},
	{"DisableKey", "k"}, {"DisableKeyRotation", "k"}, {"DisconnectCustomKeyStore", ""}, {"EnableKey", "k"},
	{"EnableKeyRotation", "k"}, {"Encrypt", "kxc"}, {"GenerateDataKey", "kxc"}, {"GenerateDataKeyPair", "kxc"},
	{"GenerateDataKeyPairWithoutPlaintext", "kxc"}, {"GenerateDataKeyWithoutPlaintext", "kxc"}, {"GenerateMac", "kx"},
	{"GenerateRandom", ""}, {"GetKeyLastUsage", "k"}, {"GetKeyPolicy", "k"}, {"GetKeyRotationStatus", "kx"},
	{"GetParametersForImport", "k"}, {"GetPublicKey", "kx"}, {"ImportKeyMaterial", "k"}, {"ListAliases", ""},
	{"ListGrants", "kxg"}, {"ListKeyPolicies", "k"}, {"ListKeyRotations", "k"}, {"ListKeys", ""}, {"ListResourceTags", "k"},
	{"ListRetirableGrants", ""}, {"PutKeyPolicy", "k"}, {"ReEncryptFrom", "kxc"}, {"ReEncryptTo", "kxc"}, {"ReplicateKey", "k"},
	{"RetireGrant", "kxc"}, {"RevokeGrant", "kxg"}, {"RotateKeyOnDemand", "k"}, {"ScheduleKeyDeletion", "k"}, {"Sign", "kx"},
	{"SynchronizeMultiRegionKey", "k"}, {"TagResource", "k"}, {"UntagResource", "k"}, {"UpdateAlias", "k"},
	{"UpdateCustomKeyStore", ""}, {"UpdateKeyDescription", "k"}, {"UpdatePrimaryRegion", "k"}, {"Verify", "kx"}, {"VerifyMac", "kx"},
}

// mask is a set of actions, as bits.
type mask uint64

var masks = func() map[string]mask {
	m := map[string]mask{}
	for _, trait := range []string{"k", "x", "c", "g"} {
		for i, a := range actionNames {
			if strings.Contains(a.traits, trait) {
				m[trait] |= 1 << i
			}
		}
	}
	return m
}()

func actionsLike(patterns []string) mask {
	var m mask
	for _, p := range patterns {
		for i, a := range actionNames {
			if glob(strings.ToLower(p), strings.ToLower("kms:"+a.name)) {
				m |= 1 << i
			}
		}
	}
	return m
}

// glob is the plain recursive definition.
func glob(p, s string) bool {
	switch {
	case p == "":
		return s == ""
	case p[0] == '*':
		return glob(p[1:], s) || s != "" && glob(p, s[1:])
	case s == "":
		return false
	default:
		return (p[0] == '?' || p[0] == s[0]) && glob(p[1:], s[1:])
	}
}

// compiled is a rule as it is for one caller: its conditions are looked up by which value is sent for a key.
type compiled struct {
	deny       bool
	actions    mask
	conditions []lookup
}

// lookup has for a condition whether it holds, for each value of its key that may be sent, and where none can be.
type lookup struct {
	key     int
	holds   []bool
	missing bool
	context bool // only actions with an encryption context send the key
	grant   bool // only actions for grants
}

// compile prepares the rules that are about a caller. sent is what they may send for each key.
func (d document) compile(c caller, keys []string, sent [][][]string) []compiled {
	var rules []compiled
	for _, r := range d {
		if !r.isAbout(c) || !r.isKey() {
			continue
		}
		one := compiled{deny: r.Effect == "Deny", actions: actionsLike(r.Action)}
		if r.NotAction != nil {
			one.actions = ^actionsLike(r.NotAction) & (1<<len(actionNames) - 1)
		}
		one.actions &= masks["k"]
		if c.typ == "AWS" && c.account != ownAccount {
			one.actions &= masks["x"]
		}
		for op, conditions := range r.Condition {
			for key, values := range conditions {
				key := strings.ToLower(key)
				l := lookup{key: slices.Index(keys, key), missing: holds(op, values, nil)}
				l.context, l.grant = strings.HasPrefix(key, "kms:encryptioncontext"), key == "kms:grantisforawsresource"
				for _, value := range sent[l.key] {
					l.holds = append(l.holds, holds(op, values, value))
				}
				one.conditions = append(one.conditions, l)
			}
		}
		rules = append(rules, one)
	}
	return rules
}

// allowed gives the actions that are allowed where the values are sent that chosen has for each key.
func allowed(rules []compiled, chosen []int) mask {
	var allow, deny mask
	for _, r := range rules {
		actions := r.actions
		for _, l := range r.conditions {
			limits := ^mask(0) // actions in whose requests the key can be
			if l.context {
				limits = masks["c"]
			}
			if l.grant {
				limits = masks["g"]
			}
			if !l.holds[chosen[l.key]] {
				actions &^= limits
			}
			if !l.missing {
				actions &= limits
			}
		}
		if r.deny {
			deny |= actions
		} else {
			allow |= actions
		}
	}
	return allow &^ deny
}

func (r rule) isAbout(c caller) bool {
	if r.NotPrincipal != nil {
		if r.NotPrincipal["*"] != nil || slices.Contains(r.NotPrincipal["AWS"], "*") {
			return false
		}
		return slices.ContainsFunc(c.is, func(one string) bool { return !names(r.NotPrincipal, c.typ, one) })
	}
	if r.Principal["*"] != nil || slices.Contains(r.Principal["AWS"], "*") {
		return true
	}
	return slices.ContainsFunc(c.is, func(one string) bool { return names(r.Principal, c.typ, one) })
}

func names(principal map[string][]string, typ, one string) bool {
	return slices.Contains(principal[typ], one) || typ == "AWS" && slices.Contains(principal["AWS"], "arn:aws:iam::"+one+":root")
}

// isKey tells whether the key is the resource of a rule.
func (r rule) isKey() bool {
	own := func(s string) bool { return s == "*" || s == "arn:aws:kms:*:*:key/*" }
	if r.NotResource != nil {
		return !slices.ContainsFunc(r.NotResource, own)
	}
	return slices.ContainsFunc(r.Resource, own)
}

// sends is what a caller may send for a key.
func (c caller) sends(key string) [][]string {
	switch {
	case c.typ == "AWS" && (key == "kms:calleraccount" || key == "aws:principalaccount"):
		return [][]string{{c.account}}
	case c.typ == "AWS" && key == "aws:principalarn":
		return [][]string{{c.arn}}
	default:
		return sendable[key]
	}
}

// holds evaluates one condition.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func holds(op string, values, sent []string) bool {
	if op == "Null" {
		return slices.Contains(values, strconv.FormatBool(len(sent) == 0))
	}
	op, all := strings.CutPrefix(op, "ForAllValues:")
	op, any := strings.CutPrefix(op, "ForAnyValue:")
	op, ifExists := strings.CutSuffix(op, "IfExists")
	negated := strings.Contains(op, "Not")
	if len(sent) == 0 {
		switch {
		case all || ifExists:
			return true
		case any:
			return false
		default:
			return negated
		}
	}
	one := func(s string) bool {
		found := slices.ContainsFunc(values, func(v string) bool { return compare(strings.Replace(op, "Not", "", 1), v, s) })
		return found != negated
	}
	if any {
		return slices.ContainsFunc(sent, one)
	}
	return !slices.ContainsFunc(sent, func(s string) bool { return !one(s) })
}

func compare(op, v, s string) bool {
	switch op {
	case "StringEquals":
		return v == s
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(v, s)
	case "StringLike":
		return glob(v, s)
	case "ArnLike", "ArnEquals":
		p, a := strings.SplitN(v, ":", 6), strings.SplitN(s, ":", 6)
		if len(p) != 6 || len(a) != 6 {
			return false
		}
		for i := range p {
			if !glob(p[i], a[i]) {
				return false
			}
		}
		return true
	case "IpAddress":
		addr, err := netip.ParseAddr(s)
		return err == nil && netip.MustParsePrefix(v).Contains(addr)
	}
	var x, y float64
	if relation, isDate := strings.CutPrefix(op, "Date"); isDate {
		a, _ := time.Parse(time.RFC3339, s)
		b, _ := time.Parse(time.RFC3339, v)
		x, y, op = float64(a.Unix()), float64(b.Unix()), relation
	} else {
		x, _ = strconv.ParseFloat(s, 64)
		y, _ = strconv.ParseFloat(v, 64)
		op = strings.TrimPrefix(op, "Numeric")
	}
	switch op {
	case "Equals":
		return x == y
	case "LessThan":
		return x < y
	case "LessThanEquals":
		return x <= y
	case "GreaterThan":
		return x > y
	default:
		return x >= y
	}
}

// sendable is what requests may have for the keys that the generated policies ask for: more than the policies tell
// apart, and whatever lies between.
var sendable = map[string][][]string{
	"kms:viaservice":            {nil, {"s3.eu-central-1.amazonaws.com"}, {"s3.us-east-1.amazonaws.com"}, {"ec2.eu-central-1.amazonaws.com"}, {"ec2.us-east-1.amazonaws.com"}, {"lambda.eu-west-1.amazonaws.com"}, {"s3.x"}, {"S3.us-east-1.amazonaws.com"}, {"ec2.eu-central-1."}, {"s3.eu-central-1"}, {"s3.us-east-1"}, {"EC2.us-east-1.amazonaws.com"}, {"S3.US-EAST-1.AMAZONAWS.COM"}, {"s3.US-EAST-1.amazonaws.com"}, {"S3.eu-central-1.amazonaws.com"}, {"s3.EU-CENTRAL-1.amazonaws.com"}, {"S3.EU-CENTRAL-1.AMAZONAWS.COM"}, {"EC2.eu-central-1.amazonaws.com"}, {"ec2.EU-CENTRAL-1.amazonaws.com"}, {"EC2.EU-CENTRAL-1.AMAZONAWS.COM"}},
	"kms:calleraccount":         {nil, {ownAccount}, {otherAccount}, {thirdAccount}, {nobodyAccount}},
	"aws:principalaccount":      {nil, {ownAccount}, {otherAccount}, {thirdAccount}, {nobodyAccount}},
	"aws:principalarn":          {nil, {"arn:aws:iam::111111111111:role/app"}, {"arn:aws:iam::222222222222:user/x"}},
	"aws:principalorgid":        {nil, {"o-abc"}, {"o-abd"}, {"o-xyz"}, {"o-a"}, {"O-ABC"}},
	"aws:principalorgpaths":     {nil, {"o-abc/r-1/ou-1/"}, {"o-abc/r-1/ou-2/"}, {"o-xyz/r-1/"}, {"o-zzz/r-2/"}, {"o-zzz/r-2/", "o-xyz/r-1/"}, {"o-abc/r-1/ou-1/", "o-zzz/r-2/"}, {"o-abc/r-1/ou-2/", "o-zzz/r-2/"}, {"o-abc/r-3/"}, {"o-abc/r-3/", "o-xyz/r-1/"}, {"o-abc/r-1/ou-1/", "o-xyz/r-1/"}, {"o-abc/r-1/ou-2/", "o-xyz/r-1/"}, {"o-abc/r-1/ou-1/", "o-abc/r-1/ou-2/"}, {"o-abc/r-1/ou-1/", "o-abc/r-1/ou-2/", "o-xyz/r-1/"}},
	"aws:sourcearn":             {nil, {"arn:aws:s3:::bucket"}, {"arn:aws:s3:::other"}, {"arn:aws:logs:eu-central-1:111111111111:log-group:a"}, {"arn:aws:logs:eu-central-1:111111111111:log-group:b"}, {"arn:aws:logs:us-east-1:111111111111:log-group:a"}, {"arn:aws:logs:us-east-1:111111111111:log-group:c"}, {"arn:aws:logs:eu-central-1:222222222222:log-group:a"}, {"arn:aws:logs:eu-central-1:222222222222:log-group:b"}, {"arn:aws:logs:us-east-1:222222222222:log-group:a"}, {"arn:aws:logs:us-east-1:222222222222:x"}, {"arn:aws:logs:us-east-1:222222222222:x:111111111111:log-group:b"}, {"arn:aws:logs:us-east-1:222222222222:x:log-group:a"}},
	"aws:securetransport":       {{"true"}, {"false"}},
	"kms:grantisforawsresource": {nil, {"true"}, {"false"}},
	"aws:sourceip":              {nil, {"10.0.0.1"}, {"10.1.0.1"}, {"10.0.1.7"}, {"10.9.9.9"}, {"192.169.0.1"}, {"192.168.0.9"}, {"8.8.8.8"}, {"2001:db8::1"}},
	"kms:encryptioncontext:app": {nil, {"a"}, {"b"}, {"ab"}, {"abc"}, {"A"}, {"B"}, {"AB"}, {"aB"}, {"Ab"}, {"zzz"}},
	"kms:encryptioncontext:env": {nil, {"prod"}, {"dev"}, {"test"}},
	"aws:multifactorauthage":    {nil, {"0"}, {"100"}, {"299"}, {"300"}, {"301"}, {"3599"}, {"3600"}, {"3601"}, {"99999"}},
	"aws:currenttime":           {{"2026-01-01T00:00:00Z"}, {"2025-12-31T23:59:59Z"}, {"2026-01-01T00:00:01Z"}, {"2026-06-30T23:59:59Z"}, {"2026-07-01T00:00:00Z"}, {"2026-07-01T00:00:01Z"}, {"1999-01-01T00:00:00Z"}, {"2030-01-01T00:00:00Z"}},
	"aws:principaltag/team":     {nil, {"red"}, {"blue"}, {"Red"}, {"Blue"}, {"green"}},
}

// named tells whether a document names a caller. Services that none names do not count: what everyone may do, they
// could do, if they had any such thing to do.
func (d document) named(c caller) bool {
	return slices.ContainsFunc(d, func(r rule) bool {
		return slices.Contains(r.Principal[c.typ], c.is[0]) || slices.Contains(r.NotPrincipal[c.typ], c.is[0])
	})
}

// judge compares two documents; it gives the actions that somebody gains and loses.
func judge(b, h document) (verdict access.Verdict, gained, lost mask) {
	var keys []string
	for _, d := range []document{b, h} {
		for _, r := range d {
			for _, conditions := range r.Condition {
				for key := range conditions {
					if key := strings.ToLower(key); !slices.Contains(keys, key) {
						keys = append(keys, key)
					}
				}
			}
		}
	}
	slices.Sort(keys)
	for _, c := range callers {
		if c.typ == "Service" && !b.named(c) && !h.named(c) {
			continue
		}
		var sent [][][]string
		for _, key := range keys {
			sent = append(sent, c.sends(key))
		}
		before, after := b.compile(c, keys, sent), h.compile(c, keys, sent)
		each(sent, nil, func(chosen []int) {
			was, is := allowed(before, chosen), allowed(after, chosen)
			gained, lost = gained|is&^was, lost|was&^is
		})
	}
	switch {
	case gained != 0 && lost != 0:
		return access.Changed, gained, lost
	case gained != 0:
		return access.Wider, gained, lost
	case lost != 0:
		return access.Narrower, gained, lost
	default:
		return access.Equal, gained, lost
	}
}

// each goes through all requests.
func each(sent [][][]string, chosen []int, visit func([]int)) {
	if len(chosen) == len(sent) {
		visit(chosen)
		return
	}
	for i := range sent[len(chosen)] {
		each(sent, append(chosen, i), visit)
	}
}
