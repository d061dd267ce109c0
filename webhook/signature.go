package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// verify tells whether the signature, "sha256=" and hexadecimal digits, is the HMAC of the raw body by one of
// the secrets. It compares in constant time and always tries all secrets.
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func verify(secrets [][]byte, signature string, body []byte) bool {
	digits, found := strings.CutPrefix(signature, "sha256=")
	given, err := hex.DecodeString(digits)
	if !found || err != nil || len(given) != sha256.Size {
		return false
	}
	valid := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body) // never fails
		if hmac.Equal(given, mac.Sum(nil)) {
			valid = true
		}
	}
	return valid
}

// Sign returns the X-Hub-Signature-256 header of a body.
func Sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body) // never fails
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
