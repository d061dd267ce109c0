// Package action owns the actions of AWS KMS: their names, what they are for, and the wildcards that stand for them.
package action

import (
	"math/bits"
	"strings"
)

// Set is a set of the KMS actions.
type Set uint64

// Has tells whether an action, "kms:Decrypt" in any case, is in the set.
func (s Set) Has(action string) bool {
	for i, name := range names {
		if s>>i&1 == 1 && strings.EqualFold(action, prefix+name) {
			return true
		}
	}
	return false
}

// Len is the number of actions in the set.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// Names lists the actions in the order of the alphabet: "kms:CreateGrant", "kms:Decrypt".
func (s Set) Names() []string {
	list := make([]string, 0, s.Len())
	for i, name := range names {
		if s>>i&1 == 1 {
			list = append(list, prefix+name)
		}
	}
	return list
}

// String is short, for a reader: "kms:*" for all that has an effect in a key policy, else a list with commas, in
// which a wildcard stands for two actions and more where it stands for no action that is not in the set, and is no
// shorter than it has to be. Actions without effect count only where there are no others.
func (s Set) String() string {
	if s&Effective != 0 {
		s &= Effective
	}
	if s == Effective {
		return prefix + "*"
	}
	var words []string
	for i, name := range names {
		if s>>i&1 == 0 {
			continue
		}
		word, covered := prefix+name, Set(1)<<i
		for _, stem := range stems(name) {
			family := Match(prefix + stem + "*")
			if family&Effective&^s == 0 && (family&s).Len() > 1 && (covered.Len() == 1 || family == covered) {
				word, covered = prefix+stem+"*", family
			}
		}
		words, s = append(words, word), s&^covered
	}
	return strings.Join(words, ", ")
}

// stems lists the beginnings of a name that end with a word for every action which begins so, the shortest first:
// of ReEncryptTo it is ReEncrypt, and not Re, with which ReplicateKey begins.
func stems(name string) []string {
	var list []string
	for end := 1; end <= len(name); end++ {
		if end < len(name) && !upper(name[end]) {
			continue
		}
		whole := true
		for _, other := range names {
			rest, same := strings.CutPrefix(other, name[:end])
			whole = whole && (!same || rest == "" || upper(rest[0]))
		}
		if whole {
			list = append(list, name[:end])
		}
	}
	return list
}

func upper(c byte) bool { return 'A' <= c && c <= 'Z' }

// GrantOperations lists what a grant can permit: names of API operations, not of actions.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations
func GrantOperations() []string {
	return []string{
		"CreateGrant", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetPublicKey",
		"ReEncryptFrom", "ReEncryptTo", "RetireGrant", "Sign", "Verify", "VerifyMac",
	}
}
