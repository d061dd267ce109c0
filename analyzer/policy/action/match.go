package action

import "strings"

const prefix = "kms:"

// Match gives the actions that an element of a policy's Action means: "kms:Re*", "*", "KMS:decrypt". Case does not
// count, * stands for any text and ? for one character. The set is empty for what means no KMS action.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func Match(pattern string) Set {
	var s Set
	pattern = strings.ToLower(pattern)
	if service, _, ok := strings.Cut(pattern, ":"); ok && !Like(service, "kms") && !strings.Contains(service, "*") {
		return 0 // most of what stands in real policies is another service's
	}
	for i, name := range lowered {
		if Like(pattern, name) {
			s |= 1 << i
		}
	}
	return s
}

// lowered are the names as they are compared.
var lowered = func() (all [count]string) {
	for i, name := range names {
		all[i] = strings.ToLower(prefix + name)
	}
	return all
}()

// Like tells whether a pattern with * and ? matches a text, byte by byte. It takes no longer than the product of
// the lengths.
func Like(pattern, text string) bool {
	at, star, resume := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, resume = at, i
			at++
		case at < len(pattern) && (pattern[at] == '?' || pattern[at] == text[i]):
			at++
			i++
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[at:], "*") == ""
}

// renamed are names that people write for the operation of which AWS made two actions, or that had a shorter name
// in the announcement.
var renamed = map[string]string{"kms:reencrypt": "kms:ReEncrypt*", "kms:rotatekey": "kms:RotateKeyOnDemand"}

// Suggest gives the action, or the wildcard, that is meant by one which matches nothing: "kms:ReEncrypt*" for
// "kms:ReEncrypt". It is sure of one letter too many, too few, other or exchanged, where that leads to a single
// name; else ok is false.
func Suggest(name string) (suggestion string, ok bool) {
	if Match(name) != 0 {
		return "", false
	}
	if known, isRenamed := renamed[strings.ToLower(name)]; isRenamed {
		return known, true
	}
	if !strings.Contains(name, ":") && Match(prefix+name) != 0 {
		return prefix + name, true
	}
	stem, wildcard := strings.CutSuffix(name, "*")
	for _, candidate := range candidates(wildcard) {
		if !near(strings.ToLower(stem), strings.ToLower(candidate)) {
			continue
		}
		if suggestion != "" {
			return "", false
		}
		suggestion = candidate
	}
	if suggestion != "" && wildcard {
		suggestion += "*"
	}
	return suggestion, suggestion != ""
}

// candidates are the names of actions, or what may stand before a wildcard.
func candidates(wildcard bool) []string {
	var list []string
	seen := map[string]bool{}
	for _, name := range names {
		writings := []string{name}
		if wildcard {
			writings = stems(name)
		}
		for _, writing := range writings {
			if !seen[writing] {
				seen[writing] = true
				list = append(list, prefix+writing)
			}
		}
	}
	return list
}

// near tells that one edit makes one text of the other: a letter inserted, dropped, changed, or exchanged with the
// next one.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	at := 0
	for at < len(a) && a[at] == b[at] {
		at++
	}
	switch len(b) - len(a) {
	case 1:
		return a[at:] == b[at+1:]
	case 0:
		changed := at < len(a) && a[at+1:] == b[at+1:]
		exchanged := at+1 < len(a) && a[at] == b[at+1] && a[at+1] == b[at] && a[at+2:] == b[at+2:]
		return changed || exchanged
	default:
		return false
	}
}
