package render

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// A secret that stands beside a finding must not be shown with it, on one line or on several, and a file that is not
// the one in which it was found is not shown at all.
func TestExcerptsLeaveSecretsOut(t *testing.T) {
	t.Parallel()
	const source = "resource \"aws_kms_external_key\" \"main\" {\n  key_material_base64 = \"c2VjcmV0\"\n  enabled = false\n}\n"
	const heredoc = "resource \"aws_kms_ciphertext\" \"main\" {\n  plaintext = <<EOF\nc2VjcmV0\nc2VjcmV0\nEOF\n}\n"
	for name, test := range map[string]struct {
		source string
		line   int
		want   string
	}{
		"one line":      {source, 1, `    2 |   key_material_base64 = (hidden)`},
		"line after it": {source, 3, `    2 |   key_material_base64 = (hidden)`},
		"heredoc":       {heredoc, 2, "    3 | (hidden)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			start := strings.Index(test.source, "= ") + 2
			end := strings.LastIndex(test.source, "c2VjcmV0") + len("c2VjcmV0")
			in.report.Hidden = []finding.Hidden{{File: "main.tf", Start: start, End: end}}
			in.report.Findings = []finding.Finding{rotation()}
			in.report.Findings[0].StartLine, in.report.Findings[0].EndLine, in.report.Findings[0].Suggestion = test.line, test.line, nil
			in.change.Head = fstest.MapFS{"main.tf": {Data: []byte(test.source)}}
			got := textOf(t, in, false)
			if !strings.Contains(got, test.want) || strings.Contains(got, "c2VjcmV0") {
				t.Errorf("want %q and no secret in\n%s", test.want, got)
			}
			in.change.Head = fstest.MapFS{"main.tf": {Data: []byte(test.source[:end-1])}}
			if got := textOf(t, in, false); strings.Contains(got, " | ") {
				t.Errorf("another file is shown:\n%s", got)
			}
		})
	}
}

// The text of a secret appears in no form of a report.
func TestSecretsAreNotWritten(t *testing.T) {
	t.Parallel()
	in := newInput()
	in.report.Hidden = []finding.Hidden{{File: "main.tf", Start: 0, End: len(mainTF)}}
	in.report.Findings[0].Suggestion = nil
	var b bytes.Buffer
	if err := JSON(&b, in.report); err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{"text": textOf(t, in, false), "pull request": show(in.render()), "JSON": b.String()} {
		if strings.Contains(got, "availability_zone") {
			t.Errorf("%s shows a hidden line:\n%s", form, got)
		}
	}
}
