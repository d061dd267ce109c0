package github

import (
	"crypto/sha1" // git's name for a blob, not a secret
	"encoding/hex"
	"fmt"
)

// blobSHA is git's name for contents.
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
func blobSHA(content []byte) string {
	hash := sha1.New()
	fmt.Fprintf(hash, "blob %d\x00", len(content))
	hash.Write(content)
	return hex.EncodeToString(hash.Sum(nil))
}
