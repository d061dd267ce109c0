package render

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// word is a piece of text without blanks. One that is joined follows the last one without a blank.
type word struct {
	text   string
	style  colour
	joined bool
}

// words are what an inline text says, each with its style.
func (p *pager) words(parent ast.Node, style colour) []word {
	c := collector{pager: p}
	c.inline(parent, style)
	return c.words
}

// collector takes inline text apart into words.
type collector struct {
	pager *pager
	words []word
	blank bool // a blank came last
}

func (c *collector) inline(parent ast.Node, style colour) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			c.add(string(n.Segment.Value(c.pager.source)), style)
			c.blank = c.blank || n.SoftLineBreak() || n.HardLineBreak()
		case *ast.String:
			c.add(string(n.Value), style)
		case *ast.CodeSpan:
			c.code(n)
		case *ast.Emphasis:
			c.inline(n, strong)
		case *ast.AutoLink:
			c.add(string(n.URL(c.pager.source)), under)
		case *ast.Link:
			c.inline(n, style)
			c.add(" <", style)
			c.add(string(n.Destination), under)
			c.add(">", style)
		default:
			c.inline(n, style)
		}
	}
}

// code marks a code span by its colour, or without colours as in Markdown.
func (c *collector) code(n ast.Node) {
	if c.pager.opts.Color {
		c.inline(n, cyan)
		return
	}
	c.add("`", "")
	c.inline(n, "")
	c.add("`", "")
}

func (c *collector) add(text string, style colour) {
	for i, part := range strings.Split(text, " ") {
		if i > 0 {
			c.blank = true
		}
		if part == "" {
			continue
		}
		c.words = append(c.words, word{text: part, style: style, joined: !c.blank && len(c.words) > 0})
		c.blank = false
	}
}

// line is a painted line and the columns that it takes.
type line struct {
	text  string
	width int
}

// folded breaks words into lines of at most width columns. What is joined stays together, and what is longer than a
// line has one of its own.
func (p *pager) folded(words []word, width int) []line {
	var lines []line
	var at line
	for i := 0; i < len(words); {
		end, columns := i, 0
		for end < len(words) && (end == i || words[end].joined) {
			columns += utf8.RuneCountInString(words[end].text)
			end++
		}
		if at.width > 0 && at.width+1+columns > width {
			lines, at = append(lines, at), line{}
		}
		if at.width > 0 {
			blank := " "
			if i > 0 && words[i-1].style == words[i].style {
				blank = p.paint(words[i].style, blank)
			}
			at.text += blank
			at.width++
		}
		for _, w := range words[i:end] {
			at.text += p.paint(w.style, w.text)
		}
		at.width += columns
		i = end
	}
	return append(lines, at)
}

// table lays out columns, the widest folded until all fit.
func (p *pager) table(t *extast.Table, indent string, width int) {
	var rows [][][]word
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		style := colour("")
		if row.Kind() == extast.KindTableHeader {
			style = strong
		}
		var cells [][]word
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, p.words(cell, style))
		}
		rows = append(rows, cells)
	}
	widths := p.columns(rows, width-len(indent))
	for _, cells := range rows {
		p.row(cells, widths, indent)
	}
}

const gap = 2 // blanks between columns

// columns are the widths that the columns get.
func (p *pager) columns(rows [][][]word, room int) []int {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
				room -= gap
			}
			widths[i] = max(widths[i], p.folded(cell, 1<<20)[0].width)
		}
	}
	for {
		sum, longest := 0, 0
		for i, w := range widths {
			sum += w
			if w > widths[longest] {
				longest = i
			}
		}
		if sum <= room || widths[longest] <= 12 {
			return widths
		}
		widths[longest]--
	}
}

func (p *pager) row(cells [][]word, widths []int, indent string) {
	var columns [][]line
	height := 0
	for i, cell := range cells {
		columns = append(columns, p.folded(cell, widths[i]))
		height = max(height, len(columns[i]))
	}
	for n := range height {
		text, pad := indent, 0
		for i, column := range columns {
			at := line{}
			if n < len(column) {
				at = column[n]
			}
			if at.width > 0 {
				text += strings.Repeat(" ", pad) + at.text
				pad = 0
			}
			pad += max(widths[i]-at.width, 0) + gap
		}
		p.lines = append(p.lines, text)
	}
}
