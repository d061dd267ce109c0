package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/config"
)

type keys struct{ pkcs1, pkcs8, public, elliptic string }

// makeKeys makes keys once for all tests; RSA takes a while.
var makeKeys = sync.OnceValue(func() keys {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	encode := func(kind string, der []byte, err error) string {
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	public, publicErr := x509.MarshalPKIXPublicKey(&key.PublicKey)
	other, otherErr := x509.MarshalPKCS8PrivateKey(curve)
	return keys{
		pkcs1:    encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil),
		pkcs8:    encode("PRIVATE KEY", pkcs8, err),
		public:   encode("PUBLIC KEY", public, publicErr),
		elliptic: encode("PRIVATE KEY", other, otherErr),
	}
})

func environment(pairs ...string) config.Environment {
	values := map[string]string{
		"GITHUB_APP_ID": "123456", "GITHUB_APP_PRIVATE_KEY": makeKeys().pkcs1, "GITHUB_APP_WEBHOOK_SECRET": "hush",
	}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
}

func reveal(secrets []config.Secret) (values []string) {
	for _, secret := range secrets {
		values = append(values, secret.Reveal())
	}
	return values
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.FromEnvironment(environment())
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.AppID, reveal(c.WebhookSecrets), c.APIURL, c.GraphQLURL, c.DatabaseURL.Reveal(), c.ListenAddr, c.MetricsAddr, c.LogLevel, c.LogFormat)
	want := "123456[hush] https://api.github.com https://api.github.com/graphql sqlite:kms-review.db :8080 127.0.0.1:9090 INFO text"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPrivateKey(t *testing.T) {
	t.Parallel()
	k := makeKeys()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(k.pkcs1), 0o600); err != nil {
		t.Fatal(err)
	}
	const name, path = "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_PATH"
	tests := map[string]struct {
		pairs []string
		want  string // part of the error, or "" for the key
	}{
		"PKCS #1":                    {[]string{name, k.pkcs1}, ""},
		"PKCS #8":                    {[]string{name, k.pkcs8}, ""},
		"base64":                     {[]string{name, base64.StdEncoding.EncodeToString([]byte(k.pkcs1))}, ""},
		"wrapped base64":             {[]string{name, wrap(base64.StdEncoding.EncodeToString([]byte(k.pkcs1)))}, ""},
		"escaped line breaks":        {[]string{name, strings.ReplaceAll(k.pkcs1, "\n", `\n`)}, ""},
		"CRLF":                       {[]string{name, strings.ReplaceAll(k.pkcs1, "\n", "\r\n")}, ""},
		"file":                       {[]string{name, "", path, file}, ""},
		"both":                       {[]string{path, file}, "both set"},
		"none":                       {[]string{name, ""}, "is not set"},
		"file in the wrong variable": {[]string{name, file}, "set GITHUB_APP_PRIVATE_KEY_PATH"},
		"no file":                    {[]string{name, "", path, file + "x"}, "no such file"},
		"a directory":                {[]string{name, "", path, filepath.Dir(file)}, "no key file"},
		"text":                       {[]string{name, "hunter2"}, "neither PEM"},
		"base64 of text":             {[]string{name, base64.StdEncoding.EncodeToString([]byte("hunter2"))}, "neither PEM"},
		"half a key":                 {[]string{name, k.pkcs1[:400]}, "damaged"},
		"line breaks lost":           {[]string{name, strings.ReplaceAll(k.pkcs1, "\n", " ")}, "damaged"},
		"public key":                 {[]string{name, k.public}, `"PUBLIC KEY" that is no RSA private key`},
		"elliptic curve":             {[]string{name, k.elliptic}, "GitHub Apps use RSA keys"},
		"encrypted":                  {[]string{name, strings.ReplaceAll(k.pkcs8, "PRIVATE", "ENCRYPTED PRIVATE")}, "passphrase"},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			c, err := config.FromEnvironment(environment(test.pairs...))
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if block, _ := pem.Decode([]byte(c.PrivateKey.Reveal())); block == nil {
					t.Error("the key that comes out is no PEM")
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "GITHUB_APP_PRIVATE_KEY") {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), k.pkcs1[60:100])) {
				t.Errorf("the error repeats the value: %v", err)
			}
		})
	}
}

