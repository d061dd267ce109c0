# What registry.terraform.io/modules/terraform-aws-modules/kms/aws makes of its arguments, as far as rules look at it.
# The versions of the module agree on what is here; where they do not, a file of this directory says what each does.
# An argument that an old version lacks fails there anyway.

variable "create" {
  type    = bool
  default = true
}

variable "create_external" {
  type    = bool
  default = false
}

variable "create_replica" {
  type    = bool
  default = false
}

variable "create_replica_external" {
  type    = bool
  default = false
}

# Arguments that the module passes on as they are.

variable "bypass_policy_lockout_safety_check" {
  default = null
}

variable "customer_master_key_spec" {
  default = null
}

variable "custom_key_store_id" {
  default = null
}

variable "deletion_window_in_days" {
  default = null
}

variable "description" {
  default = null
}

variable "enable_key_rotation" {
  default = true
}

variable "is_enabled" {
  default = null
}

variable "key_material_base64" {
  default = null
}

variable "key_spec" {
  default = null
}

variable "key_usage" {
  default = null
}

variable "multi_region" {
  default = false
}

variable "policy" {
  default = null
}

variable "primary_external_key_arn" {
  default = null
}

variable "primary_key_arn" {
  default = null
}

variable "region" {
  default = null
}

variable "rotation_period_in_days" {
  default = null
}

variable "tags" {
  default = {}
}

variable "valid_to" {
  default = null
}

resource "aws_kms_key" "this" {
  count = var.create && !var.create_external && !var.create_replica && !var.create_replica_external ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  custom_key_store_id                = var.custom_key_store_id
  customer_master_key_spec           = var.customer_master_key_spec
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enable_key_rotation                = var.enable_key_rotation
  is_enabled                         = var.is_enabled
  key_usage                          = var.key_usage
  multi_region                       = var.multi_region
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  region                             = var.region
  rotation_period_in_days            = var.rotation_period_in_days
  tags                               = var.tags
}

resource "aws_kms_external_key" "this" {
  count = var.create && var.create_external && !var.create_replica && !var.create_replica_external ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  key_material_base64                = var.key_material_base64
  key_spec                           = var.key_spec
  key_usage                          = var.key_usage
  multi_region                       = var.multi_region
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  region                             = var.region
  tags                               = var.tags
  valid_to                           = var.valid_to
}

resource "aws_kms_replica_key" "this" {
  count = var.create && var.create_replica && !var.create_external && !var.create_replica_external ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  primary_key_arn                    = var.primary_key_arn
  region                             = var.region
  tags                               = var.tags
}

resource "aws_kms_replica_external_key" "this" {
  count = var.create && var.create_replica_external && !var.create_external && !var.create_replica ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  key_material_base64                = var.key_material_base64
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  primary_key_arn                    = var.primary_external_key_arn
  region                             = var.region
  tags                               = var.tags
  valid_to                           = var.valid_to
}

variable "aliases" {
  type    = list(string)
  default = []
}

variable "aliases_use_name_prefix" {
  type    = bool
  default = false
}

variable "computed_aliases" {
  default = {}
}

resource "aws_kms_alias" "this" {
  for_each = { for key, alias in merge({ for name in var.aliases : name => { name = name } }, var.computed_aliases) : key => alias if var.create }

  name          = var.aliases_use_name_prefix ? null : "alias/${each.value.name}"
  name_prefix   = var.aliases_use_name_prefix ? "alias/${each.value.name}-" : null
  region        = var.region
  target_key_id = local.key_id
}

resource "aws_kms_grant" "this" {
  for_each = { for name, grant in local.grants : name => grant if var.create }

  grant_creation_tokens = try(each.value.grant_creation_tokens, null)
  grantee_principal     = each.value.grantee_principal
  key_id                = local.key_id
  name                  = try(coalesce(each.value.name), each.key)
  operations            = each.value.operations
  region                = var.region
  retire_on_delete      = try(each.value.retire_on_delete, null)
  retiring_principal    = try(each.value.retiring_principal, null)

  dynamic "constraints" {
    for_each = each.value.listed_constraints

    content {
      encryption_context_equals = try(constraints.value.encryption_context_equals, null)
      encryption_context_subset = try(constraints.value.encryption_context_subset, null)
    }
  }
}

locals {
  key_id = one(concat(aws_kms_key.this[*].key_id, aws_kms_external_key.this[*].id, aws_kms_replica_key.this[*].key_id, aws_kms_replica_external_key.this[*].key_id))
}

output "key_arn" {
  value = one(concat(aws_kms_key.this[*].arn, aws_kms_external_key.this[*].arn, aws_kms_replica_key.this[*].arn, aws_kms_replica_external_key.this[*].arn))
}

output "key_id" {
  value = local.key_id
}

output "key_policy" {
  value = one(concat(aws_kms_key.this[*].policy, aws_kms_external_key.this[*].policy, aws_kms_replica_key.this[*].policy, aws_kms_replica_external_key.this[*].policy))
}

output "aliases" {
  value = aws_kms_alias.this
}

output "grants" {
  value = aws_kms_grant.this
}
