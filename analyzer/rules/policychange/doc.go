// Package policychange owns the rules about what a change does to the policy that is in force on a key: who may do
// more, whom it no longer lets in, and what Terraform does when the policy itself goes.
package policychange
