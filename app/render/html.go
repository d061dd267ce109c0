package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

//go:embed report.html
var reportHTML string

// HTML writes a report as one page that needs nothing else: no script, no picture, no font, and a policy that refuses
// them. It follows the reader's colours, and prints.
func HTML(w io.Writer, report analyzer.Report, opts TextOptions) error {
	page, err := template.New("report").Parse(reportHTML)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	h := hypertext{base: newFiles(opts.Base, hiddenAtBase(report)), files: newFiles(opts.Head, hiddenAtHead(report))}
	var b bytes.Buffer
	if err := page.Execute(&b, h.view(report)); err != nil {
		return fmt.Errorf("write report as HTML: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report as HTML: %w", err)
	}
	return nil
}

// view is what the template shows. All texts are plain: the template escapes them.
type view struct {
	Title, Cost, Footer string
	Counts              []int
	Diagnostics         []remark
	Findings            []card
	Lists               []group
}

// remark is a sentence about a place.
type remark struct {
	Rule, Name, Address, Place string
	Text                       []quote.Piece
}

// group is a list under a title.
type group struct {
	Title string
	Items []remark
}

// row is a line of a file or a diff.
type row struct{ Class, Text string }

// mending is a suggestion as a diff.
type mending struct {
	Place string
	Lines []row
}

// card is a new finding in full.
type card struct {
	Severity, Rule, Name, Address, Place, Instances string
	Lines                                           []row
	Message                                         []quote.Piece
	Evidence                                        []remark
	Fix                                             *mending
	References                                      []string
}

// hypertext makes the view.
type hypertext struct{ base, files *files }

func (h hypertext) view(report analyzer.Report) view {
	fresh := withStatus(report.Findings, finding.New)
	n := map[finding.Status]int{}
	for _, f := range report.Findings {
		n[f.Status]++
	}
	v := view{
		Title:  plural(len(fresh), "new finding"),
		Counts: []int{n[finding.New], n[finding.Existing], n[finding.Fixed], n[finding.Waived], len(report.Undecided)},
		Footer: quote.Visible(fmt.Sprintf("%s %s; %s read", report.Tool.Name, report.Tool.Version, plural(report.Stats.Files, "file"))),
	}
	if len(fresh) > 0 {
		v.Title += " (" + severities(fresh) + ")"
	}
	if len(report.Cost.Lines) > 0 {
		v.Cost = strings.ReplaceAll(dollars(report.Cost.MonthlyDeltaUSD), `\`, "")
	}
	for _, d := range report.Diagnostics {
		text := d.Summary
		if d.Detail != "" {
			text += ": " + d.Detail
		}
		v.Diagnostics = append(v.Diagnostics, remark{Place: position(d.File, d.StartLine), Text: quote.Pieces(bounded(text))})
	}
	for _, f := range fresh {
		v.Findings = append(v.Findings, h.card(f))
	}
	v.Lists = lists(report)
	return v
}

func lists(report analyzer.Report) []group {
	var all []group
	add := func(title string, items []remark) {
		if len(items) > 0 {
			all = append(all, group{title, items})
		}
	}
	for _, status := range []finding.Status{finding.Waived, finding.Fixed, finding.Existing} {
		var items []remark
		for _, f := range withStatus(report.Findings, status) {
			items = append(items, remark{Rule: quote.Visible(f.Rule), Name: quote.Visible(f.Name), Address: quote.Visible(f.Address), Place: position(f.File, f.StartLine)})
		}
		add(map[finding.Status]string{finding.Waived: "Waived", finding.Fixed: "Fixed", finding.Existing: "Existing before this change"}[status], items)
	}
	var items []remark
	for _, u := range report.Undecided {
		items = append(items, remark{Rule: quote.Visible(u.Rule), Address: quote.Visible(u.Address), Place: position(u.File, u.StartLine), Text: quote.Pieces(bounded(u.Reason))})
	}
	add("Undecided: these depend on values that are not known", items)
	return all
}

func (h hypertext) card(f finding.Finding) card {
	c := card{
		Severity: f.Severity.String(), Rule: quote.Visible(f.Rule), Name: quote.Visible(f.Name), Address: quote.Visible(f.Address),
		Place: position(f.File, f.StartLine) + beforeChange(f.AtBase), Instances: plain(strings.Join(f.Instances, ", "), 400),
		Lines: h.excerpt(f), Message: quote.Pieces(bounded(f.Message)),
	}
	for _, e := range f.Evidence {
		c.Evidence = append(c.Evidence, remark{Place: position(e.File, e.StartLine) + beforeChange(e.AtBase), Text: quote.Pieces(bounded(e.Note))})
	}
	if s := f.Suggestion; s != nil && showable(s) {
		old, _ := h.files.read(s.File, s.StartLine, s.EndLine)
		c.Fix = &mending{Place: position(s.File, s.StartLine)}
		classes := map[byte]string{'-': "gone", '+': "fresh"}
		for _, line := range diffLines(old.lines, s.Replacement) {
			c.Fix.Lines = append(c.Fix.Lines, row{classes[line[0]], line})
		}
	}
	for _, ref := range f.References {
		if u, err := url.Parse(ref); err == nil && u.Scheme == "https" {
			c.References = append(c.References, ref)
		}
	}
	return c
}

// excerpt is the finding's lines between their neighbours.
func (h hypertext) excerpt(f finding.Finding) []row {
	files := h.files
	if f.AtBase {
		files = h.base
	}
	_, end := span(f)
	var rows []row
	for n := f.StartLine - 1; n <= end+1; n++ {
		s, ok := files.read(f.File, n, n)
		if !ok {
			continue
		}
		r := row{Text: fmt.Sprintf("%5d  %s", n, quote.Shorten(quote.Line(s.lines[0]), 200))}
		if n >= f.StartLine && n <= end {
			r.Class = "mark"
		}
		rows = append(rows, r)
	}
	return rows
}
