// Package statement owns the rules about what is wrong with a policy as it is written: statements that do nothing,
// actions and principals that do not exist, documents that AWS refuses or that Terraform changes. A problem stands at
// the place where the policy says it, and all resources that use the policy share it.
package statement
