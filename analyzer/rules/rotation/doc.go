// Package rotation owns the rules about automatic rotation of key material.
// The facts are AWS's: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
package rotation
