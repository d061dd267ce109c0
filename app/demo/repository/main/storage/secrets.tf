resource "aws_secretsmanager_secret" "payment_api" {
  name        = "platform/payment-api"
  description = "Token of the payment provider"
  kms_key_id  = aws_kms_key.storage.arn
}
