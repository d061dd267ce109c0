# What registry.terraform.io/modules/terraform-aws-modules/kms/aws makes of its arguments, as far as rules look at it.
# Versions 1 to 4 agree on all of this; an argument that an old version lacks fails there anyway. Conditions on
# variables of the same name as the key's arguments decide nothing here: the module passes them on as they are.

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

variable "rotation_period_in_days" {
  default = null
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
  rotation_period_in_days            = var.rotation_period_in_days
}

resource "aws_kms_external_key" "this" {
  count = var.create && var.create_external ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  key_material_base64                = var.key_material_base64
  multi_region                       = var.multi_region
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  valid_to                           = var.valid_to
}

resource "aws_kms_replica_key" "this" {
  count = var.create && var.create_replica ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  primary_key_arn                    = var.primary_key_arn
}

resource "aws_kms_replica_external_key" "this" {
  count = var.create && var.create_replica_external ? 1 : 0

  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check
  deletion_window_in_days            = var.deletion_window_in_days
  description                        = var.description
  enabled                            = var.is_enabled
  key_material_base64                = var.key_material_base64
  policy                             = coalesce(var.policy, data.aws_iam_policy_document.this.json)
  primary_key_arn                    = var.primary_external_key_arn
  valid_to                           = var.valid_to
}

# The module's document always has statements; which ones its arguments say is not read yet. A document without
# any would be one that allows nothing.
variable "unread_statements" {}

data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = var.unread_statements
    content {
    }
  }
}

output "key_arn" {
  value = one(concat(aws_kms_key.this[*].arn, aws_kms_external_key.this[*].arn, aws_kms_replica_key.this[*].arn, aws_kms_replica_external_key.this[*].arn))
}

output "key_id" {
  value = one(concat(aws_kms_key.this[*].key_id, aws_kms_external_key.this[*].id, aws_kms_replica_key.this[*].key_id, aws_kms_replica_external_key.this[*].key_id))
}
