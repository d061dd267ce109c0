package page

import (
	"bytes"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// maxMarkdown bounds what is rendered; GitHub's own longest comment has 65,536 characters of up to four bytes.
const maxMarkdown = 256 << 10

// markdown renders GitHub's Markdown.
type markdown struct {
	parser goldmark.Markdown
	origin string // of the simulator's API: links below it lead to this site
}

func newMarkdown(origin string) *markdown {
	table := extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)) // no style=""
	return &markdown{origin: origin, parser: goldmark.New(
		goldmark.WithExtensions(table, extension.Strikethrough, extension.Linkify, extension.TaskList),
		// Raw HTML comes out as it is, and then through the allowlist, which knows <details> from <script>. goldmark
		// would drop both.
		goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps()),
	)}
}

// suggester renders a suggestion block: it knows which lines would be replaced.
type suggester func(replacement string) template.HTML

// render returns what is allowed of a text. Without a suggester, suggestion blocks are shown as code.
func (m *markdown) render(text string, suggest suggester) template.HTML {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	if len(text) > maxMarkdown {
		return plain(text)
	}
	var b bytes.Buffer
	if err := m.parser.Convert([]byte(text), &b); err != nil {
		return plain(text)
	}
	// Twice: where the first pass leaves out an element, what was inside may now nest in a way that a browser
	// repairs by closing elements of ours. The second pass repairs it before.
	clean, err := (&allowlist{origin: m.origin}).pass(b.String())
	if err != nil {
		return plain(text)
	}
	clean, err = (&allowlist{origin: m.origin, suggest: suggest, final: true}).pass(clean)
	if err != nil {
		return plain(text)
	}
	return template.HTML(clean) //nolint:gosec // the allowlist wrote it
}

func plain(text string) template.HTML {
	return template.HTML("<pre><code>" + template.HTMLEscapeString(text) + "</code></pre>") //nolint:gosec // escaped
}
