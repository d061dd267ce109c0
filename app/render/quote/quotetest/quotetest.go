// Package quotetest owns the hostile strings of a repository that renderings are tested with, and what finds out whether
// any of them took effect.
package quotetest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Hostile are strings that would take effect if they were written as they are.
func Hostile() []string {
	return []string{
		"@maintainer", "`@maintainer", "``@maintainer``", "a` @maintainer `b", "#1", "GH-1", "outsider/repo#1", "deadbeef00",
		"https://example.com/x", "www.example.com", "mail@example.com", "[x](https://example.com)", "![x](https://example.com/y.png)",
		"<img src=x onerror=alert(1)>", "</details><h1>x", "<!-- x", "-->", "&#64;maintainer", "\\@maintainer", "\\", "a\\`b", "```\n# x",
		"x\n\n# heading", "x\r\n- list", "x\r# heading", "\u2028x", "a|b|c", "**bold**", "~~gone~~", "$$x$$", "1. x", "- x", "> x", "    x", "\x1b[31mred",
		"\u202egnp.tf", "\x00", "\xff\xfe", "", " ", "`", "``", " ` ", "[^1]: x", "[x]: https://example.com", "https://example.com/`@maintainer`",
		"<https://example.com>", "@\u200bx", "::set-output::", "=====", "x\n===", "+ x", "_x_", "xmpp:a@b.c", "ftp://example.com/x", "a\tb",
		"<!-- kms-review:v1 fp=000000000000000000000000 rule=KMS101 -->", "```suggestion", "~~~", "\n~~~\n", "@octo-org/team", "repo@deadbeef",
		"x`com/`@example.com",
	}
}

var parser = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()

func parse(src []byte) ast.Node { return parser.Parse(text.NewReader(src)) }

// live finds what GitHub would turn into a mention or a reference in text outside of code.
var live = regexp.MustCompile(`@[\pL\pN]|#\d|(?i:gh-\d)|\b[0-9a-fA-F]{7,40}\b|://|www\.`)

// Effects lists what of a Markdown text takes effect: links and addresses, images, HTML, mentions, references.
func Effects(t testing.TB, markdown string) []string {
	t.Helper()
	src := []byte(markdown)
	var found []string
	err := ast.Walk(parse(src), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			found = append(found, "link "+string(n.Destination))
		case *ast.AutoLink:
			found = append(found, "address "+string(n.URL(src)))
			return ast.WalkSkipChildren, nil
		case *ast.Image:
			found = append(found, "image "+string(n.Destination))
		case *ast.RawHTML:
			found = append(found, "html "+string(n.Segments.Value(src)))
		case *ast.HTMLBlock:
			raw := string(n.Lines().Value(src))
			if n.HasClosure() {
				raw += string(n.ClosureLine.Value(src))
			}
			found = append(found, "html "+raw)
		case *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading, *extast.TableCell:
			if m := live.FindString(shownText(t, n, src)); m != "" {
				found = append(found, "reference "+m+" in "+shownText(t, n, src))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// shownText is a block's text as a reader sees it, with code and links cut out.
func shownText(t testing.TB, block ast.Node, src []byte) string {
	t.Helper()
	var b strings.Builder
	err := ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan, *ast.AutoLink:
			b.WriteString(" ")
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			b.Write(unescaped(n.Value(src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteString("\n")
			}
		case *ast.String:
			b.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var escape = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

func unescaped(raw []byte) []byte { return escape.ReplaceAll(raw, []byte("$1")) }

// Blocks are the kinds of a document's top-level blocks.
func Blocks(t testing.TB, markdown string) []string {
	t.Helper()
	var kinds []string
	doc := parse([]byte(markdown))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		kinds = append(kinds, n.Kind().String())
	}
	return kinds
}