func wrap(text string) string {
	var lines []string
	for len(text) > 76 {
		lines, text = append(lines, text[:76]), text[76:]
	}
	return strings.Join(append(lines, text), "\n")
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][2]string{
		"https://api.github.com":              {"https://api.github.com", "https://api.github.com/graphql"},
		"https://api.github.com/":             {"https://api.github.com", "https://api.github.com/graphql"},
		"https://api.octo.ghe.com":            {"https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql"},
		"https://git.example.com/api/v3":      {"https://git.example.com/api/v3", "https://git.example.com/api/graphql"},
		"https://git.example.com/api/v3/":     {"https://git.example.com/api/v3", "https://git.example.com/api/graphql"},
		"https://git.example.com:8443/api/v3": {"https://git.example.com:8443/api/v3", "https://git.example.com:8443/api/graphql"},
		"http://127.0.0.1:4000":               {"http://127.0.0.1:4000", "http://127.0.0.1:4000/graphql"},
		"http://localhost:4000/api/v3":        {"http://localhost:4000/api/v3", "http://localhost:4000/api/graphql"},
		"http://[::1]:4000":                   {"http://[::1]:4000", "http://[::1]:4000/graphql"},
	} {
		c, err := config.FromEnvironment(environment("GITHUB_API_URL", value))
		if got := [2]string{c.APIURL, c.GraphQLURL}; got != want || err != nil {
			t.Errorf("%s gives %v, %v", value, got, err)
		}
	}
	for value, want := range map[string]string{
		"http://api.github.com":         "https://",
		"http://localhost.evil.example": "https://",
		"ftp://localhost":               "https://",
		"api.github.com":                "is not a URL",
		"https://":                      "is not a URL",
		"https://user:pass@github.com":  "must have no user",
		"https://api.github.com?x=1":    "must have no user",
		"https://api.github.com/%zz":    "is not a URL",
	} {
		_, err := config.FromEnvironment(environment("GITHUB_API_URL", value))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q", value, err, want)
		}
	}
}

func TestSecretsInRotation(t *testing.T) {
	t.Parallel()
	c, err := config.FromEnvironment(environment("GITHUB_APP_WEBHOOK_SECRET", " new , old,\n"))
	if diff := cmp.Diff([]string{"new", "old"}, reveal(c.WebhookSecrets)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.FromEnvironment(environment(
		"GITHUB_APP_ID", "Iv1.abc", "GITHUB_APP_PRIVATE_KEY", "", "GITHUB_APP_WEBHOOK_SECRET", ",", "GITHUB_API_URL", "x",
		"DATABASE_URL", "mysql://u:pa55@h", "LISTEN_ADDR", "8080", "METRICS_ADDR", ":99999", "LOG_LEVEL", "loud", "LOG_FORMAT", "xml"))
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	var names []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	want := []string{"GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_WEBHOOK_SECRET", "DATABASE_URL", "LISTEN_ADDR",
		"METRICS_ADDR", "LOG_LEVEL", "LOG_FORMAT", "GITHUB_API_URL"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("the variables complained about (-want +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), "pa55") {
		t.Errorf("the error holds a password: %v", err)
	}
	if _, err := config.FromEnvironment(environment("LISTEN_ADDR", ":9090", "METRICS_ADDR", ":9090")); err == nil ||
		!strings.Contains(err.Error(), "same address") {
		t.Errorf("one address for both: %v", err)
	}
}

// TestSecretsNeverPrint tries every way in which a value usually ends up in a log.
func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	secret := config.NewSecret(value)
	holder := config.Config{PrivateKey: secret, WebhookSecrets: []config.Secret{secret}, DatabaseURL: secret}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "secret", secret, "pointer", &secret, "config", holder, "group", slog.GroupValue(slog.Any("s", secret)))
	}
	encoded, err := json.Marshal(map[string]any{"a": secret, "b": &secret, "c": holder, "d": map[config.Secret]int{secret: 1}})
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		printed += fmt.Sprintf(verb+" "+verb+" "+verb, secret, &secret, holder)
	}
	printed += fmt.Sprint(secret, &secret, holder) + fmt.Errorf("x: %v", secret).Error()
	for _, form := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), "104 117 110"} {
		if strings.Contains(printed, form) {
			t.Errorf("%q is printed in\n%s", form, printed)
		}
	}
}

// FuzzPrivateKey looks for values that crash the decoding of keys or come back in an error.
func FuzzPrivateKey(f *testing.F) {
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----")
	f.Add(`-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`)
	f.Add("LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=")
	f.Fuzz(func(t *testing.T, value string) {
		_, err := config.FromEnvironment(environment("GITHUB_APP_PRIVATE_KEY", value))
		if value = strings.TrimSpace(value); err != nil && len(value) > 30 && strings.Contains(err.Error(), value) {
			t.Errorf("the error repeats the value: %v", err)
		}
	})
}
