package kms

import (
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Encryption is how one resource type says that it encrypts what it stores, and with which key. Types that AWS
// encrypts whatever the configuration says have no row: aws_secretsmanager_secret
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html) and aws_s3_bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html).
type Encryption struct {
	Type string
	Key  string // argument that names the key
	Flag string // argument that has to be true

	// Fallback says who decides where the flag is absent, and whether a false is sent to AWS at all.
	Fallback Fallback
	// Sources are arguments and blocks that make the resource out of something that exists: it is encrypted as
	// that is.
	Sources      []string
	SourceBlocks []string
	// Replaces tells that changing the flag of a deployed resource destroys it and makes another.
	Replaces bool
	// WithoutFlag completes "a key needs the flag, and ...".
	WithoutFlag string
}

// Fallback is what happens to data where nothing asks for encryption.
type Fallback int

const (
	// Unencrypted means that the service stores plain data.
	Unencrypted Fallback = iota
	// AccountDefault means that the account's setting for the Region decides. The provider sends nothing for
	// a false either. https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
	AccountDefault
)

// Encryptions lists the services that rules judge with or without a key, by type.
//
// aws_db_instance: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html ("By
// default, it isn't encrypted"). aws_ebs_volume: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html.
func Encryptions() []Encryption {
	return []Encryption{encryption("aws_db_instance", Unencrypted), encryption("aws_ebs_volume", AccountDefault)}
}

// encryption takes a row of the table of services whose key is kms_key_id.
func encryption(typ string, fallback Fallback) Encryption {
	for _, row := range services.Of(typ) {
		if row.Path != "kms_key_id" {
			continue
		}
		flag, _ := services.SwitchOf(typ, row.Flag.Path)
		return Encryption{
			Type: typ, Key: row.Path, Flag: row.Flag.Path, Fallback: fallback,
			Sources: row.Flag.Sources, SourceBlocks: row.Flag.SourceBlocks,
			Replaces: flag.Set == services.Replace, WithoutFlag: row.Flag.Without,
		}
	}
	return Encryption{}
}

// defaultEncryption switches on encryption of all volumes of an account and Region.
const defaultEncryption = "aws_ebs_encryption_by_default"

// EncryptedByDefault tells whether the configuration may switch on default encryption of volumes: it holds for
// the account and Region, so one such resource speaks for every volume.
func (s *Snapshot) EncryptedByDefault() bool {
	for _, r := range s.OfType(defaultEncryption) {
		if r.Attr("enabled").IsFalse() != terraform.True {
			return true
		}
	}
	return false
}
