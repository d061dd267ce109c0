# A version that is not known, as that of a commit: what versions differ in is not known either.

variable "unread" {}

variable "key_statements" {
  default = []
}

variable "route53_dnssec_sources" {
  default = []
}

variable "grants" {
  default = {}
}

locals {
  administration = concat(local.old_administration, var.unread)

  statements     = length(var.key_statements) == 0 ? [] : var.unread
  conditions     = ""
  dnssec_sources = length(var.route53_dnssec_sources) == 0 ? [] : var.unread
  grants         = length(var.grants) == 0 ? {} : var.unread
}
