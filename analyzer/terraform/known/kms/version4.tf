# Versions 4.0.0 and above.

variable "key_statements" {
  type = list(object({
    sid           = optional(string)
    effect        = optional(string)
    actions       = optional(list(string))
    not_actions   = optional(list(string))
    resources     = optional(list(string))
    not_resources = optional(list(string))
    principals = optional(list(object({
      type        = string
      identifiers = list(string)
    })))
    not_principals = optional(list(object({
      type        = string
      identifiers = list(string)
    })))
    condition = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })))
  }))
  default = null
}

variable "route53_dnssec_sources" {
  type = list(object({
    account_ids     = optional(list(string))
    hosted_zone_arn = optional(string)
  }))
  default = null
}

variable "grants" {
  type = map(object({
    constraints = optional(list(object({
      encryption_context_equals = optional(map(string))
      encryption_context_subset = optional(map(string))
    })))
    grant_creation_tokens = optional(list(string))
    grantee_principal     = string
    name                  = optional(string)
    operations            = list(string)
    retire_on_delete      = optional(bool)
    retiring_principal    = optional(string)
  }))
  default = null
}

locals {
  administration = concat(local.old_administration, ["kms:ReplicateKey", "kms:ImportKeyMaterial"])

  conditions = "condition"
  statements = var.key_statements == null ? [] : var.key_statements

  dnssec_sources = [for source in(var.route53_dnssec_sources == null ? [] : var.route53_dnssec_sources) : {
    account_ids     = coalescelist(source.account_ids, [data.aws_caller_identity.current.account_id])
    hosted_zone_arn = coalesce(source.hosted_zone_arn, "arn:${data.aws_partition.current.partition}:route53:::hostedzone/*")
  }]

  grants = var.grants == null ? {} : { for name, grant in var.grants : name => merge(grant, {
    listed_constraints = grant.constraints == null ? [] : grant.constraints
  }) }
}
