// Package multiregion owns the rules about multi-Region keys and their replicas. The facts are AWS's:
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
package multiregion
