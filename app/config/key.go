package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

const (
	keyVariable     = "GITHUB_APP_PRIVATE_KEY"
	keyPathVariable = "GITHUB_APP_PRIVATE_KEY_PATH"
	whereIsTheKey   = "generate one on the App's settings page under \"Private keys\" and use the downloaded .pem file"
)

func (r *reader) privateKey() Secret {
	value, path := r.get(keyVariable, ""), r.get(keyPathVariable, "")
	switch {
	case value == "" && path == "":
		r.fail(keyVariable, "is not set, nor is "+keyPathVariable+"; "+whereIsTheKey)
		return Secret{}
	case value != "" && path != "":
		r.fail(keyVariable, "and "+keyPathVariable+" are both set; unset one of them")
		return Secret{}
	case path != "":
		content, err := readKeyFile(path)
		if err != nil {
			r.fail(keyPathVariable, err.Error())
			return Secret{}
		}
		return r.checkedKey(keyPathVariable, content)
	}
	return r.checkedKey(keyVariable, value)
}

// maxKeyFile is far above the 1.7 kB of a key: a path to the wrong file must not read gigabytes.
const maxKeyFile = 1 << 20

func readKeyFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return "", fmt.Errorf("is %q, which is no key file; %s", path, whereIsTheKey)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

func (r *reader) checkedKey(name, value string) Secret {
	text, err := pemText(value)
	if err == nil {
		err = checkKey(text)
	}
	if err != nil {
		r.fail(name, err.Error()+"; "+whereIsTheKey)
		return Secret{}
	}
	return NewSecret(string(text))
}

// pemText accepts PEM, PEM whose line breaks a .env file turned into the two characters \n, and base64 of PEM.
// Its errors do not repeat the value: it may be half a key.
func pemText(value string) ([]byte, error) {
	if strings.Contains(value, "-----BEGIN") {
		if !strings.Contains(value, "\n") {
			value = strings.ReplaceAll(value, `\n`, "\n")
		}
		return []byte(value + "\n"), nil
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil || !strings.Contains(string(decoded), "-----BEGIN") {
		if _, statErr := os.Stat(value); statErr == nil && len(value) < 4096 {
			return nil, errors.New("looks like the name of a file; set " + keyPathVariable + " to it instead")
		}
		return nil, errors.New("is neither PEM (-----BEGIN RSA PRIVATE KEY-----) nor base64 of it")
	}
	return decoded, nil
}

// checkKey accepts what GitHub hands out (PKCS #1) and its PKCS #8 form, both unencrypted RSA.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/managing-private-keys-for-github-apps
func checkKey(text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("starts like PEM but is damaged (are the line breaks there, and the last line?)")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return errors.New("is encrypted with a passphrase; an App's key must not be")
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("holds a PEM block of type %q that is no RSA private key", block.Type)
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return fmt.Errorf("holds a key of type %T; GitHub Apps use RSA keys", key)
	}
	return nil
}
