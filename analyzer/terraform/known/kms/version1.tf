# Versions 1.0.0 to 2.0.0.

locals {
  administration = local.old_administration
}
