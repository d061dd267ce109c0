// Package keyshape owns the rules about what kind of key is asked for, and where its material comes from.
// The facts are AWS's: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
package keyshape
