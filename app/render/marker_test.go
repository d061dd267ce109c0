package render

import (
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
)

func costLine(s string) analyzer.CostLine { return analyzer.CostLine{Address: s, Change: s, USD: 1} }

const fp = "07aa74fb99f56cb74404891b"

func TestParseMarker(t *testing.T) {
	t.Parallel()
	line := Marker{Fingerprint: fp, Rule: "KMS101"}.String()
	other := Marker{Fingerprint: strings.Repeat("0", 24), Rule: "KMS102"}.String()
	for name, c := range map[string]struct{ body, want string }{
		"alone":                    {line, fp},
		"last line":                {"text\n\n" + line + "\n", fp},
		"Windows line ends":        {"text\r\n\r\n" + line + "\r\n", fp},
		"text was added behind":    {"text\n\n" + line + "\nEdited by a maintainer.", fp},
		"one quoted above":         {"```suggestion\n" + other + "\n```\n\n" + line + "\n", fp},
		"none":                     {"text", ""},
		"empty":                    {"", ""},
		"inside a line":            {"see " + line, ""},
		"quoted as a reply":        {"> " + line, ""},
		"upper case":               {strings.ToUpper(line), ""},
		"short fingerprint":        {"<!-- kms-review:v1 fp=07aa rule=KMS101 -->", ""},
		"another version":          {strings.Replace(line, "v1", "v2", 1), ""},
		"something else behind it": {line + " -->", ""},
	} {
		got, ok := ParseMarker(c.body)
		if got.Fingerprint != c.want || ok != (c.want != "") {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

func FuzzParseMarker(f *testing.F) {
	f.Add("text\n<!-- kms-review:v1 fp=" + fp + " rule=KMS101 -->\n")
	f.Add("<!-- kms-review:v1 fp= rule= -->")
	f.Fuzz(func(t *testing.T, body string) {
		m, ok := ParseMarker(body)
		if ok && !strings.Contains(body, m.String()) {
			t.Errorf("%+v is not in %q", m, body)
		}
		want := Marker{Fingerprint: finding.Fingerprint(body, "", "", "", ""), Rule: "KMS101"}
		if got, _ := ParseMarker(body + "\n" + want.String()); got != want {
			t.Errorf("after %q: %+v, want %+v", body, got, want)
		}
	})
}
