# The key for everything that this platform stores.
resource "aws_kms_key" "storage" {
  description             = "Data at rest of the platform"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.storage_key.json
}

resource "aws_kms_alias" "storage" {
  name          = "alias/platform/storage"
  target_key_id = aws_kms_key.storage.key_id
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "storage_key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}
