package kms

import "bytes"

// Matters tells by a file's text whether it may say anything about KMS: it names a resource type that the model
// reads, or a module that makes keys. A word in a comment is enough; a missing one is proof.
func Matters(text []byte) bool {
	for _, module := range [][]byte{[]byte("terraform-aws-modules/kms/aws"), []byte("terraform-aws-modules/terraform-aws-kms")} {
		if bytes.Contains(text, module) {
			return true
		}
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte("aws"))
		if i < 0 {
			return false
		}
		rest = rest[i:]
		word := rest[:wordLength(rest)]
		if matters(string(word)) {
			return true
		}
		rest = rest[max(len(word), 3):]
	}
}

// wordLength counts the bytes that may stand in a resource type or a module's source.
func wordLength(text []byte) int {
	for i, c := range text {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return i
		}
	}
	return len(text)
}

func matters(word string) bool {
	return Concerns(word) || word == "aws_ebs_encryption_by_default"
}
