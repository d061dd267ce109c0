package rules

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/rule"
)

// Page is what there is to know of a rule, in Markdown: the prose of its specification between the facts that the
// program knows by itself.
func Page(r rule.Rule) string {
	title, prose, _ := strings.Cut(strings.TrimSpace(r.Page()), "\n")
	page := title + "\n\n" + facts(r) + "\n" + strings.TrimRight(prose, "\n") + "\n"
	if len(r.Compliance) == 0 {
		return page
	}
	page += "\n## Relates to\n\n"
	for _, control := range r.Compliance {
		page += "- " + control + "\n"
	}
	return page
}

func facts(r rule.Rule) string {
	text := fmt.Sprintf("Severity **%s**", r.Severity)
	if r.Suggests() {
		text += ", with a suggestion where it is proven"
	}
	text += "."
	if r.Hazard {
		text += " It compares two revisions, so a scan of one says nothing of it."
	}
	if r.OffByDefault {
		text += fmt.Sprintf(" Off by default: `--rules default,%s` switches it on, and so do the settings.", r.ID)
	}
	return text + "\n"
}
