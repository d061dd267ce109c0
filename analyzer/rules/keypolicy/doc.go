// Package keypolicy owns the rules about who may do what with a key.
// The facts are AWS's: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
package keypolicy
