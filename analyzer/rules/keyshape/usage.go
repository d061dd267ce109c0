package keyshape

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

const (
	symmetric      = "SYMMETRIC_DEFAULT"
	encryptDecrypt = "ENCRYPT_DECRYPT"
	signVerify     = "SIGN_VERIFY"
	verifyMAC      = "GENERATE_VERIFY_MAC"
	keyAgreement   = "KEY_AGREEMENT"
)

// usages are what each key spec can be used for. A spec or a usage that is not in it is newer than this table or a
// misspelling that the provider refuses by itself: nothing is said of either.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-KeyUsage
var usages = map[string][]string{
	symmetric:               {encryptDecrypt},
	"HMAC_224":              {verifyMAC},
	"HMAC_256":              {verifyMAC},
	"HMAC_384":              {verifyMAC},
	"HMAC_512":              {verifyMAC},
	"RSA_2048":              {encryptDecrypt, signVerify},
	"RSA_3072":              {encryptDecrypt, signVerify},
	"RSA_4096":              {encryptDecrypt, signVerify},
	"ECC_NIST_P256":         {signVerify, keyAgreement},
	"ECC_NIST_P384":         {signVerify, keyAgreement},
	"ECC_NIST_P521":         {signVerify, keyAgreement},
	"ECC_SECG_P256K1":       {signVerify},
	"ECC_NIST_EDWARDS25519": {signVerify},
	"ML_DSA_44":             {signVerify},
	"ML_DSA_65":             {signVerify},
	"ML_DSA_87":             {signVerify},
	"SM2":                   {encryptDecrypt, signVerify, keyAgreement},
}

// specs and allUsages are what an argument that is not known may be.
var (
	specs     = sortedSpecs()
	allUsages = []string{encryptDecrypt, keyAgreement, signVerify, verifyMAC}
)

func sortedSpecs() []string {
	var names []string
	for name := range usages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// mismatch tells whether a key's spec cannot be used for its usage, whatever is not known of them.
func mismatch(spec, usage terraform.Value) terraform.Truth {
	var each []terraform.Truth
	for _, s := range candidates(spec, symmetric, specs) {
		for _, u := range candidates(usage, encryptDecrypt, allUsages) {
			each = append(each, refused(s, u))
		}
	}
	return agreed(each)
}

// agreed is the verdict that all cases share; undecided where they differ. Any False ends a Kleene conjunction, and here it
// is only one of the cases.
func agreed(each []terraform.Truth) terraform.Truth {
	for _, truth := range each {
		if truth != each[0] {
			return terraform.Undecided
		}
	}
	return each[0]
}

func refused(spec, usage string) terraform.Truth {
	legal, known := usages[spec]
	if known && slices.Contains(allUsages, usage) && !slices.Contains(legal, usage) {
		return terraform.True
	}
	return terraform.False
}

// candidates are the texts that a value may turn out to be. A condition that is not known chooses between two; behind
// anything else there may be all of them.
func candidates(v terraform.Value, byDefault string, all []string) []string {
	if v.Absent() {
		return []string{byDefault}
	}
	if text, ok := v.Text(); ok {
		return []string{text}
	}
	choices, ok := v.Choices()
	if !ok {
		return all
	}
	var found []string
	for _, choice := range choices {
		found = append(found, candidates(choice, byDefault, all)...)
	}
	return found
}

// shown is a spec or a usage of the table as a message names it; "" where a condition chooses between several.
func shown(v terraform.Value, byDefault string) string {
	text, ok := v.Text()
	switch {
	case ok:
		return "`" + text + "`"
	case v.Absent():
		return "`" + byDefault + "`"
	default:
		return ""
	}
}

// kind names a key by its spec. A condition that is not known may choose between several.
func kind(spec terraform.Value) string {
	if text := shown(spec, symmetric); text != "" {
		return "of the spec " + text
	}
	return "of one of several specs, by a condition,"
}

// onlyUsage is the one usage that a spec has, if it has only one.
func onlyUsage(spec terraform.Value) (usage string, ok bool) {
	text, _ := spec.Text()
	legal := usages[text]
	if len(legal) != 1 {
		return "", false
	}
	return legal[0], true
}
