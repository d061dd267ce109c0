// Package terraform owns the reading of Terraform configuration: files to modules, modules to resources, and
// expressions to three-valued values. A value is known, absent (so the provider's default counts) or unknown;
// what cannot be decided without running Terraform is unknown, never guessed.
//
// A value that is not known keeps what is known of it: the parts of a text (Segments), a structure (Fields, Elements),
// what is certainly or perhaps in one that may hold more (Entries, Members), what a condition chooses from (Choices).
// It has a name (Symbol) by which it can be told to be the same as another one.
//
// A Configuration is one snapshot of a repository. Each root directory becomes a tree of scopes, one for every
// module call, and each resource is seen through the scope it stands in.
package terraform
