package policy

import (
	"strings"
	"testing"
)

// TestLeast holds the least length of a document against what Terraform would send, and shows that parts which are
// not known count as nothing.
func TestLeast(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ policy, sent string }{
		"known": {
			`jsonencode({ Id = "ä", Statement = [{ Effect = "Allow", Action = ["kms:A", "kms:B"], Resource = "*" }] })`,
			`{"Id":"ä","Statement":[{"Effect":"Allow","Action":["kms:A","kms:B"],"Resource":"*"}]}`,
		},
		"white space": {
			`"{\n  \"Statement\":   []}"`,
			`{}`,
		},
		"characters that Go escapes": {
			`jsonencode({ Id = "<&>" })`,
			`{"Id":"<&>"}`,
		},
		"unknown": {
			`jsonencode({ Statement = [{ Effect = "Allow", Action = ["kms:A", var.x, "kms:${var.x}B"], Principal = var.x, Condition = { Bool = { a = var.x } } }] })`,
			`{"Statement":[{"Effect":"Allow","Action":["kms:A","kms:B"],"Principal":{},"Condition":{"Bool":{"a":[]}}}]}`,
		},
		"the shorter one": {
			`var.x ? jsonencode({ Id = "long" }) : jsonencode({ Id = "l" })`,
			`{"Id":"l"}`,
		},
		"what may not be there": {
			`data.aws_iam_policy_document.x.json`,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:A"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := load(t, map[string]string{"main.tf": `
variable "x" {}
data "aws_iam_policy_document" "x" {
  statement {
    actions = ["kms:A"]
    dynamic "condition" {
      for_each = var.x
      content {
        test     = "Bool"
        variable = "aws:SecureTransport"
        values   = ["true"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.x
    content {
      actions = ["kms:B"]
    }
  }
}
resource "aws_kms_key" "a" {
  policy = ` + c.policy + `
}`})
			resolver := NewResolver(config)
			for _, scope := range config.Scopes() {
				for _, r := range scope.Resources(func(_, typ string) bool { return typ == "aws_kms_key" }) {
					want := len([]rune(c.sent))
					if got := FromValue(r.Attr("policy"), resolver).Least(); got != want {
						t.Errorf("it has at least %d characters, want %d: %s", got, want, strings.TrimSpace(c.sent))
					}
				}
			}
		})
	}
}
