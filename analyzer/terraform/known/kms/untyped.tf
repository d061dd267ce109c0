# Versions 1 to 3: what is not written is left out by try, whatever else is wrong with it.

variable "key_statements" {
  default = {}
}

variable "route53_dnssec_sources" {
  type    = list(any)
  default = []
}

variable "grants" {
  default = {}
}

locals {
  conditions = "conditions"
  statements = var.key_statements

  dnssec_sources = [for source in var.route53_dnssec_sources : {
    account_ids     = try(source.account_ids, [data.aws_caller_identity.current.account_id])
    hosted_zone_arn = try(source.hosted_zone_arn, "arn:${data.aws_partition.current.partition}:route53:::hostedzone/*")
  }]

  grants = { for name, grant in var.grants : name => merge(grant, {
    listed_constraints = length(lookup(grant, "constraints", {})) == 0 ? [] : [grant.constraints]
  }) }
}
