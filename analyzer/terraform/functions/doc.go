// Package functions owns the functions of the Terraform language, 1.11: what Table gives is what an expression in
// a repository may call, and every function answers as `terraform console` does.
//
// Nothing here reaches outside the repository. A function that needs the machine, the clock or chance gives an
// unknown value, and file functions read only what the given file system holds. Whatever a call is given, it ends
// soon and in little memory: what would not fails with a LimitError, which try and can do not take for a failure
// of the configuration, since Terraform itself would have gone on.
//
// The functions are described at https://developer.hashicorp.com/terraform/language/functions.
package functions
