package page

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// allowed are the elements that are written; of others only the text is. GitHub allows some more, which this App
// does not use: https://github.com/gjtorikian/html-pipeline (sanitization_filter.rb).
var allowed = []string{
	"a", "b", "blockquote", "br", "code", "del", "details", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "input",
	"kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}

// mention is what GitHub makes a live @mention of. It is shown as one, so that a text that lets one through is seen.
var mention = regexp.MustCompile(`(^|[^\w@/.])(@[A-Za-z\d](?:[A-Za-z\d]|-[A-Za-z\d]){0,38})\b`)

// allowlist writes a tree of HTML again, with what is allowed.
type allowlist struct {
	origin  string
	suggest suggester
	final   bool // write what is ours as well: suggestions, coloured code, mentions
	out     strings.Builder
	quoted  int // depth of elements in which GitHub sees no mentions
}

func (a *allowlist) pass(text string) (string, error) {
	root := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(text), root)
	if err != nil {
		return "", fmt.Errorf("parse rendered Markdown: %w", err)
	}
	for _, n := range nodes {
		a.write(n)
	}
	return a.out.String(), nil
}

func (a *allowlist) write(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		a.text(n.Data)
	case html.ElementNode:
		a.element(n)
	default: // comments, such as the App's hidden markers
	}
}

func (a *allowlist) text(s string) {
	s = html.EscapeString(s)
	if a.final && a.quoted == 0 {
		s = mention.ReplaceAllString(s, `$1<span class="mention">$2</span>`)
	}
	a.out.WriteString(s)
}

func (a *allowlist) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		a.write(c)
	}
}

func (a *allowlist) element(n *html.Node) {
	name := n.Data
	if n.Namespace != "" || !slices.Contains(allowed, name) {
		if name == "img" {
			a.text(attribute(n, "alt")) // an image would be a request to wherever its author likes
		}
		a.children(n)
		return
	}
	if a.final && name == "pre" && a.codeBlock(n) {
		return
	}
	a.out.WriteString("<" + name + a.attributes(n) + ">")
	if slices.Contains([]string{"br", "hr", "input"}, name) {
		return
	}
	quotes := name == "code" || name == "pre" || name == "a"
	if quotes {
		a.quoted++
	}
	a.children(n)
	if quotes {
		a.quoted--
	}
	a.out.WriteString("</" + name + ">")
}

// codeBlock writes a code block with its language. It reports false where the block is a plain one.
func (a *allowlist) codeBlock(pre *html.Node) bool {
	code := pre.FirstChild
	if code == nil || code.Data != "code" || code.NextSibling != nil {
		return false
	}
	text := textOf(code)
	switch language := strings.TrimPrefix(attribute(code, "class"), "language-"); {
	case language == "suggestion" && a.suggest != nil:
		a.out.WriteString(string(a.suggest(text)))
	case language == "diff":
		a.out.WriteString(string(colouredDiff(text)))
	default:
		return false
	}
	return true
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func attribute(n *html.Node, name string) string {
	for _, attr := range n.Attr {
		if attr.Namespace == "" && attr.Key == name {
			return attr.Val
		}
	}
	return ""
}

// attributes writes the few attributes that the element may have.
func (a *allowlist) attributes(n *html.Node) string {
	switch n.Data {
	case "a":
		return a.link(attribute(n, "href"))
	case "input":
		if slices.ContainsFunc(n.Attr, func(attr html.Attribute) bool { return attr.Key == "checked" }) {
			return ` type="checkbox" disabled checked`
		}
		return ` type="checkbox" disabled`
	case "details":
		if slices.ContainsFunc(n.Attr, func(attr html.Attribute) bool { return attr.Key == "open" }) {
			return " open"
		}
	case "td", "th":
		if align := attribute(n, "align"); align == "left" || align == "right" || align == "center" {
			return ` align="` + align + `"`
		}
	case "code":
		if class := attribute(n, "class"); !a.final && (class == "language-suggestion" || class == "language-diff") {
			return ` class="` + class + `"`
		}
	}
	return ""
}

// lineAnchor is how GitHub's links name several lines. It needs a script there; here the server marks them.
var lineAnchor = regexp.MustCompile(`#L(\d+)-L(\d+)$`)

// link lets through web addresses. What points at the simulator's API host, which has no pages, points here.
func (a *allowlist) link(href string) string {
	if rest, ours := strings.CutPrefix(href, a.origin+"/"); ours {
		rest = lineAnchor.ReplaceAllString(strings.TrimLeft(rest, `/\`), "?lines=$1-$2#L$1")
		return ` href="/` + html.EscapeString(rest) + `"`
	}
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	web := (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	local := !a.final || strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") && !strings.Contains(href, `\`)
	if !web && (!local || u.Scheme != "" || u.Host != "") {
		return ""
	}
	return ` href="` + html.EscapeString(u.String()) + `" rel="nofollow noopener noreferrer"`
}
