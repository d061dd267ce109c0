package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

const samplePage = `# KMS000 sample: a page with everything

Severity **high**. A paragraph that is long enough to be broken somewhere, with ` + "`code of two words`" + `, a
[link](https://example.com/guide) and <https://example.com/address>.

## List

- one item that is long enough to be broken, so that its second line hangs below the first one's text
- another
  1. nested
  2. twice

> quoted

    indented code stays as it is, however long the line is, because a break would change what it says

` + "```hcl\nresource \"aws_kms_key\" \"main\" {\n}\n```" + `

| Spec | Usage |
|---|---|
| ` + "`SYMMETRIC_DEFAULT`" + ` | encrypts and decrypts, and nothing else that somebody might want of it |
| ` + "`RSA_2048`" + ` | either |
`

func TestPage(t *testing.T) {
	t.Parallel()
	for _, opts := range []PageOptions{{Width: 80}, {Width: 50}, {Width: 50, Color: true}, {}, {Width: 500}, {Width: 1}} {
		var b bytes.Buffer
		if err := Page(&b, samplePage, opts); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("page/%d-%t.golden", opts.Width, opts.Color), strings.ReplaceAll(b.String(), "\x1b", "<ESC>"))
		if opts.Color {
			continue
		}
		for line := range strings.Lines(b.String()) {
			limit := min(max(opts.Width, narrowest), widest)
			if opts.Width == 0 {
				limit = 80
			}
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > limit && !strings.HasPrefix(line, "    ") {
				t.Errorf("width %d: a line of %d columns: %s", opts.Width, n, line)
			}
		}
	}
	if err := Page(broken{}, samplePage, PageOptions{}); err == nil {
		t.Error("an error of the writer is not told")
	}
}
