# The key policy: the documents of source_policy_documents, a statement for each argument that names somebody,
# key_statements, and the documents of override_policy_documents over all.

variable "enable_default_policy" {
  type    = bool
  default = true
}

variable "key_owners" {
  type    = list(string)
  default = []
}

variable "key_administrators" {
  type    = list(string)
  default = []
}

variable "key_users" {
  type    = list(string)
  default = []
}

variable "key_service_users" {
  type    = list(string)
  default = []
}

variable "key_service_roles_for_autoscaling" {
  type    = list(string)
  default = []
}

variable "key_symmetric_encryption_users" {
  type    = list(string)
  default = []
}

variable "key_hmac_users" {
  type    = list(string)
  default = []
}

variable "key_asymmetric_public_encryption_users" {
  type    = list(string)
  default = []
}

variable "key_asymmetric_sign_verify_users" {
  type    = list(string)
  default = []
}

variable "enable_route53_dnssec" {
  type    = bool
  default = false
}

variable "source_policy_documents" {
  type    = list(string)
  default = []
}

variable "override_policy_documents" {
  type    = list(string)
  default = []
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
  dnssec  = "dnssec-route53.${data.aws_partition.current.dns_suffix}"

  old_administration = [
    "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*",
    "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
  ]
  encryption = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]

  # for_services: only as far as AWS services make grants on somebody's behalf.
  named = [
    { sid = "KeyOwner", who = var.key_owners, actions = ["kms:*"], for_services = false },
    { sid = "KeyAdministration", who = var.key_administrators, actions = local.administration, for_services = false },
    { sid = "KeyUsage", who = var.key_users, actions = local.encryption, for_services = false },
    { sid = "KeyServiceUsage", who = var.key_service_users, actions = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], for_services = true },
    { sid = "KeyServiceRolesASG", who = var.key_service_roles_for_autoscaling, actions = local.encryption, for_services = false },
    { sid = "KeyServiceRolesASGPersistentVol", who = var.key_service_roles_for_autoscaling, actions = ["kms:CreateGrant"], for_services = true },
    { sid = "KeySymmetricEncryption", who = var.key_symmetric_encryption_users, actions = local.encryption, for_services = false },
    { sid = "KeyHMAC", who = var.key_hmac_users, actions = ["kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"], for_services = false },
    {
      sid          = "KeyAsymmetricPublicEncryption"
      who          = var.key_asymmetric_public_encryption_users
      actions      = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:DescribeKey", "kms:GetPublicKey"]
      for_services = false
    },
    {
      sid          = "KeyAsymmetricSignVerify"
      who          = var.key_asymmetric_sign_verify_users
      actions      = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"]
      for_services = false
    },
  ]
}

data "aws_iam_policy_document" "this" {
  source_policy_documents   = var.source_policy_documents
  override_policy_documents = var.override_policy_documents

  dynamic "statement" {
    for_each = var.enable_default_policy ? [var.enable_default_policy] : []

    content {
      sid       = "Default"
      actions   = ["kms:*"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = [local.account]
      }
    }
  }

  dynamic "statement" {
    for_each = [for statement in local.named : statement if length(statement.who) > 0]

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = statement.value.who
      }

      dynamic "condition" {
        for_each = statement.value.for_services ? ["true"] : []

        content {
          test     = "Bool"
          variable = "kms:GrantIsForAWSResource"
          values   = [condition.value]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = var.enable_route53_dnssec ? [var.enable_route53_dnssec] : []

    content {
      sid       = "Route53DnssecService"
      actions   = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [local.dnssec]
      }
    }
  }

  dynamic "statement" {
    for_each = var.enable_route53_dnssec ? [var.enable_route53_dnssec] : []

    content {
      sid       = "Route53DnssecGrant"
      actions   = ["kms:CreateGrant"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [local.dnssec]
      }

      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }

      dynamic "condition" {
        for_each = local.dnssec_sources

        content {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = condition.value.account_ids
        }
      }

      dynamic "condition" {
        for_each = local.dnssec_sources

        content {
          test     = "ArnLike"
          variable = "aws:SourceArn"
          values   = [condition.value.hosted_zone_arn]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = local.statements

    content {
      sid           = try(statement.value.sid, null)
      effect        = try(statement.value.effect, null)
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)

      dynamic "principals" {
        for_each = try(statement.value.principals, null) == null ? [] : statement.value.principals

        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }

      dynamic "not_principals" {
        for_each = try(statement.value.not_principals, null) == null ? [] : statement.value.not_principals

        content {
          type        = not_principals.value.type
          identifiers = not_principals.value.identifiers
        }
      }

      dynamic "condition" {
        for_each = try(statement.value[local.conditions], null) == null ? [] : statement.value[local.conditions]

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}
