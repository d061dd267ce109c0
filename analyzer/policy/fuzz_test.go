package policy

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// FuzzParse holds the parser of JSON against encoding/json, and lets holes stand anywhere: they may make a
// document unknown, but reading it ends.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Statement": [{"Effect": "Allow", "Action": ["a", 1, -0.5e+3, true, null, {}]}]}`))
	f.Add([]byte("{\"a\xff\": \xff, \xff \"b\": [\xff, \"x\xffy\" \xff], \"c\": 1\xff}\xff"))
	f.Add([]byte(`["\ud83d\ude00\u12", "\x", 01, .5, 1., 1e, +1, nul]`))
	f.Add([]byte("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := parse(holed(text))
		if bytes.IndexByte(text, hole) >= 0 || deep(text) {
			return
		}
		if (err == nil) != json.Valid(text) {
			t.Errorf("%q: %v, but valid=%t", text, err, json.Valid(text))
		}
		if err == nil && n.kind == unknownNode {
			t.Errorf("%q: unknown without a hole", text)
		}
	})
}

// holed makes a template of text in which some bytes are holes.
func holed(text []byte) template {
	t := template{text: text}
	for i, b := range text {
		if last := len(t.pieces) - 1; b == hole || last < 0 || text[i-1] == hole {
			t.pieces = append(t.pieces, piece{start: i, end: i + 1, at: hcl.Range{Filename: "a"}})
		} else {
			t.pieces[last].end = i + 1
		}
	}
	return t
}

func deep(text []byte) bool {
	return bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > maxDepth
}

// FuzzFromValue reads hostile configurations: a heredoc, an expression for jsonencode, and what a statement block
// holds.
func FuzzFromValue(f *testing.F) {
	f.Add(`{"Statement": [{"Effect": "${var.x}", "Action": ${var.x}, "Principal": {"AWS": ["${local.a}"]}}]}`, `{ Statement = [local.a, var.x ? {} : { Sid = var.x }] }`, "sid = var.x\nactions = local.a\nprincipals {\n}\n")
	f.Add("%{ for x in [1, 2] ~}\n${x}\n%{ endfor }$${a}\n\t{", `[for a in [1] : { a = a }]`, "dynamic \"condition\" {\n for_each = var.x\n content {\n test = condition.key\n }\n}\nresources = [null, 1, [2]]\n")
	f.Add(`{"statement": {"condition": {"a": {"b": 1e400}}}, "Statement": [[]]}`, `{ Statement = { Principal = { "*" = local.a } } }`, "effect = \"x\"\nsid = 1\n")
	f.Add("{\"Statement\": [%{ if var.x }{\"Effect\": \"Allow\"}%{ endif }]}", `{ Statement = concat(jsondecode(var.x).Statement, var.x ? [{ Principal = var.x ? "*" : { AWS = var.x } }] : [], jsondecode(data.aws_iam_policy_document.a.json).Statement) }`, "actions = concat([\"a\"], var.x ? [\"b\"] : var.x)\ndynamic \"principals\" {\n for_each = var.x ? [1] : []\n content {\n type = \"AWS\"\n identifiers = compact([var.x, \"\"])\n }\n}\n")
	f.Fuzz(func(t *testing.T, heredoc, expression, block string) {
		config := load(t, map[string]string{"main.tf": strings.NewReplacer("HEREDOC", heredoc, "EXPRESSION", expression, "BLOCK", block).Replace(hostile)})
		resolver := NewResolver(config)
		for _, scope := range config.Scopes() {
			for _, r := range scope.Resources(nil) {
				known(t, FromValue(r.Attr("policy"), resolver))
			}
		}
	})
}

const hostile = `
variable "x" {}
locals {
  a = EXPRESSION
  text = <<-EOT
    HEREDOC
  EOT
}
data "aws_iam_policy_document" "a" {
  source_policy_documents   = [local.text, jsonencode(local.a), var.x]
  override_policy_documents = [local.text]
  statement {
    BLOCK
  }
}
resource "aws_kms_key" "text" {
  policy = local.text
}
resource "aws_kms_key" "encoded" {
  policy = jsonencode(local.a)
}
resource "aws_kms_key" "data" {
  policy = data.aws_iam_policy_document.a.json
}
resource "aws_kms_key" "chosen" {
  policy = var.x ? local.text : local.a
}
`

// known holds what is rendered of a document against what is read of that again.
func known(t *testing.T, d Document) {
	t.Helper()
	text, ok := d.JSON()
	for _, s := range d.Statements {
		if ok && (s.Open || s.Exists != terraform.True) {
			t.Errorf("%s was rendered, but %v is not known", text, s.Range)
		}
	}
	if ok && !json.Valid([]byte(text)) {
		t.Errorf("%s is no JSON", text)
	}
}
