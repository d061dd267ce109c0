package render

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/render/quote"
)

// pathBytes is the longest path that gets a link: one is shown many times on a page of 65,535 bytes.
const pathBytes = 500

// place links to lines of a file at a commit, as "[`main.tf:3`](permalink)".
func (p *page) place(path string, start, end int, sha string) string {
	if path == "" {
		return ""
	}
	label, fragment := path, ""
	if start > 0 {
		label += fmt.Sprintf(":%d", start)
		fragment = fmt.Sprintf("#L%d", start)
	}
	if start > 0 && end > start {
		fragment += fmt.Sprintf("-L%d", end)
	}
	if len(path) > pathBytes {
		return quote.Code(label)
	}
	return fmt.Sprintf("[%s](%s/blob/%s/%s%s)", quote.Code(label), p.repoURL(), quote.Path(sha), quote.Path(path), fragment)
}

func (p *page) repoURL() string {
	return strings.TrimSuffix(p.opts.WebURL, "/") + "/" + quote.Path(p.pull.Repo.FullName())
}

// at links to a finding; one that is fixed, or whose lines are gone, has its place in the base.
func (p *page) at(f finding.Finding) string {
	return p.place(f.File, f.StartLine, f.EndLine, p.revision(f.Status == finding.Fixed || f.AtBase))
}

func (p *page) revision(base bool) string {
	if base {
		return p.change.BaseSHA
	}
	return p.change.HeadSHA
}

// readMore lists references. They are the rules' own, but a mistake there must not break the page.
func readMore(references []string) string {
	var links []string
	for _, ref := range references[:min(len(references), 5)] {
		u, err := url.Parse(ref)
		if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(ref, " <>\"'`()[]\\") {
			links = append(links, quote.Code(ref))
			continue
		}
		links = append(links, "<"+ref+">")
	}
	if len(links) == 0 {
		return ""
	}
	return "Read more: " + strings.Join(links, ", ") + "\n"
}
