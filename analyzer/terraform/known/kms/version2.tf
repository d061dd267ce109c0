# Versions 2.0.1 to 3.1.1.

locals {
  administration = concat(local.old_administration, ["kms:ReplicateKey", "kms:ImportKeyMaterial"])
}
