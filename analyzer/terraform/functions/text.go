package functions

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

var startsWithFunc = stringsTo(cty.Bool, []string{"str", "prefix"}, func(args []string) (cty.Value, error) {
	return cty.BoolVal(strings.HasPrefix(args[0], args[1])), nil
})

var endsWithFunc = stringsTo(cty.Bool, []string{"str", "suffix"}, func(args []string) (cty.Value, error) {
	return cty.BoolVal(strings.HasSuffix(args[0], args[1])), nil
})

var strContainsFunc = stringsTo(cty.Bool, []string{"str", "substr"}, func(args []string) (cty.Value, error) {
	return cty.BoolVal(strings.Contains(args[0], args[1])), nil
})

var replaceFunc = stringsTo(cty.String, []string{"str", "substr", "replace"}, func(args []string) (cty.Value, error) {
	pattern, isPattern := slashed(args[1])
	if !isPattern {
		return cty.StringVal(strings.ReplaceAll(args[0], args[1], args[2])), nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return cty.NilVal, err
	}
	return cty.StringVal(re.ReplaceAllString(args[0], args[2])), nil
})

// slashed is the pattern in "/pattern/", which tells replace to search by it.
func slashed(substr string) (pattern string, ok bool) {
	if len(substr) < 2 || substr[0] != '/' || substr[len(substr)-1] != '/' {
		return "", false
	}
	return substr[1 : len(substr)-1], true
}

// base64DecodeFunc is not the one of go-cty-funcs, which writes what it decoded to the log.
var base64DecodeFunc = stringsTo(cty.String, []string{"str"}, func(args []string) (cty.Value, error) {
	decoded, err := base64.StdEncoding.DecodeString(args[0])
	if err != nil {
		return cty.NilVal, fmt.Errorf("the string is not base64: %w", err)
	}
	if !utf8.Valid(decoded) {
		return cty.NilVal, errors.New("the decoded bytes are not UTF-8")
	}
	return cty.StringVal(string(decoded)), nil
})

var textEncodeBase64Func = stringsTo(cty.String, []string{"string", "encoding"}, func(args []string) (cty.Value, error) {
	enc, err := namedEncoding(args[1])
	if err != nil {
		return cty.NilVal, err
	}
	encoded, err := enc.NewEncoder().Bytes([]byte(args[0]))
	if err != nil {
		return cty.NilVal, fmt.Errorf("the string has characters that %s does not: %w", args[1], err)
	}
	return cty.StringVal(base64.StdEncoding.EncodeToString(encoded)), nil
})

var textDecodeBase64Func = stringsTo(cty.String, []string{"source", "encoding"}, func(args []string) (cty.Value, error) {
	enc, err := namedEncoding(args[1])
	if err != nil {
		return cty.NilVal, err
	}
	raw, err := base64.StdEncoding.DecodeString(args[0])
	if err != nil {
		return cty.NilVal, fmt.Errorf("the string is not base64: %w", err)
	}
	decoded, err := enc.NewDecoder().Bytes(raw)
	if err != nil || strings.ContainsRune(string(decoded), utf8.RuneError) {
		return cty.NilVal, fmt.Errorf("the bytes are not %s", args[1])
	}
	return cty.StringVal(string(decoded)), nil
})

func namedEncoding(name string) (encoding.Encoding, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return nil, fmt.Errorf("%q is not an encoding that is understood", name)
	}
	return enc, nil
}
