// Package terraform owns the reading of Terraform configuration: files to modules, modules to resources, and
// expressions to three-valued values. A value is known, absent (so the provider's default counts) or unknown;
// what cannot be decided without running Terraform is unknown, never guessed.
//
// A Configuration is one snapshot of a repository. Each root directory becomes a tree of scopes, one for every
// module call, and each resource is seen through the scope it stands in.
package terraform
