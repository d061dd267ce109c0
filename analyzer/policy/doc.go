// Package policy owns IAM policy documents: it reads them from every notation that Terraform has for them into
// statements whose parts are known, unknown or absent one by one, each with the place where it is written.
//
// A document that the configuration decides only in part keeps what it decides. Three things say what is missing:
// a Text may have parts that are not known, a List or Conditions may be Open (there may be more than what is
// listed, but what is listed is there; Possible and Rest say what more), and what is Exists Undecided may not be there at all.
package policy
