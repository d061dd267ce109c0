package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// PageOptions says how a page is shown in a terminal.
type PageOptions struct {
	Width int // of the terminal in columns; 0: unknown
	Color bool
}

const (
	narrowest = 40
	// widest is where lines stop being easy to read, however wide the terminal is.
	widest = 100
)

const (
	strong colour = "\x1b[1m"
	title  colour = "\x1b[1;4m"
	cyan   colour = "\x1b[36m"
	under  colour = "\x1b[4m"
)

// Page writes a Markdown text for a terminal: headings, lists, tables and code, wrapped to its width. It is for texts of
// our own; what a repository says does not belong there.
func Page(w io.Writer, markdown string, opts PageOptions) error {
	if opts.Width <= 0 {
		opts.Width = 80
	}
	p := &pager{source: []byte(markdown), opts: opts}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(p.source))
	p.blocks(root, "", "", min(max(opts.Width, narrowest), widest))
	if _, err := io.WriteString(w, strings.Join(p.lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// pager lays out the blocks of a text.
type pager struct {
	source []byte
	opts   PageOptions
	lines  []string
}

func (p *pager) paint(c colour, s string) string {
	if !p.opts.Color || c == "" {
		return s
	}
	return string(c) + s + string(plainC)
}

// blocks lays out what stands in a block: first begins its first line, rest the others.
func (p *pager) blocks(parent ast.Node, first, rest string, width int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if len(p.lines) > 0 && n.Kind() != ast.KindTextBlock && (n.PreviousSibling() != nil || parent.Kind() == ast.KindDocument) {
			p.lines = append(p.lines, "")
		}
		p.block(n, first, rest, width)
		first = rest
	}
}

func (p *pager) block(n ast.Node, first, rest string, width int) {
	switch n := n.(type) {
	case *ast.Heading:
		style := strong
		if n.Level == 1 {
			style = title
		}
		p.wrapped(p.words(n, style), first, rest, width)
	case *ast.List:
		p.list(n, first, width)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		lines := n.Lines()
		for i := range lines.Len() {
			segment := lines.At(i)
			p.lines = append(p.lines, first+"    "+p.paint(cyan, strings.TrimRight(string(segment.Value(p.source)), "\n")))
			first = rest
		}
	case *extast.Table:
		p.table(n, first, width)
	case *ast.Blockquote:
		p.blocks(n, first+"| ", rest+"| ", width)
	default:
		p.wrapped(p.words(n, ""), first, rest, width)
	}
}

func (p *pager) list(list *ast.List, indent string, width int) {
	number := list.Start
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		bullet := "- "
		if list.IsOrdered() {
			bullet = fmt.Sprintf("%d. ", number)
			number++
		}
		p.blocks(item, indent+bullet, indent+strings.Repeat(" ", len(bullet)), width)
	}
}

// wrapped writes words in lines of at most width columns, where they can be broken.
func (p *pager) wrapped(words []word, first, rest string, width int) {
	for _, line := range p.folded(words, width-len(rest)) {
		p.lines = append(p.lines, first+line.text)
		first = rest
	}
}
