package access

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Limit tells whether a condition restricts who can call, so that a statement for everyone is not one for the world.
type Limit int

// The verdicts.
const (
	LimitUnknown Limit = iota
	NoLimit
	Limits
)

// Reasoned is a condition and what was found of it.
type Reasoned struct {
	Condition policy.Condition
	Limit     Limit
	Why       string // completes "the condition ...": one clause for a reader
}

// CallerLimit judges all conditions of a statement together: all have to hold, so one that limits is enough.
func CallerLimit(s policy.Statement) (Limit, []Reasoned) {
	conditions := s.Conditions.Merged()
	var list []Reasoned
	result := NoLimit
	if s.Conditions.Open || s.Open {
		result = LimitUnknown
	}
	for _, c := range conditions {
		r := Reasoned{Condition: c}
		r.Limit, r.Why = limiting(c, requires(conditions, c.Key))
		list = append(list, r)
		switch {
		case r.Limit == Limits:
			result = Limits
		case r.Limit == LimitUnknown && result == NoLimit:
			result = LimitUnknown
		}
	}
	return result, list
}

// requires tells that another condition is false where the request does not have a key.
func requires(conditions []policy.Condition, key policy.Text) bool {
	for _, c := range conditions {
		if operatorOf(c.Test).family != null || len(c.Values.Items) != 1 || c.Values.Open || c.Exists != terraform.True {
			continue
		}
		a, known := c.Key.Known()
		b, alsoKnown := key.Known()
		value, valueKnown := c.Values.Items[0].Known()
		if known && alsoKnown && valueKnown && strings.EqualFold(a, b) && strings.EqualFold(value, "false") {
			return true
		}
	}
	return false
}

// callerKey is what a condition key says about the caller.
type callerKey int

const (
	unlistedKey callerKey = iota
	// requestKey says what the request is like, which any caller can arrange.
	requestKey
	// callerID is the id of an account, an organization or a network, which has one owner.
	callerID
	// callerPath is a place in an organization: o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/.
	callerPath
	// callerARN is the ARN of a caller or of what it acts for.
	callerARN
)

// keyMeanings follows
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html.
var keyMeanings = map[string]callerKey{
	"kms:calleraccount": callerID, "aws:principalaccount": callerID, "aws:principalorgid": callerID,
	"aws:principalorgpaths": callerPath, "aws:sourceorgpaths": callerPath, "aws:sourceaccount": callerID, "aws:sourceorgid": callerID,
	"aws:sourcevpce": callerID, "aws:sourcevpc": callerID,
	"aws:principalarn": callerARN, "aws:sourcearn": callerARN,
	"kms:viaservice": requestKey, "kms:encryptioncontextkeys": requestKey, "kms:grantisforawsresource": requestKey,
	"aws:securetransport": requestKey, "aws:multifactorauthpresent": requestKey, "aws:currenttime": requestKey,
	"aws:epochtime": requestKey, "aws:useragent": requestKey, "aws:referer": requestKey, "kms:keyspec": requestKey,
	"kms:keyorigin": requestKey, "kms:multiregion": requestKey, "kms:resourcealiases": requestKey,
}

func meaningOf(key string) callerKey {
	key = strings.ToLower(key)
	if strings.HasPrefix(key, "kms:encryptioncontext:") {
		return requestKey
	}
	return keyMeanings[key]
}

// alwaysPresent are keys that every signed request has, so that IfExists and ForAllValues change nothing.
var alwaysPresent = map[string]bool{"kms:calleraccount": true, "aws:principalaccount": true, "aws:principalarn": true}

// limiting tells whether one condition restricts who can call. Where AWS's documentation does not say it, the answer is
// LimitUnknown; so it is for keys that are not in the table. required tells that another condition makes the key be there.
func limiting(c policy.Condition, required bool) (Limit, string) {
	key, known := c.Key.Known()
	op := operatorOf(c.Test)
	meaning := meaningOf(key)
	name := "`" + key + "`"
	switch {
	case !known:
		return LimitUnknown, "has a key that is not known"
	case op.family == null:
		return NoLimit, "only asks whether the request has " + name
	case op.family == otherFamily:
		return LimitUnknown, "has an operator that is not known"
	case meaning == unlistedKey:
		return LimitUnknown, "is on " + name + ", and it is not known whether that limits who can call"
	case meaning == requestKey:
		return NoLimit, "is on " + name + ", which any caller can satisfy"
	case op.negated:
		return NoLimit, "names whom " + name + " must not be: everybody else can call"
	case (op.ifExists || op.forAll) && !required && alwaysPresent[strings.ToLower(key)]:
		return LimitUnknown, "also holds where the request does not have " + name
	case (op.ifExists || op.forAll) && !required:
		return NoLimit, "also holds where the request does not have " + name
	case c.Exists != terraform.True:
		return LimitUnknown, "may not be there"
	}
	return valueLimit(op, meaning, c.Values, name)
}

// valueLimit judges the values, of which one has to match.
func valueLimit(op operator, meaning callerKey, values policy.List, name string) (Limit, string) {
	if op.family == stringEquals || op.family == stringFold {
		return Limits, "names what " + name + " has to be"
	}
	if op.family != stringLike && op.family != arnLike {
		return LimitUnknown, "compares " + name + " with an operator that is not made for it"
	}
	limit, why := Limits, "names what "+name+" has to be"
	if values.Open {
		limit, why = LimitUnknown, "has values that are not known"
	}
	for _, value := range values.Items {
		switch {
		case all(value):
			return NoLimit, "takes any " + name
		case !concrete(meaning, value):
			limit, why = LimitUnknown, "has a pattern, and it is not known whose "+name+" it matches"
		}
	}
	return limit, why
}

// all tells a pattern that matches every text.
func all(value policy.Text) bool {
	text, known := value.Known()
	return known && text != "" && strings.Trim(text, "*") == ""
}

// concrete tells a pattern that only one owner can match: an id without wildcards, or an ARN with its account, which
// stands in the ARN of a role that the pattern begins with.
func concrete(meaning callerKey, value policy.Text) bool {
	if meaning == callerARN && len(value.Parts) > 0 && value.Parts[0].Unknown != nil && isIdentity(value.Parts[0].Unknown.Reference) {
		return true
	}
	if fields := split(value, ":", 6); meaning == callerARN && len(fields) == 6 {
		if account, known := fields[4].Known(); !known || isAccount(account) {
			return plain(fields[4])
		}
	}
	if pieces := split(value, "/", 2); meaning == callerPath && len(pieces) == 2 {
		return plain(pieces[0])
	}
	return plain(value)
}

func isIdentity(ref *terraform.Reference) bool {
	if ref == nil {
		return false
	}
	r := sole(*ref)
	return r != nil && meanings[attribute{r.Kind, r.Type, ref.Attribute}] == Identity
}

// plain tells that a text certainly has no wildcard: what AWS calls a resource has none in it.
func plain(t policy.Text) bool {
	for _, part := range t.Parts {
		if part.Unknown != nil && part.Unknown.Reference == nil || strings.ContainsAny(part.Literal, "*?$") {
			return false
		}
	}
	return len(t.Parts) > 0
}
