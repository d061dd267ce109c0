package render

import (
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render/quote"
)

// annotationLimit bounds the requests that one check run costs (50 annotations each). Findings beyond it are in
// the summary's count.
const annotationLimit = 1000

var levels = map[finding.Severity]string{
	finding.Critical: "failure", finding.High: "failure", finding.Medium: "warning", finding.Low: "notice",
}

// annotations are remarks on new findings and on files that this pull request changes and that do not parse.
// Old, fixed and waived findings have none: GitHub lists them under "Unchanged files with check annotations".
func (p *page) annotations() []Annotation {
	var all []Annotation
	for _, d := range p.errors() {
		if _, changed := p.change.FileAt(d.File); !changed {
			continue
		}
		line := max(1, d.StartLine)
		all = append(all, Annotation{
			Path: d.File, StartLine: line, EndLine: line, Level: "failure",
			Title: plain(d.Summary, 200), Message: plain(d.Summary+": "+d.Detail, messageBytes),
		})
	}
	for _, f := range p.fresh {
		if f.File == "" {
			continue
		}
		path, start, end := p.atHead(f)
		all = append(all, Annotation{
			Path: path, StartLine: start, EndLine: end, Level: levels[f.Severity],
			Title:   plain(f.Rule+" "+f.Name+": "+f.Address, 200),
			Message: plain(f.Message, messageBytes),
		})
	}
	return all[:min(len(all), annotationLimit)]
}

// atHead is the place of an annotation, which GitHub shows at head alone: for lines that are gone, the line that
// stands there now; for a file that is gone, where it was.
func (p *page) atHead(f finding.Finding) (path string, start, end int) {
	start, end = span(f)
	if !f.AtBase {
		return f.File, start, end
	}
	file, ok := p.change.FileAtBase(f.File)
	if !ok || file.Status == change.Removed {
		return f.File, start, start
	}
	line := start
	for _, h := range file.Hunks {
		if h.OldStart > start {
			break
		}
		line = h.NewLine(start)
	}
	return file.Path, max(1, line), max(1, line)
}

// plain is text for a place that renders no Markdown, at most limit runes.
func plain(s string, limit int) string {
	return quote.Shorten(quote.Visible(quote.Cut(s, 4*limit)), limit)
}
