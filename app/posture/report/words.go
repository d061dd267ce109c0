package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote"
)

// noteBytes is kept free in a list for the words that say how much of it is missing.
const noteBytes = 160

// fitted writes as many rows as the limit and the room allow, whole ones only, and says how many it left out. room is
// in bytes; where it is too small for that sentence there is nothing at all.
func fitted[T any](all []T, limit, room int, noun string, row func(T) string) string {
	var b strings.Builder
	shown, safe := 0, 0 // rows and bytes that leave room for the note
	for i, x := range all {
		text := ""
		if i < limit {
			text = row(x)
		}
		if i >= limit || b.Len()+len(text) > room {
			if room < noteBytes {
				return ""
			}
			return b.String()[:safe] + fmt.Sprintf("\n_%s not shown here: `kms-review report` lists them all._\n", plural(len(all)-shown, "more "+noun))
		}
		b.WriteString(text)
		if b.Len() <= room-noteBytes {
			shown, safe = i+1, b.Len()
		}
	}
	return b.String()
}

// number writes 12345 as "12,345".
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural counts things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(stem, "e") {
		noun = stem + "ie"
	}
	return number(n) + " " + noun + "s"
}

func repositories(n int) string { return plural(n, "repository") }

// was and has, and their plurals, after a number of things.
func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// words lists the severities that there are: "2 critical, 1 low".
func (s severities) words() string {
	var parts []string
	for i, n := range s {
		if n > 0 {
			parts = append(parts, number(n)+" "+(finding.Critical-finding.Severity(i)).String())
		}
	}
	return strings.Join(parts, ", ")
}

// date is a day as everybody reads it.
func date(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}

// monday is the beginning of a time's week.
func monday(t time.Time) time.Time {
	t = t.UTC().Truncate(day)
	return t.Add(-time.Duration((int(t.Weekday())+6)%7) * day)
}

// nameRunes bounds the name of a repository, which GitHub itself keeps below: owner 39, name 100.
const nameRunes = 140

// repository links to a repository.
func (a account) repository(r *posture.Repository) string {
	return fmt.Sprintf("[%s](%s)", quote.Inert(quote.Shorten(r.Owner+"/"+r.Name, nameRunes)), a.url(r))
}

func (a account) url(r *posture.Repository) string {
	return a.WebURL + "/" + quote.Path(quote.Cut(r.Owner, nameRunes)) + "/" + quote.Path(quote.Cut(r.Name, nameRunes))
}

// pathBytes is the longest path that gets a link: an address may be three times as long.
const pathBytes = 300

// permalink is the address of lines of a file at a commit; "" where there is none.
func (a account) permalink(r *posture.Repository, commit, file string, start, end int) string {
	if commit == "" || file == "" || len(file) > pathBytes || len(commit) > 64 {
		return ""
	}
	fragment := ""
	if start > 0 {
		fragment = fmt.Sprintf("#L%d", start)
	}
	if start > 0 && end > start {
		fragment += fmt.Sprintf("-L%d", end)
	}
	return a.url(r) + "/blob/" + quote.Path(commit) + "/" + quote.Path(file) + fragment
}

// line links to lines of a file at a commit, in a cell of a table.
func (a account) line(r *posture.Repository, commit, file string, start, end int) string {
	if file == "" {
		return ""
	}
	label := quote.CodeCell(spot(file, start))
	if url := a.permalink(r, commit, file, start, end); url != "" {
		return "[" + label + "](" + url + ")"
	}
	return label
}

// spot is a place in a file as people write it.
func spot(file string, line int) string {
	if line <= 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// pullRequest is the address of a pull request; 0 has none. On github.com it leads through the host that is there for
// it, so that no "mentioned this pull request" appears on each of them:
// https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
// A server of one's own has no such host.
func (a account) pullRequest(r *posture.Repository, n int) string {
	if n <= 0 {
		return ""
	}
	root := a.url(r)
	if rest, ok := strings.CutPrefix(root, "https://github.com/"); ok {
		root = "https://redirect.github.com/" + rest
	}
	return fmt.Sprintf("%s/pull/%d", root, n)
}

// since says when a finding was first seen and what brought it. Its age counts from the beginning of the week, so that it
// changes once a week.
func (a account) since(p place) string {
	s := date(p.FirstSeen)
	if weeks := int(monday(a.At).Sub(p.FirstSeen) / week); weeks > 0 && !p.FirstSeen.IsZero() {
		s += ", " + plural(weeks, "week")
	}
	if url := a.pullRequest(p.Repository, p.PullRequest); url != "" {
		s += fmt.Sprintf(", [pull request %d](%s)", p.PullRequest, url)
	}
	return s
}
