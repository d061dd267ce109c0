package page

import (
	"html/template"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const origin = "http://127.0.0.1:4711"

func TestMarkdown(t *testing.T) {
	t.Parallel()
	m := newMarkdown(origin)
	for name, c := range map[string]struct{ text, want string }{
		"heading and code":   {"### Title\n\n`a<b`", "<h3>Title</h3>\n<p><code>a&lt;b</code></p>\n"},
		"table":              {"| A | B |\n|---|--:|\n| 1 | 2 |", "<table>\n<thead>\n<tr>\n<th>A</th>\n<th align=\"right\">B</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n"},
		"task list":          {"- [x] done\n- [ ] open", "<ul>\n<li><input type=\"checkbox\" disabled checked> done</li>\n<li><input type=\"checkbox\" disabled> open</li>\n</ul>\n"},
		"strikethrough":      {"~~old~~", "<p><del>old</del></p>\n"},
		"details":            {"<details><summary>More</summary>\n\ntext\n\n</details>", "<details><summary>More</summary>\n<p>text</p>\n</details>"},
		"sub":                {"a<sub>1</sub>", "<p>a<sub>1</sub></p>\n"},
		"hidden marker":      {"text\n\n<!-- kms-review:v1 fp=1 -->", "<p>text</p>\n"},
		"script":             {"<script>alert(1)</script>", "alert(1)"},
		"script in a line":   {"a <script>alert(1)</script>", "<p>a alert(1)</p>\n"},
		"event handler":      {"<b onclick=alert(1)>x</b>", "<p><b>x</b></p>\n"},
		"style":              {"<p style=\"position:fixed\" class=\"box\" id=\"content\">x</p>", "<p>x</p>"},
		"image":              {"![alt & more](https://example.com/x.png)", "<p>alt &amp; more</p>\n"},
		"frame":              {"<iframe src=\"https://example.com\"></iframe>", ""},
		"script link":        {"[x](javascript:alert(1))", "<p><a>x</a></p>\n"},
		"data link":          {"[x](data:text/html,x)", "<p><a>x</a></p>\n"},
		"relative host":      {"[x](//example.com/x)", "<p><a>x</a></p>\n"},
		"web link":           {"<https://example.com/?a=1&b=2>", "<p><a href=\"https://example.com/?a=1&amp;b=2\" rel=\"nofollow noopener noreferrer\">https://example.com/?a=1&amp;b=2</a></p>\n"},
		"link to us":         {"[`main.tf:3`](" + origin + "/acme/infra/blob/abc/main.tf#L3)", "<p><a href=\"/acme/infra/blob/abc/main.tf#L3\" rel=\"nofollow noopener noreferrer\"><code>main.tf:3</code></a></p>\n"},
		"lines of ours":      {"[x](" + origin + "/acme/infra/blob/abc/main.tf#L3-L5)", "<p><a href=\"/acme/infra/blob/abc/main.tf?lines=3-5#L3\" rel=\"nofollow noopener noreferrer\">x</a></p>\n"},
		"link past us":       {"[x](" + origin + "//example.com)", "<p><a href=\"/example.com\" rel=\"nofollow noopener noreferrer\">x</a></p>\n"},
		"mention":            {"ask @maintainer.", "<p>ask <span class=\"mention\">@maintainer</span>.</p>\n"},
		"mention in code":    {"ask `@maintainer`", "<p>ask <code>@maintainer</code></p>\n"},
		"broken mention":     {"ask @\u200bmaintainer", "<p>ask @\u200bmaintainer</p>\n"},
		"diff":               {"```diff\n-a\n+<b>\n```", "<pre class=\"diff-block\"><code><span class=\"del\">-a\n</span><span class=\"add\">+&lt;b&gt;\n</span></code></pre>\n"},
		"other code":         {"```hcl\na = 1\n```", "<pre><code>a = 1\n</code></pre>\n"},
		"suggestion":         {"```suggestion\na = 1\n```", "[a = 1\n]\n"},
		"list item too many": {"</li></ol></div></details>x", "x"},
		"nothing":            {" \n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := m.render(c.text, func(s string) template.HTML { return template.HTML("[" + template.HTMLEscapeString(s) + "]") })
			if string(got) != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// FuzzMarkdown asserts that no text gets out of the element that it is shown in, and brings no element or attribute
// that is not allowed.
func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n- b\n  - [ ] c", "<li><object><li>x", "<p><button><details>x", "</li></ol></details></td></tr></table>", "```suggestion\n</td>\n```",
		"<a href=x><object><a href=y>", "<table><td>x<b>", "<svg><style><a title='</style><img src=x onerror=alert(1)>'>", "<math><mi>x<table><mglyph><style><img onerror=1>",
		"<template><script>x</script></template>", "<select><option><details>", "[a](<javascript:x>)", "| a |\n|---|\n| <details> |", "<h1><li><p><ul></h1>",
	} {
		f.Add(seed)
	}
	m := newMarkdown(origin)
	f.Fuzz(func(t *testing.T, text string) {
		body := m.render(text, nil)
		page := "<ol><li><details><div>" + string(body) + "</div></details></li></ol><h6>after</h6>"
		nodes, err := html.ParseFragment(strings.NewReader(page), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
		if err != nil {
			t.Skip("nested too deep for the checker")
		}
		if len(nodes) != 2 || nodes[1].Data != "h6" || nodes[0].FirstChild != nodes[0].LastChild || nodes[0].FirstChild.FirstChild != nodes[0].FirstChild.LastChild {
			t.Errorf("%q gets out of its element: %s", text, body)
		}
		checkTree(t, nodes[0])
	})
}

func checkTree(t *testing.T, n *html.Node) {
	t.Helper()
	known := " div span " + strings.Join(allowed, " ") + " "
	if n.Type == html.ElementNode && !strings.Contains(known, " "+n.Data+" ") {
		t.Errorf("element <%s>", n.Data)
	}
	for _, attr := range n.Attr {
		switch attr.Key {
		case "align", "checked", "class", "disabled", "open", "rel":
		case "type":
			if attr.Val != "checkbox" {
				t.Errorf("input of type %q", attr.Val)
			}
		case "href":
			if !strings.HasPrefix(attr.Val, "/") && !strings.HasPrefix(attr.Val, "http://") && !strings.HasPrefix(attr.Val, "https://") {
				t.Errorf("link to %q", attr.Val)
			}
		default:
			t.Errorf("attribute %s=%q", attr.Key, attr.Val)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		checkTree(t, c)
	}
}
