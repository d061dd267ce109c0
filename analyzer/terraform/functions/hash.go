package functions

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"  //nolint:gosec // Terraform's md5() is MD5
	"crypto/sha1" //nolint:gosec // Terraform's sha1() and version 5 UUIDs are SHA-1
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// A digest turns bytes into what a hash function gives for them.
type digest func(data []byte) string

func md5Hex(data []byte) string    { sum := md5.Sum(data); return hex.EncodeToString(sum[:]) }  //nolint:gosec // see above
func sha1Hex(data []byte) string   { sum := sha1.Sum(data); return hex.EncodeToString(sum[:]) } //nolint:gosec // see above
func sha256Hex(data []byte) string { sum := sha256.Sum256(data); return hex.EncodeToString(sum[:]) }
func sha512Hex(data []byte) string { sum := sha512.Sum512(data); return hex.EncodeToString(sum[:]) }
func sha256Base64(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}
func sha512Base64(data []byte) string {
	sum := sha512.Sum512(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

var (
	md5Func          = hashed(md5Hex)
	sha1Func         = hashed(sha1Hex)
	sha256Func       = hashed(sha256Hex)
	sha512Func       = hashed(sha512Hex)
	base64Sha256Func = hashed(sha256Base64)
	base64Sha512Func = hashed(sha512Base64)
)

func hashed(sum digest) function.Function {
	return stringsTo(cty.String, []string{"str"}, func(args []string) (cty.Value, error) {
		return cty.StringVal(sum([]byte(args[0]))), nil
	})
}

var base64GzipFunc = stringsTo(cty.String, []string{"str"}, func(args []string) (cty.Value, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(args[0])); err != nil {
		return cty.NilVal, fmt.Errorf("compress a string: %w", err)
	}
	if err := w.Flush(); err != nil { // Terraform does, and the result shows it
		return cty.NilVal, fmt.Errorf("compress a string: %w", err)
	}
	if err := w.Close(); err != nil {
		return cty.NilVal, fmt.Errorf("compress a string: %w", err)
	}
	return cty.StringVal(base64.StdEncoding.EncodeToString(b.Bytes())), nil
})

// bcryptFunc salts by chance.
var bcryptFunc = function.New(&function.Spec{
	Params:   []function.Parameter{param("str", cty.String)},
	VarParam: &function.Parameter{Name: "cost", Type: cty.Number},
	Type:     function.StaticReturnType(cty.String),
	Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return notNull(cty.String), nil },
})

// rsaDecryptFunc would need a private key in the repository, and packages that open connections. Whether the key
// fits is unknown too, and with it whether the result is marked.
var rsaDecryptFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "ciphertext", Type: cty.String, AllowMarked: true}, {Name: "privatekey", Type: cty.String, AllowMarked: true},
	},
	Type: function.StaticReturnType(cty.String),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return notNull(cty.String), nil },
})

// Namespaces of RFC 9562, section 6.6: they differ in one byte.
var namespaces = map[string]string{
	"dns": "6ba7b8109dad11d180b400c04fd430c8", "url": "6ba7b8119dad11d180b400c04fd430c8",
	"oid": "6ba7b8129dad11d180b400c04fd430c8", "x500": "6ba7b8149dad11d180b400c04fd430c8",
}

var uuidV5Func = stringsTo(cty.String, []string{"namespace", "name"}, func(args []string) (cty.Value, error) {
	digits, named := namespaces[args[0]]
	if !named {
		digits = uuidDigits(args[0])
	}
	namespace, err := hex.DecodeString(digits)
	if err != nil || len(namespace) != 16 {
		return cty.NilVal, function.NewArgErrorf(0, "the namespace is neither a UUID nor one of dns, url, oid and x500")
	}
	sum := sha1.Sum(append(namespace, args[1]...)) //nolint:gosec // version 5 is SHA-1
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return cty.StringVal(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])), nil
})

// uuidDigits takes a UUID as it is written: plain, with hyphens, in braces or as a URN.
func uuidDigits(s string) string {
	if len(s) == 32 {
		return s
	}
	if len(s) == 45 && strings.EqualFold(s[:9], "urn:uuid:") {
		s = s[9:]
	} else if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ""
	}
	return s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
}
