package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/posture"
)

// weeks is how many of them a trend shows.
const weeks = 12

// point is how the account stood at the end of a week, or stands in the one that has not ended.
type point struct {
	Week time.Time // its Monday
	posture.Counts
}

func (p point) open() int { return p.Critical + p.High + p.Medium + p.Low }

// points are the last weeks, oldest first. A week in which nothing was recorded stands as the one before it, and its
// numbers of new and fixed findings are none.
func (a account) points() []point {
	var all []point
	for _, d := range a.History {
		if d.Date.After(a.At) {
			continue
		}
		at := monday(d.Date)
		for len(all) > 0 && all[len(all)-1].Week.Before(at) {
			next := all[len(all)-1]
			next.Week, next.New, next.Fixed = next.Week.Add(week), 0, 0
			all = append(all[max(0, len(all)-weeks):], next)
		}
		if len(all) == 0 {
			all = append(all, point{Week: at})
		}
		last := &all[len(all)-1]
		added, fixed := last.New+d.All.New, last.Fixed+d.All.Fixed
		last.Counts = d.All
		last.New, last.Fixed = added, fixed
	}
	return all[max(0, len(all)-weeks):]
}

// lastWeek counts what came and went within the last seven days.
func (a account) lastWeek() (added, fixed int) {
	since := a.At.UTC().Truncate(day).Add(-week)
	for _, d := range a.History {
		if d.Date.After(since) && !d.Date.After(a.At) {
			added, fixed = added+d.All.New, fixed+d.All.Fixed
		}
	}
	return added, fixed
}

// chartLook are colours that are told apart on a light page and on a dark one; of the chart's own, one is nearly the
// page's. The height is what a reader scrolls past.
const chartLook = `%%{init: {"xyChart": {"height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#8c959f, #cf222e"}}}}%%` + "\n"

// trend is a chart that GitHub draws, and the numbers for those who cannot see it.
// https://mermaid.js.org/syntax/xyChart.html; the name with -beta is the one that older versions know too.
func (b issue) trend() string {
	points := b.points()
	if len(points) < 2 {
		return ""
	}
	var labels, open, urgent []string
	highest := 10 // below, the axis would count in halves
	for _, p := range points {
		labels = append(labels, `"`+p.Week.Format("2 Jan")+`"`)
		open = append(open, fmt.Sprint(p.open()))
		urgent = append(urgent, fmt.Sprint(p.Critical+p.High))
		highest = max(highest, p.open())
	}
	var s strings.Builder
	s.WriteString("### Trend\n\nOpen findings week by week, named by their Mondays: the bars are all of them, the line is critical and high.\n\n```mermaid\n" + chartLook + "xychart-beta\n")
	fmt.Fprintf(&s, "    x-axis [%s]\n    y-axis \"Open findings\" 0 --> %d\n    bar [%s]\n    line [%s]\n```\n\n",
		strings.Join(labels, ", "), highest, strings.Join(open, ", "), strings.Join(urgent, ", "))
	s.WriteString("<details><summary>The numbers</summary>\n\n| Week of | Critical | High | Medium | Low | New | Fixed | Waived | Clean repositories |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range points {
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s | %s | %s | %s | %s of %s |\n", date(p.Week), number(p.Critical), number(p.High),
			number(p.Medium), number(p.Low), number(p.New), number(p.Fixed), number(p.Waived), number(p.Clean), number(p.Scanned))
	}
	s.WriteString("\n</details>\n\n")
	return s.String()
}
