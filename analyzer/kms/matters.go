package kms

import (
	"bytes"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
)

// Matters tells by a file's text whether it may say anything about KMS: it names a resource type of KMS or one that is
// judged with or without a key, a service beside the argument for its key, a module that makes keys, or an action. A
// word in a comment is enough; a missing one is proof.
func Matters(text []byte) bool { return matters(text, nil) }

// MattersTo is Matters for somebody who judges resources of some types even where they name no key.
func MattersTo(types map[string]bool) func(text []byte) bool {
	return func(text []byte) bool { return matters(text, types) }
}

func matters(text []byte, types map[string]bool) bool {
	if mattersToIAM(text) {
		return true
	}
	for _, module := range [][]byte{[]byte("terraform-aws-modules/kms/aws"), []byte("terraform-aws-modules/terraform-aws-kms")} {
		if bytes.Contains(text, module) {
			return true
		}
	}
	named := map[string]bool{} // words that were looked for
	contains := func(word string) bool {
		found, known := named[word]
		if !known {
			found = bytes.Contains(text, []byte(word))
			named[word] = found
		}
		return found
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte("aws_"))
		if i < 0 {
			return false
		}
		rest = rest[i:]
		typ := string(rest[:wordLength(rest)])
		if types[typ] || ofKMS(typ) || typ == defaultEncryption || typ == bucketEncryption || typ == replication && contains(replicated) || storesIn(typ, contains) || namesKey(typ, contains) {
			return true
		}
		rest = rest[len(typ):]
	}
}

// namesKey tells whether a file that names a service may name a key for it too: the argument and the blocks around it
// are written in the block of the resource, unless the path goes through a value.
func namesKey(typ string, contains func(word string) bool) bool {
	for _, row := range services.Of(typ) {
		if contains(row.Top()) && (row.Object || contains(row.Attribute())) {
			return true
		}
	}
	for _, s := range services.Switches(typ) {
		if contains(s.Path[strings.LastIndexByte(s.Path, '.')+1:]) {
			return true
		}
	}
	return false
}

// storesIn tells whether a file that names a service may have storage which is not encrypted: a volume whose account
// decides is at fault only where the argument is written.
func storesIn(typ string, contains func(word string) bool) bool {
	stores, unwritten := services.Stores(typ)
	return unwritten || stores && contains("encrypted")
}

// wordLength counts the bytes that may stand in a resource type.
func wordLength(text []byte) int {
	for i, c := range text {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return i
		}
	}
	return len(text)
}

// ofKMS tells a resource type of KMS itself.
func ofKMS(typ string) bool { return strings.HasPrefix(typ, "aws_kms_") }
