// Package replacement owns the rules about what becomes of a service's data where a change touches its encryption: what
// Terraform replaces, and what is not encrypted any more.
package replacement
