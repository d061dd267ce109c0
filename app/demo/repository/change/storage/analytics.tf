# Analytics has its own key, so that its readers cannot decrypt orders.
resource "aws_kms_key" "analytics" {
  description             = "Data at rest of analytics"
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "analytics" {
  name          = "alias/platform/analytics"
  target_key_id = aws_kms_key.analytics.key_id
}

resource "aws_db_instance" "analytics" {
  identifier                  = "analytics"
  engine                      = "postgres"
  engine_version              = "17"
  instance_class              = "db.m7g.large"
  allocated_storage           = 200
  username                    = "analytics"
  manage_master_user_password = true
  kms_key_id                  = aws_kms_key.analytics.arn
  deletion_protection         = true
  final_snapshot_identifier   = "analytics-final"
}
